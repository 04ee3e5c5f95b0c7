//! `firn store add`, `add-file` and `add-path`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use firn_formats::{ContentAddressMethod, HashAlgo, StorePathSet};
use firn_store::{Content, compute_path};

use crate::context::Context;
use crate::exit::Failure;

/// What to add and how it is addressed.
#[derive(Args)]
pub struct Arguments {
    /// The file or folder
    path: PathBuf,
    /// Name of the store path, instead of the file's
    #[arg(short, long)]
    name: Option<String>,
    /// What is hashed: nar, flat or text
    #[arg(long, value_name = "METHOD")]
    mode: Option<ContentAddressMethod>,
    /// The algorithm of the hash
    #[arg(long, value_name = "ALGORITHM", default_value = "sha256")]
    hash_algo: HashAlgo,
    /// Compute the path without adding anything
    #[arg(long)]
    dry_run: bool,
}

/// Adds a tree.
pub fn add(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    add_as(arguments, context, ContentAddressMethod::Nar)
}

/// Adds one file.
pub fn add_file(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    add_as(arguments, context, ContentAddressMethod::Flat)
}

fn add_as(
    arguments: &Arguments,
    context: &Context,
    default: ContentAddressMethod,
) -> Result<ExitCode, Failure> {
    let method = arguments.mode.unwrap_or(default);
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => base_name(&arguments.path)?,
    };
    let store = context.store()?;
    let content = Content::Tree(&arguments.path);
    let (algo, none) = (arguments.hash_algo, StorePathSet::new());
    let path = if arguments.dry_run {
        compute_path(store.store_dir(), &name, content, method, algo, &none)?.0
    } else {
        store.add(&name, content, method, algo, &none)?
    };
    println!("{}", store.store_dir().display(&path));
    Ok(ExitCode::SUCCESS)
}

/// The last part of a path, as the name of a store path; `.` and `..` are resolved first.
pub fn base_name(path: &Path) -> Result<String, Failure> {
    let whole = match path.file_name() {
        Some(_) => path.to_path_buf(),
        None => std::fs::canonicalize(path)
            .map_err(|e| Failure::new(format!("error: cannot read '{}': {e}", path.display())))?,
    };
    let name = whole.file_name().map(|name| name.to_string_lossy().into_owned());
    name.ok_or_else(|| Failure::new("error: the root folder has no name; give one with --name"))
}
