//! What starts a machine: GRUB ([`grub`]), or systemd-boot on the EFI system partition, with the loader itself, an entry
//! for each generation of the system and each of its specialisations, and their kernels and initial file systems.
//!
//! systemd-boot's entries follow the Boot Loader Specification, type 1; names and places are those of NixOS, so that
//! `bootctl set-default nixos-generation-1.conf` works as there.

mod counting;
mod entries;
mod extra;
pub mod fat;
pub mod grub;
pub mod image;
mod install;
mod loaders;
mod secrets;

pub use entries::{Generation, generations};
pub use install::install;

use crate::{Error, Result, files};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where kernels and initial file systems are on the partition.
const KERNELS: &str = "EFI/nixos";
const ENTRIES: &str = "loader/entries";

/// `bootLoader` in a system's `activation.json`.
#[derive(Debug, Deserialize, Default, Clone)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Which boot loader.
    pub kind: String,
    /// Seconds for the menu; none waits for ever.
    pub timeout: Option<i64>,
    /// Where the partition is mounted that firmware reads.
    pub esp: PathBuf,
    /// Where the partition with kernels and entries is mounted, if that is another one.
    pub boot: Option<PathBuf>,
    /// Place of the system's entries among others in the menu.
    pub sort_key: String,
    /// How often an entry is tried before it counts as bad; none counts nothing.
    pub tries: Option<u32>,
    /// Whether the firmware's boot entries may be changed.
    pub variables: bool,
    /// Whether entries can be edited in the menu.
    pub editor: bool,
    /// Resolution of the menu.
    pub console_mode: String,
    /// Whether Windows on an encrypted disk is started by a restart of its own.
    pub reboot_for_bitlocker: bool,
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
    /// What GRUB is told, where that is the loader.
    pub grub: Option<grub::Grub>,
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
/// Set where the loader is to be installed anew and registered with the firmware; the second is its older name.
const ANEW: [&str; 2] = ["NIXOS_INSTALL_BOOTLOADER", "NIXOS_INSTALL_GRUB"];

/// What an installation has to say.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was done, and what older generations lack.
    pub said: Vec<String>,
    /// What failed after the machine could start already.
    pub failures: Vec<String>,
}

/// Installs the boot loader of `system` on the machine that runs.
///
/// # Errors
/// When a boot partition is not mounted, or can't be written.
pub fn install_here(settings: &Settings, system: &Path) -> Result<Outcome> {
    let anew = ANEW.iter().any(|name| std::env::var_os(name).is_some_and(|value| value == "1"));
    let (mut outcome, option) = match &settings.grub {
        Some(grub) => (
            grub::install_here(settings, grub, system, anew)?,
            "boot.loader.grub.extraInstallCommands",
        ),
        None => (
            install_systemd_boot(settings, system, anew)?,
            "boot.loader.systemd-boot.extraInstallCommands",
        ),
    };
    if !settings.extra_commands.is_empty() {
        let status = Command::new("/bin/sh").arg("-ec").arg(&settings.extra_commands).status();
        if !status.is_ok_and(|status| status.success()) {
            outcome.failures.push(format!("{option} failed"));
        }
    }
    Ok(outcome)
}

fn install_systemd_boot(settings: &Settings, system: &Path, anew: bool) -> Result<Outcome> {
    for (place, option) in [
        (Some(&settings.esp), "boot.loader.efi.efiSysMountPoint"),
        (settings.boot.as_ref(), "boot.loader.systemd-boot.xbootldrMountPoint"),
    ] {
        let Some(place) = place.filter(|place| !crate::stage2::is_mount_point(place)) else {
            continue;
        };
        return Err(Error::new(format!("nothing is mounted at '{}'", place.display()))
            .with_help(format!("mount the boot partition there, or set {option}")));
    }
    let generations = generations(Path::new(PROFILES))?;
    if generations.is_empty() {
        return Err(Error::new(format!("'{PROFILES}' has no generation of the system"))
            .with_help("make the system a generation first: `nix-env --profile /nix/var/nix/profiles/system --set PATH`"));
    }
    let mut outcome = Outcome::default();
    if anew && settings.variables {
        outcome.said.extend(register(settings)?);
    }
    let place = install::Place { esp: &settings.esp, boot: settings.boot.as_deref() };
    outcome.said.extend(install(settings, place, &generations, system, anew)?);
    sync(&settings.esp)?;
    settings.boot.as_deref().map_or(Ok(()), sync)?;
    Ok(outcome)
}

/// Has everything on the disk: a machine may be turned off at once.
fn sync(folder: &Path) -> Result<()> {
    let open = std::fs::File::open(folder).map_err(|err| Error::io("open", folder, &err))?;
    rustix::fs::syncfs(&open).map_err(|err| Error::io("write to its disk", folder, &err.into()))
}

/// Tells the firmware of the loader.
fn register(settings: &Settings) -> Result<Option<String>> {
    let mut command = Command::new(&settings.bootctl);
    command.arg("install").arg("--esp-path").arg(&settings.esp);
    if let Some(boot) = &settings.boot {
        command.arg("--boot-path").arg(boot);
    }
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

#[cfg(test)]
mod tests;
