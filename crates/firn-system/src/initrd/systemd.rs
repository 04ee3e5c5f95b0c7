//! An initial file system whose first process is the service manager.

use super::contents::Collector;
use super::cpio::Archive;
use super::modules::Index;
use super::{Request, read, write};
use crate::{Result, files};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What it consists of beside kernel modules.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Contents {
    /// Links by their place; the targets come along.
    pub links: BTreeMap<String, PathBuf>,
    /// Folders whose files appear at a place, beside others.
    pub trees: BTreeMap<String, PathBuf>,
    /// Folders whose programs appear in `/usr/bin`, unless others have their names.
    pub programs: Vec<PathBuf>,
    /// Further paths of the store.
    pub store_paths: Vec<PathBuf>,
    /// Paths of the store that are left out.
    pub suppressed: Vec<PathBuf>,
    /// Empty folders.
    pub folders: Vec<String>,
}

/// Where kernel modules are.
const MODULES: &str = "/usr/lib/modules";

/// What `modprobe` reads; the whole kernel's, as names of absent modules do no harm.
const INDEX: [&str; 8] = [
    "modules.alias.bin",
    "modules.builtin",
    "modules.builtin.alias.bin",
    "modules.builtin.bin",
    "modules.dep.bin",
    "modules.devname",
    "modules.softdep",
    "modules.symbols.bin",
];

/// Makes `out/initrd`.
///
/// # Errors
/// When a file that is needed can't be read, or the archive can't be written.
pub fn build(
    request: &Request,
    contents: &Contents,
    folders: &[PathBuf],
    store: &str,
    out: &Path,
) -> Result<()> {
    let mut archive = Archive::new();
    // The kernel's own root is open to everyone, which sshd refuses.
    archive.folder(".", 0o755);
    let mut collector = Collector::new(&mut archive, Path::new(store));
    for folder in &contents.folders {
        collector.folder(Path::new(folder));
    }
    collector.device(Path::new("/dev/console"), 0o600, (5, 1));
    for (place, source) in &contents.trees {
        collector.expand(Path::new(place), source)?;
    }
    for (place, target) in &contents.links {
        collector.link(Path::new(place), target);
    }
    for folder in &contents.programs {
        collector.expand(Path::new("/usr/bin"), folder)?;
    }
    kernel_modules(&mut collector, request, folders)?;
    for (place, source) in &request.files {
        collector.file(Path::new(place), 0o400, &read(source)?);
    }
    for path in contents.store_paths.iter().filter(|path| !contents.suppressed.contains(path)) {
        collector.add(path);
    }
    collector.finish()?;
    write(archive, out)
}

/// The modules that are asked for and what they depend on, where `modprobe` looks for them.
fn kernel_modules(
    collector: &mut Collector<'_>,
    request: &Request,
    folders: &[PathBuf],
) -> Result<()> {
    let index = Index::of(folders)?;
    let mut wanted = BTreeSet::new();
    for name in request.modules.iter().chain(&request.available) {
        if !index.knows(name) {
            eprintln!("warning: the kernel has no module '{name}'");
        }
        wanted.extend(index.with_dependencies(name)?);
    }
    let place = |path: &Path| {
        let inside = folders.iter().find_map(|folder| path.strip_prefix(folder).ok());
        inside.map(|inside| Path::new(MODULES).join(inside))
    };
    for path in &wanted {
        if let Some(place) = place(path) {
            collector.file(&place, 0o444, &read(path)?);
        }
    }
    for folder in folders {
        for version in files::entries(folder)? {
            for name in INDEX {
                let path = version.path().join(name);
                if let Some(place) = place(&path).filter(|_| path.exists()) {
                    collector.file(&place, 0o444, &read(&path)?);
                }
            }
        }
    }
    Ok(())
}
