//! `firn store prefetch-file`: fetch a file into the store.

use std::process::ExitCode;

use clap::Args;
use firn_fetch::Prefetch;
use firn_formats::{Hash, HashAlgo};

use crate::arguments::JsonArguments;
use crate::commands::nix_prefetch_url::store_name;
use crate::context::Context;
use crate::exit::Failure;
use crate::interrupt;

/// What to fetch.
#[derive(Args)]
pub struct Arguments {
    /// Where from: https, http, file, or mirror://debian/…
    url: String,
    /// Name of the store path, instead of the file's
    #[arg(long)]
    name: Option<String>,
    /// The hash that the file must have; nothing is fetched if the store has it
    #[arg(long, value_name = "HASH")]
    expected_hash: Option<String>,
    /// The algorithm of the hash
    #[arg(long, value_name = "ALGORITHM", default_value = "sha256")]
    hash_type: HashAlgo,
    /// Make the file executable; the hash is then that of its archive
    #[arg(long)]
    executable: bool,
    /// Unpack the archive; the hash is then that of what is in it
    #[arg(long)]
    unpack: bool,
    #[command(flatten)]
    json: JsonArguments,
}

/// Fetches.
pub fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let expected = match &arguments.expected_hash {
        Some(text) => Some(Hash::parse_any(text, Some(arguments.hash_type))?),
        None => None,
    };
    let wanted = Prefetch {
        url: arguments.url.clone(),
        name: store_name(arguments.name.clone(), &arguments.url)?,
        expected,
        algo: arguments.hash_type,
        unpack: arguments.unpack,
        executable: arguments.executable,
    };
    let store = context.store()?;
    let deadline = interrupt::deadline();
    let fetched = wanted.run(&*store, &context.fetch_options(), &context.reporter);
    drop(deadline);
    context.display.finish();
    let fetched = fetched?;
    let (path, hash) = (store.store_dir().display(&fetched.path), fetched.hash.sri());
    if arguments.json.wanted {
        arguments.json.print(&serde_json::json!({ "hash": hash, "storePath": path }));
    } else {
        eprintln!("Downloaded '{}' to '{path}' (hash '{hash}').", arguments.url);
    }
    Ok(ExitCode::SUCCESS)
}
