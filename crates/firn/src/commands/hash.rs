//! `firn hash …`: computing and converting hashes.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use firn_formats::{Hash, HashAlgo, HashFormat, Hasher, nar};

use crate::arguments::GlobalArguments;
use crate::exit::Failure;

/// The sub-commands of `firn hash`.
#[derive(Subcommand)]
pub enum Command {
    /// Convert hashes between their text forms
    Convert(ConvertArguments),
    /// Hash the bytes of files
    File(HashArguments),
    /// Hash the NARs of files or folders
    Path(HashArguments),
    /// Print hashes in base 16
    #[command(hide = true)]
    ToBase16(OldArguments),
    /// Print hashes in Nix's base 32
    #[command(hide = true)]
    ToBase32(OldArguments),
    /// Print hashes in base 64
    #[command(hide = true)]
    ToBase64(OldArguments),
    /// Print hashes in the SRI form
    #[command(hide = true)]
    ToSri(OldArguments),
}

/// What to convert.
#[derive(Args)]
pub struct ConvertArguments {
    /// The hashes
    #[arg(required = true)]
    hashes: Vec<String>,
    /// The algorithm, where the hashes do not say
    #[arg(long, value_name = "ALGORITHM")]
    hash_algo: Option<HashAlgo>,
    /// The form that the hashes must have
    #[arg(long, value_name = "FORM")]
    from: Option<HashFormat>,
    /// The form to print
    #[arg(long, value_name = "FORM", default_value = "sri")]
    to: HashFormat,
}

/// What to hash.
#[derive(Args)]
pub struct HashArguments {
    /// The files or folders
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The algorithm
    #[arg(long, visible_alias = "type", value_name = "ALGORITHM", default_value = "sha256")]
    algo: HashAlgo,
    /// The form to print
    #[arg(long, value_name = "FORM", default_value = "sri")]
    format: HashFormat,
    /// Print in the SRI form
    #[arg(long, hide = true)]
    sri: bool,
    /// Print in base 64
    #[arg(long, hide = true)]
    base64: bool,
    /// Print in Nix's base 32
    #[arg(long, hide = true)]
    base32: bool,
    /// Print in base 16
    #[arg(long, hide = true)]
    base16: bool,
    /// What is hashed: nar or flat
    #[arg(long, value_name = "MODE")]
    mode: Option<firn_formats::ContentAddressMethod>,
}

/// Hashes to print.
#[derive(Args)]
pub struct OldArguments {
    /// The hashes
    hashes: Vec<String>,
    /// The algorithm, where the hashes do not say
    #[arg(long = "type", value_name = "ALGORITHM")]
    algo: Option<HashAlgo>,
}

/// Runs a sub-command.
pub fn run(command: Command, _global: &GlobalArguments) -> Result<ExitCode, Failure> {
    match command {
        Command::Convert(arguments) => convert(&arguments),
        Command::File(arguments) => hash(&arguments, true),
        Command::Path(arguments) => hash(&arguments, false),
        Command::ToBase16(arguments) => old(&arguments, HashFormat::Base16),
        Command::ToBase32(arguments) => old(&arguments, HashFormat::Nix32),
        Command::ToBase64(arguments) => old(&arguments, HashFormat::Base64),
        Command::ToSri(arguments) => old(&arguments, HashFormat::Sri),
    }
}

fn convert(arguments: &ConvertArguments) -> Result<ExitCode, Failure> {
    for text in &arguments.hashes {
        let (hash, found) = Hash::parse_with_format(text, arguments.hash_algo)?;
        if let Some(from) = arguments.from.filter(|from| *from != found) {
            return Err(Failure::new(format!(
                "error: input hash '{text}' has format '{found}', but '--from {from}' was specified"
            )));
        }
        println!("{}", hash.encode(arguments.to));
    }
    Ok(ExitCode::SUCCESS)
}

fn old(arguments: &OldArguments, format: HashFormat) -> Result<ExitCode, Failure> {
    for text in &arguments.hashes {
        println!("{}", Hash::parse_any(text, arguments.algo)?.encode(format));
    }
    Ok(ExitCode::SUCCESS)
}

impl HashArguments {
    fn format(&self) -> HashFormat {
        match self {
            Self { base16: true, .. } => HashFormat::Base16,
            Self { base32: true, .. } => HashFormat::Nix32,
            Self { base64: true, .. } => HashFormat::Base64,
            Self { sri: true, .. } => HashFormat::Sri,
            _ => self.format,
        }
    }
}

fn hash(arguments: &HashArguments, flat: bool) -> Result<ExitCode, Failure> {
    use firn_formats::ContentAddressMethod::Flat;
    let flat = arguments.mode.map_or(flat, |mode| mode == Flat);
    for path in &arguments.paths {
        let hash =
            if flat { hash_file(path, arguments.algo)? } else { hash_tree(path, arguments.algo)? };
        println!("{}", hash.encode(arguments.format()));
    }
    Ok(ExitCode::SUCCESS)
}

/// The hash of a file's bytes.
pub fn hash_file(path: &Path, algo: HashAlgo) -> Result<Hash, Failure> {
    let mut hasher = Hasher::new(algo);
    std::fs::File::open(path)
        .and_then(|mut file| std::io::copy(&mut file, &mut hasher))
        .map_err(|e| Failure::new(format!("error: cannot read '{}': {e}", path.display())))?;
    Ok(hasher.finish())
}

/// The hash of a tree's archive.
pub fn hash_tree(path: &Path, algo: HashAlgo) -> Result<Hash, Failure> {
    let mut out = std::io::BufWriter::with_capacity(64 * 1024, Hasher::new(algo));
    nar::dump_path(path, &mut out)?;
    Ok(out.into_inner().map_err(|e| e.into_error())?.finish())
}
