//! Where packages come from: a file, a folder of expressions, a URL, the search path.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use firn_eval::{AttrsBuilder, ErrorKind, Machine, Pos, R, Symbol, Value};
use firn_events::Level;
use firn_source::Origin;

use super::Globals;
use crate::evaluation;

/// Name of the attribute that says a set was made of a folder of expressions.
pub const COMBINE: &str = "_combineChannels";

/// A folder holds fewer expressions than this.
const MOST_EXPRESSIONS: usize = 1024;

/// The value that packages are looked for in.
///
/// # Errors
/// There is no such file, or evaluating it fails.
pub fn load(globals: &Globals, m: &mut Machine) -> R<Value> {
    match &globals.file {
        Some(file) if file.starts_with('<') && file.ends_with('>') => search_path(m, file),
        Some(file) if evaluation::is_url(file) => {
            let found = m.host().search_path_entry(file);
            match m.hosted(found, Pos::NONE)? {
                Some(path) => load_path(globals, m, Path::new(&path)),
                None => {
                    Err(m.fail(ErrorKind::Outside, Pos::NONE, format!("'{file}' was not found")))
                }
            }
        }
        Some(file) => {
            let path = std::path::absolute(file).unwrap_or_else(|_| file.into());
            load_path(globals, m, &path)
        }
        None => {
            let folder = globals.context.environment.home.join(".nix-defexpr");
            if folder.exists() {
                load_path(globals, m, &folder)
            } else {
                search_path(m, "<nixpkgs>")
            }
        }
    }
}

fn search_path(m: &mut Machine, name: &str) -> R<Value> {
    m.eval_text(Origin::String, format!("import {name}").as_bytes(), "/")
}

/// A file or folder of expressions.
///
/// # Errors
/// It is neither, or evaluating it fails.
pub fn load_path(globals: &Globals, m: &mut Machine, path: &Path) -> R<Value> {
    let canonical = firn_eval::paths::canonical(path.to_string_lossy().as_bytes());
    if is_expression(path) {
        return m.eval_file(&canonical, Pos::NONE);
    }
    if path.is_dir() {
        return folder(globals, m, path);
    }
    let text = match path.exists() {
        true => format!("path '{}' is not a directory or a Nix expression", path.display()),
        false => format!("path '{}' does not exist", path.display()),
    };
    Err(m.fail(ErrorKind::Outside, Pos::NONE, text))
}

fn is_expression(path: &Path) -> bool {
    path.is_file() || (path.is_dir() && path.join("default.nix").exists())
}

/// A set of the expressions in a folder and the folders in it, each by its name; nested folders add
/// to the same set.
fn folder(globals: &Globals, m: &mut Machine, path: &Path) -> R<Value> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    collect(globals, path, &mut seen, &mut found, 0);
    if found.len() >= MOST_EXPRESSIONS {
        let text = format!("too many Nix expressions in directory '{}'", path.display());
        return Err(m.fail(ErrorKind::Outside, Pos::NONE, text));
    }
    let import = m.builtin("import")?;
    let mut builder = AttrsBuilder::default();
    let empty = m.empty_list();
    builder.insert(Symbol::of(COMBINE), empty);
    for (name, file) in found {
        let file = m.path(&firn_eval::paths::canonical(file.to_string_lossy().as_bytes()));
        let value = m.lazy_call(import, &[file]);
        builder.insert(Symbol::of(&name), value);
    }
    Ok(m.attrs(builder))
}

fn collect(
    globals: &Globals,
    folder: &Path,
    seen: &mut BTreeSet<String>,
    found: &mut Vec<(String, PathBuf)>,
    depth: usize,
) {
    /// Folders inside each other, at most: links may lead in a circle.
    const DEEPEST: usize = 64;
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let names: BTreeSet<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    // `manifest.nix` is a profile's own: channels are profiles.
    for name in names.iter().filter(|name| *name != "manifest.nix") {
        // A link that leads nowhere is passed over.
        let Ok(path) = folder.join(name).canonicalize() else { continue };
        let name = name.to_string_lossy();
        let is_nix = path.extension().is_some_and(|end| end == "nix");
        if is_expression(&path) && (path.is_dir() || is_nix) {
            let name = name.strip_suffix(".nix").unwrap_or(&name);
            if seen.insert(name.to_owned()) {
                found.push((name.to_owned(), path));
            } else {
                let text = format!(
                    "name collision in input Nix expressions, skipping '{}'",
                    path.display()
                );
                globals.context.reporter.message(Level::Warning, text);
            }
        } else if path.is_dir() && depth < DEEPEST && found.len() < MOST_EXPRESSIONS {
            collect(globals, &path, seen, found, depth + 1);
        }
    }
}
