//! `firn store make-content-addressed`: copies of a closure whose paths follow from their contents.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use firn_formats::{
    ContentAddress, ContentAddressMethod, Hash, HashAlgo, ModuloHasher, References, StorePath,
};
use firn_store::{AddOptions, PathInfo, Store, closure, topological};
use serde_json::{Map, Value, json};

use crate::arguments::{JsonArguments, PathsArguments};
use crate::context::Context;
use crate::derived;
use crate::exit::Failure;

/// What to rewrite.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    paths: PathsArguments,
    #[command(flatten)]
    json: JsonArguments,
    /// Put the copies into this store
    #[arg(long, value_name = "STORE")]
    to: Option<String>,
}

/// Rewrites, and says what became of each named path.
pub fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let from = context.store()?;
    let named = match &arguments.paths {
        PathsArguments { all: true, .. } | PathsArguments { derivation: true, .. } => {
            arguments.paths.paths(context)?
        }
        PathsArguments { source, installables, .. } => {
            let wanted = derived::wanted(context, source, installables)?;
            let built = context.realise(&wanted, source.mode())?;
            built.into_iter().flat_map(|one| one.outputs.into_values()).collect()
        }
    };
    let other = arguments.to.as_deref().map(|to| context.local_store_at(to)).transpose()?;
    let to: &dyn Store = match &other {
        Some(other) => other,
        None => &*from,
    };
    let mut renamed = BTreeMap::new();
    for path in topological(&*from, &closure(&*from, &named)?)? {
        let new = rewrite(&*from, to, &path, &renamed)?;
        renamed.insert(path, new);
    }
    context.display.finish();
    let show = |path: &StorePath| from.store_dir().display(path);
    if arguments.json.wanted {
        let pairs = named.iter().map(|path| (show(path), Value::from(show(&renamed[path]))));
        let pairs: Map<_, _> = pairs.collect();
        arguments.json.print(&json!({ "rewrites": pairs }));
    } else {
        for path in &named {
            eprintln!("rewrote '{}' to '{}'", show(path), show(&renamed[path]));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds a path under the name that its content gives it; what it refers to was rewritten before.
fn rewrite(
    from: &dyn Store,
    to: &dyn Store,
    path: &StorePath,
    renamed: &BTreeMap<StorePath, StorePath>,
) -> Result<StorePath, Failure> {
    let info = from.require_path_info(path)?;
    let mut archive = Vec::new();
    from.write_nar(path, &mut archive)?;
    let mut references = References::none();
    for reference in &info.references {
        if reference == path {
            references.self_reference = true;
            continue;
        }
        let new = renamed.get(reference).unwrap_or(reference);
        replace_all(&mut archive, reference.hash_part(), new.hash_part());
        references.others.insert(new.clone());
    }
    let mut hasher = ModuloHasher::new(HashAlgo::Sha256, path.hash_part());
    hasher.update(&archive);
    let ca = ContentAddress { method: ContentAddressMethod::Nar, hash: hasher.finish().hash };
    let new = to.store_dir().make_content_path(path.name(), &ca, &references)?;
    replace_all(&mut archive, path.hash_part(), new.hash_part());
    if !to.is_valid(&new)? {
        let mut added = PathInfo::new(new.clone(), Hash::sha256(&archive), archive.len() as u64);
        added.references = references.others;
        if references.self_reference {
            added.references.insert(new.clone());
        }
        added.ca = Some(ca);
        to.add_nar(&added, &mut archive.as_slice(), AddOptions::default())?;
    }
    Ok(new)
}

/// Replaces texts of equal length in place.
fn replace_all(data: &mut [u8], from: &str, to: &str) {
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&data[at..], from.as_bytes()) {
        at += found;
        data[at..at + to.len()].copy_from_slice(to.as_bytes());
        at += to.len();
    }
}
