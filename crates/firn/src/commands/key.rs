//! `firn key …`: keys that sign store paths.

use std::io::Read;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use firn_formats::SecretKey;

use crate::arguments::GlobalArguments;
use crate::exit::Failure;

/// The sub-commands of `firn key`.
#[derive(Subcommand)]
pub enum Command {
    /// Print the public key of the secret key on standard input
    ConvertSecretToPublic,
    /// Print a new secret key
    GenerateSecret(GenerateArguments),
}

/// The key's name.
#[derive(Args)]
pub struct GenerateArguments {
    /// The name, such as `cache.example.org-1`
    #[arg(long)]
    key_name: String,
}

/// Runs a sub-command. Keys are printed without a line end, as the reference prints them.
pub fn run(command: Command, _global: &GlobalArguments) -> Result<ExitCode, Failure> {
    match command {
        Command::ConvertSecretToPublic => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            print!("{}", text.trim().parse::<SecretKey>()?.public());
        }
        Command::GenerateSecret(arguments) => {
            print!("{}", generate(&arguments.key_name)?.to_secret_text());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A new key from the system's randomness.
pub fn generate(name: &str) -> Result<SecretKey, Failure> {
    let mut seed = [0u8; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(SecretKey::from_seed(name, &seed))
}
