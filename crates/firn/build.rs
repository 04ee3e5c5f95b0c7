//! Puts the folder `nix/` into the program, as a table of paths, contents and modes.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn main() {
    let Some(manifest) = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else { return };
    let Some(out) = env::var_os("OUT_DIR").map(PathBuf::from) else { return };
    let root = manifest.join("../../nix");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut table = String::from("&[\n");
    collect(&root, Path::new(""), &mut table);
    table.push_str("]\n");
    if let Err(error) = fs::write(out.join("base.rs"), table) {
        println!("cargo::error=cannot write the table of nix/: {error}");
    }
}

fn collect(root: &Path, relative: &Path, table: &mut String) {
    let folder = root.join(relative);
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("cargo::error=cannot read {}", folder.display());
        return;
    };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let relative = relative.join(&name);
        let path = root.join(&relative);
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            collect(root, &relative, table);
        } else if metadata.is_file() {
            let executable = metadata.permissions().mode() & 0o100 != 0;
            let path = fs::canonicalize(&path).unwrap_or(path);
            let _ = writeln!(table, "    ({relative:?}, include_bytes!({path:?}), {executable}),");
        }
    }
}
