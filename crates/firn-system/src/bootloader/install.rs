//! Everything on the boot partition: kernels, initial file systems, entries, the loader and its settings.

use super::counting::{self, OnDisk};
use super::entries::{self, Entry};
use super::{ENTRIES, Generation, KERNELS, Settings, extra, loaders, secrets};
use crate::{Error, Result, files};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the partitions are.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The one that firmware reads: the loader and its settings.
    pub esp: &'a Path,
    /// The one with kernels and entries, if that is another.
    pub boot: Option<&'a Path>,
}

impl<'a> Place<'a> {
    fn boot(&self) -> &'a Path {
        self.boot.unwrap_or(self.esp)
    }
}

/// Makes the machine with these partitions start the given generations, `default` first, with the settings of
/// that system: the default is a generation or a variant of one. `anew` replaces the loader whatever its version.
/// Returns what there is to say.
///
/// # Errors
/// When a file of the default system can't be read, or a partition can't be written.
pub fn install(
    settings: &Settings,
    place: Place<'_>,
    generations: &[Generation],
    default: &Path,
    anew: bool,
) -> Result<Vec<String>> {
    let mut work =
        Work { settings, boot: place.boot(), default, said: Vec::new(), wanted: Wanted::default() };
    for folder in [KERNELS, ENTRIES] {
        files::make_folder(&work.boot.join(folder))?;
    }
    work.said.extend(loaders::install(settings, place.esp, anew)?);
    let limit = settings.configuration_limit.unwrap_or(usize::MAX);
    for generation in &generations[generations.len().saturating_sub(limit)..] {
        work.generation(generation)?;
    }
    work.wanted.remove_others(work.boot)?;
    let default = work.wanted.default.as_deref();
    update(
        &place.esp.join("loader/loader.conf"),
        entries::loader_conf(settings, default).as_bytes(),
    )?;
    extra::replace(settings, work.boot)?;
    if place.boot.is_some() {
        Wanted::default().remove_others(place.esp)?;
    }
    Ok(work.said)
}

struct Work<'a> {
    settings: &'a Settings,
    boot: &'a Path,
    default: &'a Path,
    said: Vec<String>,
    wanted: Wanted,
}

/// Files that the entries need.
#[derive(Default)]
struct Wanted {
    entries: BTreeSet<String>,
    kernels: BTreeSet<String>,
    /// The default's entry, by its name without counters.
    default: Option<String>,
}

impl Wanted {
    /// Removes entries and kernels of generations that are gone. Others' files are left alone.
    fn remove_others(&self, boot: &Path) -> Result<()> {
        for entry in there(&boot.join(ENTRIES))? {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("nixos-generation-") && !self.entries.contains(&name) {
                files::remove(&entry.path())?;
            }
        }
        for entry in there(&boot.join(KERNELS))? {
            let kept = self.kernels.contains(&*entry.file_name().to_string_lossy());
            if !kept && !entry.path().is_dir() {
                files::remove(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// What is in a folder, if it is there.
pub(super) fn there(folder: &Path) -> Result<Vec<fs::DirEntry>> {
    if folder.is_dir() { files::entries(folder) } else { Ok(Vec::new()) }
}

impl Work<'_> {
    /// A generation and its variants. What is wrong with another than the default is only said.
    fn generation(&mut self, generation: &Generation) -> Result<()> {
        for (specialisation, system) in generation.variants()? {
            let is_default = system == self.default;
            let name = entries::base_name(generation.number, specialisation.as_deref());
            match self.variant(generation.number, specialisation.as_deref(), &system, &name) {
                Ok(()) if is_default => self.wanted.default = Some(format!("{name}.conf")),
                Ok(()) => {}
                Err(err) if is_default => return Err(err),
                Err(err) => self.said.push(format!("generation {}: {err}", generation.number)),
            }
        }
        Ok(())
    }

    /// Writes one entry and what it starts.
    fn variant(
        &mut self,
        number: u64,
        specialisation: Option<&str>,
        system: &Path,
        name: &str,
    ) -> Result<()> {
        // Secrets, the name and the place in the menu are the system's own, not those of the one that installs.
        let own = super::settings(system)?.unwrap_or_default();
        let mut entry = Entry::of(&own, number, specialisation, system)?;
        let kernels = self.boot.join(KERNELS);
        copy(&entry.kernel, &kernels.join(&entry.kernel_name))?;
        self.wanted.kernels.insert(entry.kernel_name.clone());
        if let Some((initrd, name)) = &mut entry.initrd {
            if own.secrets.is_empty() {
                copy(initrd, &kernels.join(&*name))?;
            } else {
                *name = secrets::file_name(initrd, &own.secrets);
                self.with_secrets(initrd, &own, &kernels.join(&*name), system == self.default)?;
            }
            self.wanted.kernels.insert(name.clone());
        }
        let first = self.settings.tries.is_some() && system == self.default;
        let text = entry.text(first);
        let OnDisk { file, rewrite } =
            counting::on_disk(&self.boot.join(ENTRIES), name, &text, self.settings.tries)?;
        if rewrite {
            update(&self.boot.join(ENTRIES).join(&file), text.as_bytes())?;
        }
        self.wanted.entries.insert(file);
        Ok(())
    }

    /// The initial file system with secrets. An older system whose secrets are gone keeps those it had.
    fn with_secrets(
        &mut self,
        initrd: &Path,
        own: &Settings,
        target: &Path,
        is_default: bool,
    ) -> Result<()> {
        match secrets::appended(initrd, &own.secrets) {
            Ok(content) => update(target, &content),
            Err(err) if is_default => Err(err),
            Err(err) => {
                self.said
                    .push(format!("the secrets of an older generation stay as they were: {err}"));
                if target.exists() { Ok(()) } else { copy(initrd, target) }
            }
        }
    }
}

/// Copies a file whose name tells its content, unless it is there already.
fn copy(source: &Path, target: &Path) -> Result<()> {
    let length = |path: &Path| fs::metadata(path).map(|meta| meta.len());
    let wanted = length(source).map_err(|err| Error::io("read", source, &err))?;
    if length(target).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    update(target, &read(source)?)
}

/// All of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|err| Error::io("read", path, &err))
}

/// Writes a file if its content differs; a machine that stops meanwhile has the old or the new one.
pub(super) fn update(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        files::make_folder(folder)?;
    }
    let mut fresh = path.to_owned().into_os_string();
    fresh.push(".tmp");
    let fresh = PathBuf::from(fresh);
    let written = fs::File::create(&fresh).and_then(|mut file| {
        std::io::Write::write_all(&mut file, content)?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&fresh, path))
        .map_err(|err| Error::io("write", path, &err).with_help("the boot partition may be full"))
}

/// A place on the partition, whose names are the same in upper and lower case: folders that are there already
/// are meant, however they are spelled. An image would get both otherwise, and firmware finds one.
pub(super) fn place_on(boot: &Path, place: &str) -> Result<PathBuf> {
    let mut path = boot.to_owned();
    for part in place.split('/').filter(|part| !part.is_empty()) {
        let names = there(&path)?.into_iter().map(|e| e.file_name().to_string_lossy().into_owned());
        let same = names.into_iter().find(|name| name.eq_ignore_ascii_case(part));
        path.push(same.as_deref().unwrap_or(part));
    }
    Ok(path)
}
