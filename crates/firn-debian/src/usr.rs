//! The merged `/usr` of a system: one tree of links into many store paths, for programs that
//! have such paths compiled in.
//!
//! A folder that only one path has becomes one link, but never where systemd or udev compare
//! real names. Relative links of packages stay as they are: to systemd, `ctrl-alt-del.target ->
//! reboot.target` is an alias and an absolute link is not.

use crate::layout;
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::fs::{self, FileType};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Top folders that are merged.
const TOPS: [&str; 5] = ["bin", "lib", "lib64", "libexec", "share"];
/// Folders left out: documentation and what only packaging tools read.
const SKIP: [&str; 16] = [
    "share/doc",
    "share/man",
    "share/info",
    "share/lintian",
    "share/bug",
    "share/doc-base",
    "share/gtk-doc",
    "share/menu",
    "share/reportbug",
    "share/debconf",
    "share/common-licenses",
    "lib/debug",
    "lib/modules",
    "share/initramfs-tools",
    "lib/pkgconfig",
    "share/pkgconfig",
];
/// Folders that stay real together with everything below them.
const REAL: [&str; 8] = [
    "lib/systemd",
    "lib/udev",
    "lib/tmpfiles.d",
    "lib/sysusers.d",
    "lib/modprobe.d",
    "lib/sysctl.d",
    "share/dbus-1",
    "lib/environment.d",
];

/// Folders whose texts are copied: whoever reads them takes every file there is, and following a link into the
/// store costs systemd thirty system calls each time it starts.
const TEXTS: [&str; 7] = [
    "lib/systemd/system",
    "lib/systemd/user",
    "lib/udev/rules.d",
    "lib/tmpfiles.d",
    "lib/sysusers.d",
    "lib/modprobe.d",
    "lib/sysctl.d",
];

/// What to merge.
#[derive(Debug, Default)]
pub struct Usr {
    /// Store paths, in order of precedence.
    pub paths: Vec<PathBuf>,
    /// Names in `bin` that lead to `/run/wrappers/bin`, for programs that need privileges.
    pub wrappers: Vec<String>,
    /// Text of `lib/os-release`, a real file: it is read before the store is there.
    pub os_release: Option<String>,
    /// Links to add, by place in the tree, such as `lib/modules`.
    pub links: BTreeMap<String, String>,
}

enum Node {
    Dir { children: BTreeMap<String, Node>, owners: Vec<PathBuf>, foldable: bool },
    Link(PathBuf),
}

impl Node {
    fn dir() -> Self {
        Self::Dir { children: BTreeMap::new(), owners: Vec::new(), foldable: true }
    }
}

/// Makes the tree at `out`, which must not exist. Returns names which more than one path has;
/// the first path won.
///
/// # Errors
/// When a path can't be read or the tree can't be written.
pub fn build(usr: &Usr, out: &Path) -> Result<Vec<String>> {
    let mut merge = Merge { collisions: Vec::new() };
    let mut root = BTreeMap::new();
    for path in &usr.paths {
        for top in TOPS {
            let source = path.join(top);
            if source.is_dir() && !source.is_symlink() {
                merge.folder(&mut root, top, &source, top)?;
            }
        }
    }
    if let Some(Node::Dir { children, foldable, .. }) = root.get_mut("bin") {
        *foldable = false;
        for name in &usr.wrappers {
            let wrapper = Path::new("/run/wrappers/bin").join(name);
            children.insert(name.clone(), Node::Link(wrapper));
        }
    }
    if usr.os_release.is_some()
        && let Some(Node::Dir { children, .. }) = root.get_mut("lib")
    {
        children.remove("os-release");
    }
    fs::create_dir(out).map_err(|err| Error::io("create", out, &err))?;
    emit(&root, out, "")?;
    for (place, target) in &usr.links {
        let path = out.join(place);
        let parent = path.parent().unwrap_or(out);
        fs::create_dir_all(parent).map_err(|err| Error::io("create", parent, &err))?;
        symlink(target, &path).map_err(|err| Error::io("create the link", &path, &err))?;
    }
    let sbin = out.join("sbin");
    symlink("bin", &sbin).map_err(|err| Error::io("create the link", &sbin, &err))?;
    if let Some(text) = &usr.os_release {
        let lib = out.join("lib");
        fs::create_dir_all(&lib).map_err(|err| Error::io("create", &lib, &err))?;
        let file = lib.join("os-release");
        fs::write(&file, text).map_err(|err| Error::io("write", &file, &err))?;
    }
    Ok(merge.collisions)
}

struct Merge {
    collisions: Vec<String>,
}

impl Merge {
    /// Merges the folder `source` into `into` under `name`; returns whether all its links lead
    /// somewhere from where they really are.
    fn folder(
        &mut self,
        into: &mut BTreeMap<String, Node>,
        name: &str,
        source: &Path,
        place: &str,
    ) -> Result<bool> {
        let node = into.entry(name.to_owned()).or_insert_with(Node::dir);
        if let Node::Link(_) = node {
            // A link of an earlier path to a folder: what it leads to wins.
            self.collisions.push(place.to_owned());
            return Ok(true);
        }
        let Node::Dir { children, owners, foldable } = node else { return Ok(true) };
        owners.push(source.to_owned());
        let mut sound = true;
        for (name, kind) in entries(source)? {
            let place = format!("{place}/{name}");
            if !SKIP.contains(&place.as_str()) {
                sound &= self.entry(children, &name, kind, &source.join(&name), &place)?;
            } else {
                // A folder with something left out can't be one link.
                sound = false;
            }
        }
        *foldable &= sound;
        Ok(sound)
    }

    fn entry(
        &mut self,
        children: &mut BTreeMap<String, Node>,
        name: &str,
        kind: FileType,
        source: &Path,
        place: &str,
    ) -> Result<bool> {
        if kind.is_dir() {
            return self.folder(children, name, source, place);
        }
        let mut sound = true;
        let target = if kind.is_symlink() {
            let text = fs::read_link(source).map_err(|err| Error::io("read", source, &err))?;
            sound = text.is_absolute() || source.exists();
            text
        } else {
            source.to_owned()
        };
        if let Some(old) = children.get(name) {
            if !matches!(old, Node::Link(old) if *old == target) {
                self.collisions.push(place.to_owned());
            }
        } else {
            children.insert(name.to_owned(), Node::Link(target));
        }
        Ok(sound)
    }
}

/// Entries by name, with the kind that the folder itself tells: no further system calls.
fn entries(dir: &Path) -> Result<Vec<(String, FileType)>> {
    let fail = |err: std::io::Error| Error::io("read", dir, &err);
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if let Ok(name) = entry.file_name().into_string() {
            entries.push((name, entry.file_type().map_err(fail)?));
        }
    }
    entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Ok(entries)
}

fn emit(children: &BTreeMap<String, Node>, out: &Path, place: &str) -> Result<()> {
    for (name, node) in children {
        let path = out.join(name);
        let place = if place.is_empty() { name.clone() } else { format!("{place}/{name}") };
        match node {
            Node::Link(target) if is_text(&place, target) => copy(target, &path)?,
            Node::Link(target) => link(target, &path)?,
            Node::Dir { owners, foldable, .. } if *foldable && may_fold(&place, owners) => {
                link(&owners[0], &path)?;
            }
            Node::Dir { children, .. } => {
                fs::create_dir(&path).map_err(|err| Error::io("create", &path, &err))?;
                emit(children, &path, &place)?;
            }
        }
    }
    Ok(())
}

fn may_fold(place: &str, owners: &[PathBuf]) -> bool {
    let real = |dir: &str| place == dir || place.starts_with(&format!("{dir}/"));
    let above = SKIP.iter().any(|skip| skip.starts_with(&format!("{place}/")));
    owners.len() == 1
        && place.contains('/')
        && place != layout::LIB
        && !above
        && !REAL.iter().any(|d| real(d))
}

/// A file of a package, no link, in one of the folders of texts.
fn is_text(place: &str, target: &Path) -> bool {
    let inside =
        |folder: &&str| place.strip_prefix(*folder).is_some_and(|rest| rest.starts_with('/'));
    TEXTS.iter().any(inside)
        && target.is_absolute()
        && fs::symlink_metadata(target).is_ok_and(|meta| meta.is_file())
}

fn copy(source: &Path, path: &Path) -> Result<()> {
    fs::copy(source, path).map(drop).map_err(|err| Error::io("copy to", path, &err))
}

fn link(target: &Path, path: &Path) -> Result<()> {
    symlink(target, path).map_err(|err| Error::io("create the link", path, &err))
}
