//! From packages to a store path: unpack, then lead every absolute path into the store.

mod libraries;
mod links;
mod scripts;

use crate::closure::{Closure, StoreDir};
use crate::elf::{self, Change, Elf};
use crate::layout;
use crate::tree::{FileKind, Node, Tree};
use crate::{Error, Result, kernel, python, unpack};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};

/// One group to make.
#[derive(Debug)]
pub struct Job {
    /// The packages, files on this machine.
    pub debs: Vec<PathBuf>,
    /// The store path; its folder must not exist.
    pub out: StoreDir,
    /// Store paths that it may point into, nearest first.
    pub dependencies: Vec<StoreDir>,
    /// Symlinks to add: place → text. They replace what the packages have there.
    pub links: BTreeMap<String, String>,
    /// Whether programs of the closure may be run: python to compile its modules, depmod to
    /// index a kernel's. Only where store paths are where they say.
    pub run_programs: bool,
}

/// What was done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Regular files.
    pub files: usize,
    /// ELF files changed.
    pub elf: usize,
    /// First lines changed.
    pub scripts: usize,
    /// Needed libraries that are nowhere in the closure: (place, name).
    pub missing: Vec<(String, String)>,
    /// ELF files left alone because they contradict themselves: (place, reason).
    pub malformed: Vec<(String, String)>,
}

/// Unpacks and relocates a group.
///
/// # Errors
/// When a package is damaged or hostile, or the disk refuses.
pub fn build(job: &Job) -> Result<Summary> {
    let out = &job.out.dir;
    fs::create_dir(out).map_err(|err| Error::io("create", out, &err))?;
    let (mut tree, postinsts) = unpack::unpack(&job.debs, out)?;
    links::add_alternatives(&mut tree, &postinsts);
    let closure = Closure::new(&job.out, &tree, &job.dependencies);
    let mut work = Relocation { closure: &closure, out, summary: Summary::default() };
    for (place, node) in tree.iter() {
        work.node(place, node)?;
    }
    let summary = work.summary;
    finish(out, &tree)?;
    add_links(out, &job.links)?;
    kernel::finish(out, &closure, job.run_programs)?;
    if job.run_programs {
        python::compile(&closure, out)?;
    }
    Ok(summary)
}

/// `$out/sbin` for what looks there.
fn finish(out: &Path, tree: &Tree) -> Result<()> {
    if tree.get("bin").is_some() {
        let path = out.join("sbin");
        symlink("bin", &path).map_err(|err| Error::io("create the link", &path, &err))?;
    }
    Ok(())
}

fn add_links(out: &Path, links: &BTreeMap<String, String>) -> Result<()> {
    for (place, text) in links {
        let path = out.join(place);
        if layout::normalize(place) != format!("/{place}") {
            return Err(Error::new(format!("the link '{place}' has no place in a store path")));
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|err| Error::io("create", parent, &err))?;
        }
        if path.is_symlink() || path.is_file() {
            fs::remove_file(&path).map_err(|err| Error::io("replace", &path, &err))?;
        }
        symlink(text, &path).map_err(|err| Error::io("create the link", &path, &err))?;
    }
    Ok(())
}

struct Relocation<'a> {
    closure: &'a Closure<'a>,
    out: &'a Path,
    summary: Summary,
}

impl Relocation<'_> {
    fn node(&mut self, place: &str, node: &Node) -> Result<()> {
        match node {
            Node::Dir => self.folder(place),
            Node::Link { target, relative } => self.link(place, target, *relative),
            Node::File(kind) => {
                self.summary.files += 1;
                self.file(place, *kind).map_err(|err| err.within(format!("'{place}'")))
            }
        }
    }

    /// Empty folders are kept where they mean something; those of `/var` are a system's.
    fn folder(&self, place: &str) -> Result<()> {
        if place.starts_with("var/") || layout::unwanted(place) || place.starts_with("share/doc") {
            return Ok(());
        }
        let path = self.out.join(place);
        fs::create_dir_all(&path).map_err(|err| Error::io("create the folder", &path, &err))
    }

    fn link(&self, place: &str, target: &str, relative: bool) -> Result<()> {
        let path = self.out.join(place);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|err| Error::io("create", parent, &err))?;
        }
        let text = links::text(self.closure, place, target, relative);
        symlink(text, &path).map_err(|err| Error::io("create the link", &path, &err))
    }

    fn file(&mut self, place: &str, kind: FileKind) -> Result<()> {
        match kind {
            FileKind::Plain => Ok(()),
            FileKind::Elf => self.elf(place),
            FileKind::Script => self.script(place),
            FileKind::Text => self.text(place),
        }
    }

    fn elf(&mut self, place: &str) -> Result<()> {
        // The dynamic linker is what everything else is led to.
        if place == layout::LINKER {
            return Ok(());
        }
        let path = self.out.join(place);
        let data = fs::read(&path).map_err(|err| Error::io("read", &path, &err))?;
        match self.elf_patch(place, &data) {
            Ok(Some((change, patch))) => {
                let patched = patch.apply(data);
                verify(&patched, &change).map_err(|why| {
                    Error::new(format!("its relocation would break it: {why}"))
                        .with_help("this is a defect of firn; please report the package")
                })?;
                write_patch(&path, &patch)?;
                self.summary.elf += 1;
            }
            Ok(None) => {}
            Err(why) => self.summary.malformed.push((place.to_owned(), why.to_string())),
        }
        Ok(())
    }

    fn elf_patch(
        &mut self,
        place: &str,
        data: &[u8],
    ) -> Result<Option<(Change, elf::Patch)>, elf::Malformed> {
        let Some(elf) = Elf::parse(data)? else { return Ok(None) };
        let run_path = libraries::run_path(self.closure, place, &elf);
        let missing = run_path.missing.into_iter().map(|name| (place.to_owned(), name));
        self.summary.missing.extend(missing);
        let replace = !run_path.folders.is_empty() || elf.run_path().is_some();
        let change = Change {
            interpreter: elf.interpreter.and_then(|_| self.closure.path(layout::LINKER)),
            run_path: replace.then(|| run_path.folders.join(":")),
            ..Change::default()
        };
        Ok(elf::patch(&elf, &change)?.map(|patch| (change, patch)))
    }

    fn script(&mut self, place: &str) -> Result<()> {
        let path = self.out.join(place);
        let data = fs::read(&path).map_err(|err| Error::io("read", &path, &err))?;
        let end = data.iter().position(|&b| b == b'\n').unwrap_or(data.len());
        let line = String::from_utf8_lossy(&data[..end]);
        if let Some(new) = scripts::first_line(self.closure, &line) {
            let mut new = new.into_bytes();
            new.extend_from_slice(&data[end..]);
            fs::write(&path, new).map_err(|err| Error::io("write", &path, &err))?;
            self.summary.scripts += 1;
        }
        Ok(())
    }

    fn text(&mut self, place: &str) -> Result<()> {
        let path = self.out.join(place);
        let data = fs::read(&path).map_err(|err| Error::io("read", &path, &err))?;
        let Ok(text) = String::from_utf8(data) else { return Ok(()) };
        let new = match place.ends_with(".pc") {
            true => scripts::pkg_config(self.closure.own_path(), &text),
            false => scripts::linker_script(self.closure, &text),
        };
        match new {
            Some(new) => fs::write(&path, new).map_err(|err| Error::io("write", &path, &err)),
            None => Ok(()),
        }
    }
}

/// Reads the patched file again and compares it with what was asked for.
fn verify(patched: &[u8], change: &Change) -> Result<(), String> {
    let elf = match Elf::parse(patched) {
        Ok(Some(elf)) => elf,
        Ok(None) => return Err("it is no program any more".to_owned()),
        Err(why) => return Err(why.to_string()),
    };
    let interpreter = change.interpreter.as_deref();
    if interpreter.is_some() && elf.interpreter.is_some() && elf.interpreter != interpreter {
        return Err("its interpreter differs".to_owned());
    }
    match change.run_path.as_deref() {
        Some(path) if elf.run_path() != Some(path) => Err("its run path differs".to_owned()),
        _ => Ok(()),
    }
}

fn write_patch(path: &Path, patch: &elf::Patch) -> Result<()> {
    let fail = |err: std::io::Error| Error::io("write", path, &err);
    let file = OpenOptions::new().write(true).open(path).map_err(fail)?;
    for (offset, bytes) in &patch.writes {
        file.write_all_at(bytes, *offset).map_err(fail)?;
    }
    Ok(())
}
