//! `firn store verify`: contents and signatures.

use std::process::ExitCode;

use clap::Args;
use firn_formats::{Hash, HashAlgo, Hasher, PublicKey, Signature, StorePath};
use firn_store::{PathInfo, Store};

use crate::arguments::PathsArguments;
use crate::context::Context;
use crate::exit::Failure;

/// What to check.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    paths: PathsArguments,
    /// Do not read contents
    #[arg(long)]
    no_contents: bool,
    /// Do not ask whether a path is to be trusted
    #[arg(long)]
    no_trust: bool,
    /// How many signatures a path needs
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 0)]
    sigs_needed: usize,
}

/// Checks paths: exit status 1 for bad content, 2 for lack of trust, 3 for both.
pub fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    let paths = arguments.paths.paths(context)?;
    context.display.finish();
    let keys = context.settings.list("trusted-public-keys");
    let keys: Vec<PublicKey> = keys.filter_map(|key| key.parse().ok()).collect();
    let (mut bad, mut untrusted) = (false, false);
    for path in paths {
        let info = store.require_path_info(&path)?;
        if !arguments.no_contents {
            bad |= !check_content(&*store, &path, &info)?;
        }
        if !arguments.no_trust && !trusted(arguments, &*store, &info, &keys)? {
            untrusted = true;
            eprintln!("error: path '{}' is untrusted", store.store_dir().display(&path));
        }
    }
    Ok(ExitCode::from(u8::from(bad) + 2 * u8::from(untrusted)))
}

/// Compares the content of a path with what was registered, and says so if they differ.
pub fn check_content(
    store: &dyn Store,
    path: &StorePath,
    info: &PathInfo,
) -> Result<bool, Failure> {
    let found = content_hash(store, path)?;
    if found == info.nar_hash {
        return Ok(true);
    }
    eprintln!(
        "error: path '{}' was modified! expected hash '{}', got '{found}'",
        store.store_dir().display(path),
        info.nar_hash
    );
    Ok(false)
}

fn content_hash(store: &dyn Store, path: &StorePath) -> Result<Hash, Failure> {
    let mut out = std::io::BufWriter::with_capacity(64 * 1024, Hasher::new(HashAlgo::Sha256));
    store.write_nar(path, &mut out)?;
    Ok(out.into_inner().map_err(|e| e.into_error())?.finish())
}

fn trusted(
    arguments: &Arguments,
    store: &dyn Store,
    info: &PathInfo,
    keys: &[PublicKey],
) -> Result<bool, Failure> {
    let dir = store.store_dir();
    if arguments.sigs_needed == 0 && (info.ultimate || info.is_content_addressed(dir)?) {
        return Ok(true);
    }
    let text = info.fingerprint(dir);
    let good = info.signatures.iter().filter(|signature| {
        let Ok(signature) = signature.parse::<Signature>() else { return false };
        keys.iter().any(|key| key.verify(text.as_bytes(), &signature))
    });
    Ok(good.count() >= arguments.sigs_needed.max(1))
}
