//! `nix-store --realise`: make paths valid by building or fetching them.

use std::path::PathBuf;
use std::process::ExitCode;

use firn_formats::{DerivedPath, OutputsSpec, split_outputs};
use firn_store::BuildMode;

use super::arguments::Arguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::store_paths;

/// Builds and prints outputs.
pub fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    let dir = store.store_dir();
    let mut wanted = Vec::new();
    for text in &arguments.things {
        let (path, outputs) = split_outputs(text);
        let path = store_paths::of(dir, path)?;
        wanted.push(match path.is_derivation() {
            false => DerivedPath::Opaque(path),
            true if outputs.is_empty() => DerivedPath::built(path, OutputsSpec::All),
            true => DerivedPath::built(path, OutputsSpec::Names(outputs)),
        });
    }
    if arguments.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    let mode = match arguments {
        Arguments { check: true, .. } => BuildMode::Check,
        Arguments { repair: true, .. } => BuildMode::Repair,
        _ => BuildMode::Normal,
    };
    let built = context.realise(&wanted, mode)?;
    context.display.finish();
    if arguments.add_root.is_none() {
        context.warn(
            "you did not specify '--add-root'; the result might be removed by the garbage collector",
        );
    }
    let mut number = 0;
    for path in built.iter().flat_map(|one| one.outputs.values()) {
        match &arguments.add_root {
            None => println!("{}", dir.display(path)),
            Some(root) => {
                number += 1;
                let mut name = root.as_os_str().to_owned();
                if number > 1 {
                    name.push(format!("-{number}"));
                }
                let link = std::path::absolute(PathBuf::from(name))?;
                println!("{}", store.add_perm_root(path, &link)?.display());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
