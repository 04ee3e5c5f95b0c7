//! What goes into an initial file system that has programs of its own: files at their place in the
//! store, each with what it needs to run, and links to them from where programs look.
//!
//! Only files that are named come along, not the whole store paths they lie in: of a program its
//! interpreter and libraries (found as the dynamic linker finds them, by run path), of a script its
//! interpreter, of a folder everything below, of a link its target. Of texts that name programs
//! (units and scripts of the configuration) these programs come along as well.

use super::cpio::Archive;
use crate::{Error, Result, files};
use firn_debian::elf::Elf;
use path_clean::clean;
use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Longest text that is searched for names of programs.
const LONGEST_TEXT: u64 = 256 * 1024;

/// Collects files into an archive.
pub struct Collector<'a> {
    archive: &'a mut Archive,
    /// Folder of the store; nothing outside is taken along for being referred to.
    store: PathBuf,
    folders: BTreeSet<PathBuf>,
    done: BTreeSet<PathBuf>,
    queue: VecDeque<PathBuf>,
}

impl<'a> Collector<'a> {
    /// A collector that writes to `archive`.
    pub fn new(archive: &'a mut Archive, store: &Path) -> Self {
        Self {
            archive,
            store: store.to_owned(),
            folders: BTreeSet::from([PathBuf::from("/")]),
            done: BTreeSet::new(),
            queue: VecDeque::new(),
        }
    }

    /// An empty folder, and those above it.
    pub fn folder(&mut self, place: &Path) {
        if self.folders.contains(place) {
            return;
        }
        if let Some(parent) = place.parent() {
            self.folder(parent);
        }
        let mode = if place == Path::new("/tmp") { 0o1777 } else { 0o755 };
        self.archive.folder(&name(place), mode);
        self.folders.insert(place.to_owned());
    }

    /// A file with this content.
    pub fn file(&mut self, place: &Path, mode: u32, content: &[u8]) {
        self.above(place);
        if self.done.insert(place.to_owned()) {
            self.archive.file(&name(place), mode, content);
        }
    }

    /// A character device.
    pub fn device(&mut self, place: &Path, mode: u32, (major, minor): (u32, u32)) {
        self.above(place);
        self.archive.device(&name(place), mode, major, minor);
    }

    /// A link at `place`. A target in the store comes along.
    pub fn link(&mut self, place: &Path, target: &Path) {
        self.above(place);
        if self.done.insert(place.to_owned()) {
            self.archive.link(&name(place), &target.to_string_lossy());
        }
        self.queue.push_back(target.to_owned());
    }

    /// The folder `source` at `place`, with links to its files, so that others can join them there.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn expand(&mut self, place: &Path, source: &Path) -> Result<()> {
        self.folder(place);
        for entry in files::entries(source)? {
            let (path, inner) = (entry.path(), place.join(entry.file_name()));
            if path.is_dir() && !path.is_symlink() {
                self.expand(&inner, &path)?;
            } else {
                let target = fs::read_link(&path).unwrap_or(path);
                self.link(&inner, &target);
            }
        }
        Ok(())
    }

    /// A path of the store with all it needs.
    pub fn add(&mut self, path: &Path) {
        self.queue.push_back(path.to_owned());
    }

    /// Takes everything along that was added and referred to.
    ///
    /// # Errors
    /// When a file can't be read, or a library of a program can't be found.
    pub fn finish(mut self) -> Result<()> {
        while let Some(path) = self.queue.pop_front() {
            if let Some(real) = self.locate(&path)? {
                self.take(&real)?;
            }
        }
        Ok(())
    }

    /// Where `path` really lies, if that is in the store; links on the way to it come along.
    fn locate(&mut self, path: &Path) -> Result<Option<PathBuf>> {
        let path = clean(path);
        let Ok(inside) = path.strip_prefix(&self.store) else { return Ok(None) };
        let mut reached = self.store.clone();
        let mut parts = inside.components();
        while let Some(part) = parts.next() {
            reached.push(part);
            if !reached.is_symlink() {
                continue;
            }
            let target =
                fs::read_link(&reached).map_err(|err| Error::io("read", &reached, &err))?;
            self.above(&reached);
            if self.done.insert(reached.clone()) {
                self.archive.link(&name(&reached), &target.to_string_lossy());
            }
            let next = reached.parent().unwrap_or(&self.store).join(target).join(parts.as_path());
            return self.locate(&next);
        }
        Ok((reached != self.store).then_some(reached))
    }

    fn take(&mut self, path: &Path) -> Result<()> {
        if self.done.contains(path) {
            return Ok(());
        }
        let meta = fs::symlink_metadata(path).map_err(|err| {
            Error::io("read", path, &err)
                .with_help("the initial file system's configuration names this file")
        })?;
        if meta.is_dir() {
            self.folder(path);
            self.done.insert(path.to_owned());
            for entry in files::entries(path)? {
                self.queue.push_back(entry.path());
            }
            return Ok(());
        }
        let content = fs::read(path).map_err(|err| Error::io("read", path, &err))?;
        self.references(path, &content)?;
        self.file(path, meta.permissions().mode() & 0o777, &content);
        Ok(())
    }

    /// Queues what the file needs to run.
    fn references(&mut self, path: &Path, content: &[u8]) -> Result<()> {
        if content.starts_with(b"\x7fELF") {
            return self.program(path, content);
        }
        let short = u64::try_from(content.len()).is_ok_and(|length| length <= LONGEST_TEXT);
        if let Ok(text) = std::str::from_utf8(content)
            && short
        {
            let found: Vec<_> = named_files(text, &self.store).collect();
            self.queue.extend(found);
        }
        Ok(())
    }

    fn program(&mut self, path: &Path, content: &[u8]) -> Result<()> {
        let wrong = |err: String| Error::new(format!("'{}': {err}", path.display()));
        let Some(elf) = Elf::parse(content).map_err(|err| wrong(err.to_string()))? else {
            return Ok(());
        };
        self.queue.extend(elf.interpreter.map(PathBuf::from));
        let own = path.parent().unwrap_or(Path::new("/"));
        let folders: Vec<PathBuf> = elf
            .run_path()
            .into_iter()
            .flat_map(|text| text.split(':'))
            .map(|text| PathBuf::from(text.replace("$ORIGIN", &own.to_string_lossy())))
            .chain([own.to_owned()])
            .collect();
        for library in elf.needed() {
            let found = folders.iter().map(|folder| folder.join(library)).find(|p| p.exists());
            match found {
                Some(found) => self.queue.push_back(found),
                // The dynamic linker itself is the one library that is named and never looked for.
                None if library.starts_with("ld-linux") => {}
                None => {
                    return Err(wrong(format!("its library '{library}' is in no folder it names")));
                }
            }
        }
        Ok(())
    }

    fn above(&mut self, place: &Path) {
        if let Some(parent) = place.parent() {
            self.folder(parent);
        }
    }
}

/// The name of a place in an archive.
fn name(place: &Path) -> String {
    place.to_string_lossy().trim_start_matches('/').to_owned()
}

/// Files of the store that a text names by their full path. Folders are left out: a text names them
/// for programs that search there, and they could bring everything.
fn named_files<'t>(text: &'t str, store: &'t Path) -> impl Iterator<Item = PathBuf> + 't {
    let start = format!("{}/", store.display());
    let begins: Vec<usize> = text.match_indices(&start).map(|(at, _)| at).collect();
    begins.into_iter().filter_map(move |at| {
        let rest = &text[at..];
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/+-._?=@".contains(c);
        let end = rest.find(|c| !allowed(c)).unwrap_or(rest.len());
        let path = Path::new(rest[..end].trim_end_matches('.'));
        path.is_file().then(|| path.to_owned())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::symlink;

    /// Names of the archive's entries, in their order.
    fn collected(store: &Path, fill: impl FnOnce(&mut Collector<'_>)) -> Vec<String> {
        let mut archive = Archive::new();
        let mut collector = Collector::new(&mut archive, store);
        fill(&mut collector);
        collector.finish().unwrap();
        let prefix = name(store);
        let mut names = archive.names();
        names.retain(|entry| !prefix.starts_with(entry.as_str()));
        names.iter().map(|entry| entry.replace(&prefix, "S")).collect()
    }

    #[test]
    fn files_bring_what_they_name() {
        let scratch = tempfile::tempdir().unwrap();
        let store = scratch.path().canonicalize().unwrap();
        let write = |path: &str, text: &str| {
            let path = store.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let at = |path: &str| store.join(path).display().to_string();
        write(
            "a/bin/run",
            &format!("#!{} -e\n{} {}\n", at("sh/bin/sh"), at("b/bin/tool"), at("b")),
        );
        write("sh/bin/sh", "shell");
        write("b/bin/tool", "tool");
        write("b/other", "not wanted");
        symlink("bin", store.join("a/sbin")).unwrap();
        symlink(at("a/sbin/run"), store.join("link")).unwrap();
        let names = collected(&store, |collector| {
            collector.link(Path::new("/init"), &store.join("link"));
            collector.folder(Path::new("/run"));
        });
        assert_eq!(
            names,
            [
                "init",
                "run",
                "S/link",
                "S/a",
                "S/a/sbin",
                "S/a/bin",
                "S/a/bin/run",
                "S/sh",
                "S/sh/bin",
                "S/sh/bin/sh",
                "S/b",
                "S/b/bin",
                "S/b/bin/tool"
            ]
        );
    }

    #[test]
    fn folders_can_be_joined() {
        let scratch = tempfile::tempdir().unwrap();
        let store = scratch.path().canonicalize().unwrap();
        fs::create_dir_all(store.join("tree/lib")).unwrap();
        fs::write(store.join("tree/lib/x"), "x").unwrap();
        let names = collected(&store, |collector| {
            collector.expand(Path::new("/usr"), &store.join("tree")).unwrap();
            collector.file(Path::new("/usr/lib/y"), 0o444, b"y");
        });
        assert_eq!(
            names,
            ["usr", "usr/lib", "usr/lib/x", "usr/lib/y", "S/tree", "S/tree/lib", "S/tree/lib/x"]
        );
    }
}
