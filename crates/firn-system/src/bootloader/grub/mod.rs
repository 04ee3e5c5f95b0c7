//! GRUB: its menu with the generations of the system, the kernels it starts, and the loader itself on disks and EFI
//! system partitions, which `grub-install` writes. Titles and order of the menu are those of NixOS, so that
//! `grub-reboot "NixOS - All configurations>…"` works as there.

pub mod folder;
pub mod image;
mod menu;
mod places;
mod program;

use super::{Generation, Outcome, PROFILES, Settings};
use crate::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `bootLoader.grub` in a system's `activation.json`: the options of `boot.loader.grub`.
#[derive(Debug, Deserialize, Default, Clone)]
#[serde(rename_all = "camelCase", default)]
pub struct Grub {
    /// Folders that machines start from, with their disks.
    pub boots: Vec<Boot>,
    /// Whether it is installed for BIOS, where disks are named.
    pub bios: bool,
    /// Whether it is installed for UEFI.
    pub efi: bool,
    /// Whether that is done where firmware looks by default.
    pub removable: bool,
    /// Whether the firmware's boot entries may be changed.
    pub variables: bool,
    /// Whether it is installed also where it finds problems.
    pub force: bool,
    /// Whether it opens encrypted disks.
    pub cryptodisk: bool,
    /// Further arguments of `grub-install`.
    pub arguments: Vec<String>,
    /// The package, and its version.
    pub package: PathBuf,
    /// What it calls itself.
    pub version: String,
    /// Search path of the programs it runs.
    pub programs: String,
    /// Users of the menu.
    pub users: BTreeMap<String, User>,
    /// Whether kernels are copied to the boot folder.
    pub copy_kernels: bool,
    /// How file systems are named: `uuid`, `label` or `provided`.
    pub fs_identifier: String,
    /// Where GRUB finds the store.
    pub store_path: PathBuf,
    /// Number or title of the default entry, or `saved`.
    pub default: String,
    /// What is seen while the menu waits.
    pub timeout_style: String,
    /// Files copied to the boot folder by place.
    pub extra_files: BTreeMap<String, PathBuf>,
    /// Shell commands run when the menu is made.
    pub extra_prepare_config: String,
    /// What the menu looks like and says besides.
    #[serde(flatten)]
    pub look: Look,
}

/// What the menu looks like, and the commands of GRUB that stand in it.
#[derive(Debug, Deserialize, Default, Clone)]
#[serde(rename_all = "camelCase", default)]
pub struct Look {
    /// Before the entries.
    pub extra_config: String,
    /// Entries.
    pub extra_entries: String,
    /// Whether these come first.
    #[serde(rename = "extraEntriesBeforeNixOS")]
    pub extra_entries_first: bool,
    /// At the beginning of each entry.
    pub extra_per_entry_config: String,
    /// Options of the default entry.
    pub entry_options: String,
    /// Options of generations' entries.
    pub sub_entry_options: String,
    /// Picture behind the menu.
    pub splash_image: Option<PathBuf>,
    /// `normal` or `stretch`.
    pub splash_mode: String,
    /// Colour behind the menu.
    pub background_color: Option<String>,
    /// Font of the graphical menu.
    pub font: Option<PathBuf>,
    /// Folder of a theme.
    pub theme: Option<PathBuf>,
    /// Resolutions.
    pub gfxmode_bios: String,
    /// Resolutions under UEFI.
    pub gfxmode_efi: String,
    /// What the kernel begins with.
    pub gfxpayload_bios: String,
    /// What the kernel begins with under UEFI.
    pub gfxpayload_efi: String,
}

/// A folder that machines start from.
#[derive(Debug, Deserialize, Default, Clone)]
#[serde(default)]
pub struct Boot {
    /// The folder.
    pub path: PathBuf,
    /// Where the EFI system partition is mounted.
    pub efi: PathBuf,
    /// Name of the firmware's entry.
    pub identifier: String,
    /// Disks with BIOS; `nodev` is none.
    pub devices: Vec<String>,
}

/// A user of the menu: one of these is set.
#[derive(Debug, Deserialize, Default, Clone)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    hashed_password_file: Option<PathBuf>,
    hashed_password: Option<String>,
    password_file: Option<PathBuf>,
    password: Option<String>,
}

/// Installs GRUB on the machine that runs, so that it starts `system` from now on.
///
/// # Errors
/// When a file system can't be named for GRUB, a file can't be written, or `grub-install` fails.
pub fn install_here(
    settings: &Settings,
    grub: &Grub,
    system: &Path,
    anew: bool,
) -> Result<Outcome> {
    let generations = super::generations(Path::new(PROFILES))?;
    let mut outcome = Outcome::default();
    for boot in &grub.boots {
        crate::files::make_folder(&boot.path)?;
        let copies = grub.copy_kernels || !places::share_file_system(&boot.path, &grub.store_path)?;
        let mut places = places::Running::new(grub)?;
        let at = folder::At {
            folder: &boot.path,
            extra: if grub.efi { &boot.efi } else { &boot.path },
            boot: places.find(&boot.path)?,
            store: (!copies).then(|| places.find(&grub.store_path)).transpose()?,
        };
        let work = folder::Work { settings, grub, at, generations: &generations };
        outcome.said.extend(work.fill(system)?);
        prepare(grub, boot)?;
        outcome.said.extend(program::install(grub, boot, anew)?);
        super::sync(&boot.path)?;
    }
    Ok(outcome)
}

/// Runs the configuration's own commands.
fn prepare(grub: &Grub, boot: &Boot) -> Result<()> {
    if grub.extra_prepare_config.is_empty() {
        return Ok(());
    }
    let path = boot.path.to_string_lossy();
    let commands = grub.extra_prepare_config.replace("@bootPath@", &path);
    let mut command = Command::new("/bin/sh");
    command.arg("-ec").arg(commands).env("PATH", &grub.programs);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("ended with {status}")),
        Err(err) => Err(err.to_string()),
    }
    .map_err(|how| Error::new(format!("boot.loader.grub.extraPrepareConfig: the shell {how}")))
}

/// Shown in the menu and in names of files.
fn number_in(link: &Path) -> Option<u64> {
    let name = link.file_name()?.to_str()?;
    name.rsplit('-').nth(1)?.parse().ok()
}

/// What a profile's links lead to, the newest first.
struct Profile {
    title: String,
    generations: Vec<Generation>,
}

#[cfg(test)]
mod tests;
