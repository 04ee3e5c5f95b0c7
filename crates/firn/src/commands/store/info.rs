//! `firn store info` and `sign`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use firn_formats::SecretKey;
use serde_json::json;

use crate::arguments::{JsonArguments, PathsArguments};
use crate::context::{Context, OpenStore};
use crate::exit::Failure;

/// How to print.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    json: JsonArguments,
}

/// The hash.
#[derive(Args)]
pub struct HashPartArguments {
    /// The 32 characters that the path's name begins with
    hash_part: String,
}

/// Prints the path that a hash begins.
pub fn path_from_hash_part(
    arguments: &HashPartArguments,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    let hash = &arguments.hash_part;
    let Some(path) = store.path_from_hash_part(hash)? else {
        return Err(Failure::new(format!(
            "error: there is no store path corresponding to '{hash}'"
        )));
    };
    println!("{}", store.store_dir().display(&path));
    Ok(ExitCode::SUCCESS)
}

/// What to sign.
#[derive(Args)]
pub struct SignArguments {
    #[command(flatten)]
    paths: PathsArguments,
    /// File with the secret key
    #[arg(short, long, value_name = "FILE")]
    key_file: PathBuf,
}

/// Prints url, version and whether we are trusted.
pub fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let url = match context.open_store()? {
        OpenStore::Local(store) if store.layout().is_native() => "local".to_owned(),
        OpenStore::Local(store) => format!("local?real={}", store.layout().real_store.display()),
        OpenStore::Dummy(_) => "dummy://".to_owned(),
    };
    if arguments.json.wanted {
        arguments.json.print(&json!({ "trusted": true, "url": url, "version": version }));
    } else {
        eprintln!("Store URL: {url}\nVersion: {version}\nTrusted: 1");
    }
    Ok(ExitCode::SUCCESS)
}

/// Signs paths with a secret key.
pub fn sign(arguments: &SignArguments, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    let dir = store.store_dir();
    let text = std::fs::read_to_string(&arguments.key_file).map_err(|e| {
        Failure::new(format!("error: cannot read '{}': {e}", arguments.key_file.display()))
    })?;
    let key: SecretKey = text.trim().parse()?;
    let paths = arguments.paths.paths(context)?;
    context.display.finish();
    let mut added = 0;
    for path in paths {
        let info = store.require_path_info(&path)?;
        let signature = key.sign(info.fingerprint(dir).as_bytes()).to_string();
        if !info.signatures.contains(&signature) {
            store.add_signatures(&path, &[signature])?;
            added += 1;
        }
    }
    eprintln!("added {added} signatures");
    Ok(ExitCode::SUCCESS)
}
