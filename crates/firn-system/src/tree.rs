//! `builtin:tree`: a folder, or one file, made from data.
//!
//! The attribute `tree` is a JSON object from paths inside the output (`""` is the output
//! itself) to one of `{"text": …, "executable": bool}`, `{"link": target}`, `{"copy": path}` and
//! `{"folder": true}`. A link target that ends in `/*` stands for a link to each entry of that
//! folder.

use crate::{Error, Result, files};
use firn_store::{BuiltinBuilder, BuiltinJob};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path};

/// One entry of a tree.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// Text of a file.
    text: Option<String>,
    /// Whether that file can be run.
    #[serde(default)]
    executable: bool,
    /// Target of a symbolic link.
    link: Option<String>,
    /// File or folder to copy.
    copy: Option<String>,
    /// Whether this is an empty folder.
    #[serde(default)]
    folder: bool,
}

/// The builder.
#[derive(Debug, Default, Clone, Copy)]
pub struct TreeBuilder;

impl BuiltinBuilder for TreeBuilder {
    fn name(&self) -> &'static str {
        "tree"
    }

    fn build(&self, job: &BuiltinJob) -> Result<(), String> {
        let out = output(job)?;
        build(job.require("tree")?, out).map_err(|err| err.to_string())
    }
}

/// The path of the output `out`.
pub(crate) fn output(job: &BuiltinJob) -> Result<&Path, String> {
    job.outputs
        .get("out")
        .map(std::path::PathBuf::as_path)
        .ok_or_else(|| format!("derivation '{}' has no output 'out'", job.name))
}

/// Makes the tree that `spec` describes at `out`, which must not exist.
///
/// # Errors
/// When the description is wrong or the tree can't be written.
pub fn build(spec: &str, out: &Path) -> Result<()> {
    let entries: BTreeMap<String, Entry> = serde_json::from_str(spec)
        .map_err(|err| Error::new(format!("the attribute 'tree' is no description: {err}")))?;
    // An explicit folder at the root says only that the tree may be empty.
    if let Some(single) = entries.get("").filter(|entry| !entry.folder) {
        if entries.len() > 1 {
            return Err(Error::new("a tree can't be one file and a folder at the same time"));
        }
        return write(single, out, "");
    }
    files::make_folder(out)?;
    for (place, entry) in entries.iter().filter(|(place, _)| !place.is_empty()) {
        let path = below(out, place)?;
        ready(out, place)?;
        write(entry, &path, place)?;
    }
    Ok(())
}

fn below(out: &Path, place: &str) -> Result<std::path::PathBuf> {
    let relative = Path::new(place);
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if plain {
        return Ok(out.join(relative));
    }
    Err(Error::new(format!("'{place}' is no path inside a folder"))
        .with_help("give it relative, without '.', '..' and double slashes"))
}

/// Makes the folders above `place`; none of them may be a link.
fn ready(out: &Path, place: &str) -> Result<()> {
    let parents: Vec<_> = Path::new(place).ancestors().skip(1).collect();
    for parent in parents.iter().rev() {
        let folder = out.join(parent);
        if folder.is_symlink() || folder.is_file() {
            return Err(Error::new(format!(
                "'{place}' can't be made: '{}' is a link or file of its own",
                parent.display()
            ))
            .with_help("declare the folder's files one by one, or only the folder"));
        }
        files::make_folder(&folder)?;
    }
    Ok(())
}

fn write(entry: &Entry, path: &Path, place: &str) -> Result<()> {
    if path.symlink_metadata().is_ok() && !(entry.folder && path.is_dir()) {
        return Err(Error::new(format!("'{place}' is declared as a file and as a folder")));
    }
    match entry {
        Entry { text: Some(text), executable, .. } => {
            fs::write(path, text).map_err(|err| Error::io("write", path, &err))?;
            files::set_mode(path, if *executable { 0o555 } else { 0o444 })
        }
        Entry { link: Some(target), .. } => match target.strip_suffix("/*") {
            Some(folder) => link_each(Path::new(folder), path),
            None => link(Path::new(target), path),
        },
        Entry { copy: Some(source), .. } => copy(Path::new(source), path),
        Entry { folder: true, .. } => files::make_folder(path),
        _ => Err(Error::new(format!("'{place}' is neither text, link, copy nor folder"))),
    }
}

fn link(target: &Path, path: &Path) -> Result<()> {
    symlink(target, path).map_err(|err| Error::io("create the link", path, &err))
}

fn link_each(folder: &Path, path: &Path) -> Result<()> {
    files::make_folder(path)?;
    for entry in files::entries(folder)? {
        link(&entry.path(), &path.join(entry.file_name()))?;
    }
    Ok(())
}

fn copy(source: &Path, path: &Path) -> Result<()> {
    let kind =
        fs::symlink_metadata(source).map_err(|err| Error::io("read", source, &err))?.file_type();
    if kind.is_symlink() {
        let target = fs::read_link(source).map_err(|err| Error::io("read", source, &err))?;
        return link(&target, path);
    }
    if !kind.is_dir() {
        return fs::copy(source, path).map(drop).map_err(|err| Error::io("copy", source, &err));
    }
    files::make_folder(path)?;
    for entry in files::entries(source)? {
        copy(&entry.path(), &path.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn made(spec: &str) -> (tempfile::TempDir, Result<()>) {
        let scratch = tempfile::tempdir().unwrap();
        let result = build(spec, &scratch.path().join("out"));
        (scratch, result)
    }

    #[test]
    fn makes_files_links_and_folders() {
        let (scratch, result) = made(
            r#"{"a/b": {"text": "hi\n"}, "a/run": {"text": "x", "executable": true},
                "l": {"link": "/nowhere"}, "d": {"folder": true}}"#,
        );
        result.unwrap();
        let out = scratch.path().join("out");
        assert_eq!(fs::read_to_string(out.join("a/b")).unwrap(), "hi\n");
        let mode = fs::metadata(out.join("a/run")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o555);
        assert_eq!(fs::read_link(out.join("l")).unwrap(), Path::new("/nowhere"));
        assert!(out.join("d").is_dir());
    }

    #[test]
    fn the_empty_path_is_the_output() {
        let (scratch, result) = made(r#"{"": {"text": "all"}}"#);
        result.unwrap();
        assert_eq!(fs::read_to_string(scratch.path().join("out")).unwrap(), "all");
    }

    #[test]
    fn a_star_links_each_entry() {
        let source = tempfile::tempdir().unwrap();
        fs::write(source.path().join("one"), "1").unwrap();
        let spec = format!(r#"{{"x": {{"link": "{}/*"}}}}"#, source.path().display());
        let (scratch, result) = made(&spec);
        result.unwrap();
        assert_eq!(fs::read_to_string(scratch.path().join("out/x/one")).unwrap(), "1");
    }

    #[test]
    fn refuses_what_is_no_tree() {
        for (spec, expected) in [
            (r#"{"../x": {"text": ""}}"#, "no path inside"),
            (r#"{"a": {"link": "/x"}, "a/b": {"text": ""}}"#, "is a link or file"),
            (r#"{"": {"text": ""}, "a": {"text": ""}}"#, "at the same time"),
            (r#"{"a": {}}"#, "neither text"),
            ("[]", "no description"),
        ] {
            let (_scratch, result) = made(spec);
            let message = result.unwrap_err().to_string();
            assert!(message.contains(expected), "{spec}: {message}");
        }
    }
}
