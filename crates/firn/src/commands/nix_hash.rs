//! `nix-hash`: compute and convert hashes.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use firn_formats::{Hash, HashAlgo, HashFormat};

use super::hash::{hash_file, hash_tree};
use crate::exit::Failure;

/// Compute the cryptographic hash of a path
#[derive(Parser)]
#[command(name = "nix-hash", version)]
struct Arguments {
    /// Hash the bytes of files, not archives
    #[arg(long)]
    flat: bool,
    /// Print in base 16
    #[arg(long)]
    base16: bool,
    /// Print in Nix's base 32
    #[arg(long)]
    base32: bool,
    /// Print in base 64
    #[arg(long)]
    base64: bool,
    /// Print in the SRI form
    #[arg(long)]
    sri: bool,
    /// Shorten to 160 bits
    #[arg(long)]
    truncate: bool,
    /// The algorithm; md5 where nothing is said
    #[arg(long = "type", value_name = "ALGORITHM")]
    algo: Option<HashAlgo>,
    /// Convert hashes to base 16
    #[arg(long)]
    to_base16: bool,
    /// Convert hashes to Nix's base 32
    #[arg(long)]
    to_base32: bool,
    /// Convert hashes to base 64
    #[arg(long)]
    to_base64: bool,
    /// Convert hashes to the SRI form
    #[arg(long)]
    to_sri: bool,
    /// Paths, or hashes to convert
    things: Vec<String>,
}

impl Arguments {
    fn conversion(&self) -> Option<HashFormat> {
        [
            (self.to_base16, HashFormat::Base16),
            (self.to_base32, HashFormat::Nix32),
            (self.to_base64, HashFormat::Base64),
            (self.to_sri, HashFormat::Sri),
        ]
        .into_iter()
        .find_map(|(wanted, format)| wanted.then_some(format))
    }

    fn format(&self) -> HashFormat {
        match self {
            Self { base32: true, .. } => HashFormat::Nix32,
            Self { base64: true, .. } => HashFormat::Base64,
            Self { sri: true, .. } => HashFormat::Sri,
            _ => HashFormat::Base16,
        }
    }
}

/// Runs `nix-hash` with the process's arguments.
pub fn main(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return crate::exit::usage(&error),
    };
    let default = if arguments.sri { HashAlgo::Sha256 } else { HashAlgo::Md5 };
    let algo = arguments.algo.unwrap_or(default);
    for thing in &arguments.things {
        if let Some(format) = arguments.conversion() {
            let known = arguments.algo.or(Some(algo).filter(|_| !thing.contains([':', '-'])));
            println!("{}", Hash::parse_any(thing, known)?.encode(format));
            continue;
        }
        let path = PathBuf::from(thing);
        let hash = if arguments.flat { hash_file(&path, algo)? } else { hash_tree(&path, algo)? };
        let long = arguments.truncate && hash.bytes().len() > 20;
        let hash = if long { hash.compress(20) } else { hash };
        println!("{}", hash.encode(arguments.format()));
    }
    Ok(ExitCode::SUCCESS)
}
