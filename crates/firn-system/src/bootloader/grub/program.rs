//! The loader itself, written by `grub-install`. What was installed last is noted in the boot folder, in NixOS' form, so
//! that disks are written to only when something of it is another.

use super::{Boot, Grub};
use crate::bootloader::install::update;
use crate::{Error, Result, files};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// Where it is noted, in the boot folder.
pub const STATE: &str = "grub/state";

/// Installs it where the note differs, or always (`anew`). Returns what was done.
///
/// # Errors
/// When `grub-install` fails.
pub fn install(grub: &Grub, boot: &Boot, anew: bool) -> Result<Vec<String>> {
    let state = boot.path.join(STATE);
    let wanted = note(grub, boot);
    if !anew && files::read_text_if_there(&state)?.is_some_and(|there| there == wanted) {
        return Ok(Vec::new());
    }
    let mut said = Vec::new();
    for device in boot.devices.iter().filter(|device| grub.bios && *device != "nodev") {
        said.push(format!("installing GRUB on {device}"));
        let disk = std::fs::canonicalize(device)
            .map_err(|err| Error::io("find the disk", Path::new(device), &err))?;
        let mut command = command(grub, boot, "i386-pc");
        run(command.arg(disk), device)?;
    }
    if grub.efi {
        said.push(format!("installing GRUB into {}", boot.efi.display()));
        let mut command = command(grub, boot, "x86_64-efi");
        command.arg("--efi-directory").arg(&boot.efi);
        command.arg("--no-uefi-secure-boot").arg(format!("--bootloader-id={}", boot.identifier));
        if !grub.variables {
            command.arg("--no-nvram").args(grub.removable.then_some("--removable"));
        }
        run(&mut command, &boot.efi.to_string_lossy())?;
    }
    update(&state, wanted.as_bytes())?;
    Ok(said)
}

fn command(grub: &Grub, boot: &Boot, target: &str) -> Command {
    let mut command = Command::new(grub.package.join("bin/grub-install"));
    command.env("PATH", &grub.programs).arg("--recheck");
    command.arg(format!("--target={target}"));
    command.arg(format!("--directory={}", grub.package.join("lib/grub").join(target).display()));
    command.arg(format!("--boot-directory={}", boot.path.display()));
    command.args(&grub.arguments).args(grub.force.then_some("--force"));
    if grub.cryptodisk {
        command.env("GRUB_ENABLE_CRYPTODISK", "y");
    }
    command
}

fn run(command: &mut Command, place: &str) -> Result<()> {
    let how = match command.output() {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(err) => err.to_string(),
    };
    Err(Error::new(format!("GRUB can't be installed on {place}: {how}")).with_help(
        "boot.loader.grub.devices names disks, not partitions; a disk with a GPT needs a BIOS boot partition",
    ))
}

/// What is installed: name, version, kinds of firmware, disks, the EFI system partition, and a line of JSON.
pub fn note(grub: &Grub, boot: &Boot) -> String {
    let kinds = match (grub.bios, grub.efi) {
        (true, true) => "both",
        (true, false) => "no",
        (false, true) => "only",
        (false, false) => "neither",
    };
    let package = grub.package.to_string_lossy();
    let [bios, efi] = [grub.bios, grub.efi].map(|used| if used { &*package } else { "" });
    let more =
        serde_json::json!({ "extraGrubInstallArgs": grub.arguments, "grub": bios, "grubEfi": efi });
    let mut text = format!("grub\n{}\n{kinds}\n{}\n", grub.version, boot.devices.join(","));
    let _ = writeln!(text, "{}\n{more}", boot.efi.display());
    text
}
