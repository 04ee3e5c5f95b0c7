//! Compiles the python modules of a group, which Debian does when a package is installed.

use crate::closure::Closure;
use crate::layout;
use crate::tree::Node;
use crate::{Error, Result};
use std::path::Path;
use std::process::Command;

const PYTHON: &str = "bin/python3.11";

/// Folders with modules, of those that the tree has.
fn module_folders(closure: &Closure<'_>) -> Vec<&'static str> {
    let holds_modules = |dir: &str| {
        let prefix = format!("{dir}/");
        closure.tree().iter().any(|(place, node)| {
            place.starts_with(&prefix) && place.ends_with(".py") && matches!(node, Node::File(_))
        })
    };
    ["lib/python3.11", "lib/python3"].into_iter().filter(|dir| holds_modules(dir)).collect()
}

/// Runs the closure's own python over the modules. The result depends on nothing but them: the
/// files carry the hash of their source instead of its time, and string hashing is fixed.
/// Modules that aren't for this python are skipped. Python keeps nothing of what it imports meanwhile: a
/// file of its own would carry the time of its source, count as up to date here, and be stale in the store.
///
/// # Errors
/// When python can't be started.
pub fn compile(closure: &Closure<'_>, out: &Path) -> Result<()> {
    let folders = module_folders(closure);
    let Some(holder) = closure.holder(PYTHON).filter(|_| !folders.is_empty()) else {
        return Ok(());
    };
    let python = holder.dir.join(PYTHON);
    let status = Command::new(&python)
        .args([
            "-I",
            "-S",
            "-B",
            "-m",
            "compileall",
            "-qq",
            "-j1",
            "--invalidation-mode",
            "unchecked-hash",
        ])
        .args(["-x", "lib2to3/tests|/test/|/tests/bad"])
        .args(folders.iter().map(|dir| out.join(dir)))
        .env_clear()
        .env("PYTHONHASHSEED", "0")
        .current_dir(out)
        .status();
    // Its exit status only says that some file isn't valid python 3.
    status.map(|_| ()).map_err(|err| Error::io("run", &python, &err))?;
    debug_assert!(layout::place("/usr/bin/python3.11") == PYTHON);
    Ok(())
}
