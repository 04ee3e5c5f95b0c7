//! systemd-boot on the EFI system partition: the loader itself, an entry for each generation of the
//! system and each of its specialisations, and their kernels and initial file systems.
//!
//! Entries follow the Boot Loader Specification, type 1; names and places are those of NixOS, so that
//! `bootctl set-default nixos-generation-1.conf` works as there.

mod entries;
pub mod fat;
pub mod image;
mod secrets;

pub use entries::{Generation, generations};

use crate::{Error, Result, files};
use entries::Entry;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where kernels and initial file systems are on the partition.
const KERNELS: &str = "EFI/nixos";
const ENTRIES: &str = "loader/entries";
/// Where the loader is, and where firmware looks when it has no entry for it.
const LOADERS: [&str; 2] = ["EFI/systemd/systemd-bootx64.efi", "EFI/BOOT/BOOTX64.EFI"];

/// `bootLoader` in a system's `activation.json`.
#[derive(Debug, Deserialize, Default, Clone)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Which boot loader.
    pub kind: String,
    /// Seconds for the menu; none waits for ever.
    pub timeout: Option<i64>,
    /// Where the partition is mounted.
    pub esp: PathBuf,
    /// Whether the firmware's boot entries may be changed.
    pub variables: bool,
    /// Whether entries can be edited in the menu.
    pub editor: bool,
    /// Resolution of the menu.
    pub console_mode: String,
    /// Whether failures to change firmware variables are passed over.
    pub graceful: bool,
    /// How many generations the menu shows.
    pub configuration_limit: Option<usize>,
    /// Further entries by file name.
    pub extra_entries: BTreeMap<String, String>,
    /// Further files by place on the partition.
    pub extra_files: BTreeMap<String, PathBuf>,
    /// Shell commands run after the installation.
    pub extra_commands: String,
    /// The loader's program.
    pub loader: PathBuf,
    /// The program that registers the loader with the firmware.
    pub bootctl: PathBuf,
    /// Name of the system in the menu.
    pub title: String,
    /// Files added to the initial file system, by place in it.
    pub secrets: BTreeMap<String, PathBuf>,
}

/// Reads the settings of a system; none when it has no boot loader.
///
/// # Errors
/// When they can't be read.
pub fn settings(system: &Path) -> Result<Option<Settings>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Plan {
        boot_loader: Option<Settings>,
    }
    let path = system.join("activation.json");
    let text = files::read_text(&path)?;
    let plan: Plan = serde_json::from_str(&text)
        .map_err(|err| Error::new(format!("'{}' is no plan: {err}", path.display())))?;
    Ok(plan.boot_loader)
}

/// Where generations of the system are.
const PROFILES: &str = "/nix/var/nix/profiles";
const VARIABLES: &str = "/sys/firmware/efi/efivars";

/// Installs the boot loader of `system` on the machine that runs. Returns warnings.
///
/// # Errors
/// When the boot partition is not mounted, or can't be written.
pub fn install_here(settings: &Settings, system: &Path) -> Result<Vec<String>> {
    if !crate::stage2::is_mount_point(&settings.esp) {
        return Err(Error::new(format!("nothing is mounted at '{}'", settings.esp.display()))
            .with_help(
                "mount the EFI system partition there, or set boot.loader.efi.efiSysMountPoint",
            ));
    }
    let generations = generations(Path::new(PROFILES))?;
    let mut warnings = install(settings, &settings.esp, &generations, system)?;
    if settings.variables && std::env::var_os("NIXOS_INSTALL_BOOTLOADER").is_some() {
        warnings.extend(register(settings)?);
    }
    if !settings.extra_commands.is_empty() {
        let status = Command::new("/bin/sh").arg("-ec").arg(&settings.extra_commands).status();
        if !status.is_ok_and(|status| status.success()) {
            warnings.push("boot.loader.systemd-boot.extraInstallCommands failed".to_owned());
        }
    }
    Ok(warnings)
}

/// Tells the firmware of the loader.
fn register(settings: &Settings) -> Result<Option<String>> {
    let mut command = Command::new(&settings.bootctl);
    command.arg("install").arg("--esp-path").arg(&settings.esp);
    let failure = match command.output() {
        _ if !Path::new(VARIABLES).exists() => "the machine was not started by UEFI".to_owned(),
        Ok(output) if output.status.success() => return Ok(None),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(err) => err.to_string(),
    };
    let text = format!("the firmware's boot entries can't be changed: {failure}");
    match settings.graceful {
        true => Ok(Some(text)),
        false => Err(Error::new(text)
            .with_help("boot.loader.efi.canTouchEfiVariables = false leaves them alone")),
    }
}

/// Makes the partition mounted at `esp` start the given generations, `default` first, with the settings
/// of that system. Returns warnings.
///
/// # Errors
/// When a file of the default system can't be read, or the partition can't be written.
pub fn install(
    settings: &Settings,
    esp: &Path,
    generations: &[Generation],
    default: &Path,
) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    let limit = settings.configuration_limit.unwrap_or(usize::MAX);
    let kept = &generations[generations.len().saturating_sub(limit)..];
    let mut wanted = Wanted::default();
    for folder in [KERNELS, ENTRIES] {
        files::make_folder(&esp.join(folder))?;
    }
    for generation in kept {
        let is_default = generation.system == default;
        match generation_files(settings, esp, generation, &mut wanted) {
            Ok(()) => {}
            Err(err) if is_default => return Err(err),
            Err(err) => warnings.push(format!("generation {}: {err}", generation.number)),
        }
    }
    match generations.iter().find(|generation| generation.system == default) {
        Some(generation) => {
            let text = entries::loader_conf(settings, &entries::file_name(generation.number, None));
            update(&esp.join("loader/loader.conf"), text.as_bytes())?;
        }
        None => warnings.push(format!(
            "'{}' is no generation of the system profile, so the default entry stays as it is",
            default.display()
        )),
    }
    for place in LOADERS {
        copy(&settings.loader, &esp.join(place))?;
    }
    for (name, text) in &settings.extra_entries {
        update(&esp.join(ENTRIES).join(name), text.as_bytes())?;
    }
    for (place, source) in &settings.extra_files {
        copy(source, &place_on(esp, place)?)?;
    }
    wanted.remove_others(esp)?;
    Ok(warnings)
}

/// Files that the entries need.
#[derive(Default)]
struct Wanted {
    entries: BTreeSet<String>,
    kernels: BTreeSet<String>,
}

impl Wanted {
    /// Removes entries and kernels of generations that are gone. Others' files are left alone.
    fn remove_others(&self, esp: &Path) -> Result<()> {
        for entry in files::entries(&esp.join(ENTRIES))? {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("nixos-generation-") && !self.entries.contains(&name) {
                files::remove(&entry.path())?;
            }
        }
        for entry in files::entries(&esp.join(KERNELS))? {
            if !self.kernels.contains(&*entry.file_name().to_string_lossy()) {
                files::remove(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// Writes the entries of a generation and what they start.
fn generation_files(
    settings: &Settings,
    esp: &Path,
    generation: &Generation,
    wanted: &mut Wanted,
) -> Result<()> {
    for (specialisation, system) in generation.variants()? {
        let entry = Entry::of(settings, generation.number, specialisation.as_deref(), &system)?;
        // A variant may have secrets of its own.
        let own = self::settings(&system)?.unwrap_or_default();
        copy(&entry.kernel, &esp.join(KERNELS).join(&entry.kernel_name))?;
        wanted.kernels.insert(entry.kernel_name.clone());
        if let Some((initrd, name)) = &entry.initrd {
            let place = esp.join(KERNELS).join(name);
            if own.secrets.is_empty() {
                copy(initrd, &place)?;
            } else {
                update(&place, &secrets::appended(initrd, &own.secrets)?)?;
            }
            wanted.kernels.insert(name.clone());
        }
        let name = entries::file_name(generation.number, specialisation.as_deref());
        update(&esp.join(ENTRIES).join(&name), entry.text().as_bytes())?;
        wanted.entries.insert(name);
    }
    Ok(())
}

/// A place on the partition, whose names are the same in upper and lower case: folders that are there already
/// are meant, however they are spelled. An image would get both otherwise, and firmware finds one.
fn place_on(esp: &Path, place: &str) -> Result<PathBuf> {
    let mut path = esp.to_owned();
    for part in place.split('/').filter(|part| !part.is_empty()) {
        let there = if path.is_dir() { files::entries(&path)? } else { Vec::new() };
        let names = there.iter().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let same = names.into_iter().find(|name| name.eq_ignore_ascii_case(part));
        path.push(same.as_deref().unwrap_or(part));
    }
    Ok(path)
}

/// Copies a file whose name tells its content, unless it is there already.
fn copy(source: &Path, target: &Path) -> Result<()> {
    let length = |path: &Path| fs::metadata(path).map(|meta| meta.len());
    let in_store = target.components().any(|part| part.as_os_str() == "nixos");
    let wanted = length(source).map_err(|err| Error::io("read", source, &err))?;
    if in_store && length(target).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    let content = fs::read(source).map_err(|err| Error::io("read", source, &err))?;
    update(target, &content)
}

/// Writes a file if its content differs; a machine that stops meanwhile has the old or the new one.
fn update(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        files::make_folder(folder)?;
    }
    let fresh = path.with_extension("tmp");
    let written = fs::File::create(&fresh).and_then(|mut file| {
        std::io::Write::write_all(&mut file, content)?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&fresh, path))
        .map_err(|err| Error::io("write", path, &err).with_help("the boot partition may be full"))
}

#[cfg(test)]
mod tests;
