//! GRUB on machines that have never run. `builtin:grub-folder` makes what is on the root partition of one that BIOS
//! starts, from `toplevel` (the system that becomes generation 1), `label` (of that partition) and `core` (a folder with
//! the loader's own images, made by GRUB's programs). For UEFI it is part of `builtin:esp-image`.

use super::folder::{At, Work};
use super::places::Place;
use super::{Grub, program};
use crate::bootloader::install::{read, update};
use crate::bootloader::{Generation, Settings};
use crate::{Error, Result, files, tree};
use firn_store::{BuiltinBuilder, BuiltinJob};
use std::path::Path;

/// The builder.
#[derive(Debug, Default, Clone, Copy)]
pub struct GrubFolderBuilder;

impl BuiltinBuilder for GrubFolderBuilder {
    fn name(&self) -> &'static str {
        "grub-folder"
    }

    fn build(&self, job: &BuiltinJob) -> Result<(), String> {
        let system = Path::new(job.require("toplevel")?);
        let (label, core) = (job.require("label")?, Path::new(job.require("core")?));
        for_bios(system, label, core, tree::output(job)?).map_err(|err| err.to_string())
    }
}

/// Makes the root's folders.
fn for_bios(system: &Path, label: &str, core: &Path, out: &Path) -> Result<()> {
    let settings = crate::bootloader::settings(system)?.unwrap_or_default();
    let Some(grub) = &settings.grub else {
        return Err(Error::new(format!("'{}' is not started by GRUB", system.display()))
            .with_help("set boot.loader.grub.enable"));
    };
    let boot = grub.boots.first().cloned().unwrap_or_default();
    let inner = boot.path.to_string_lossy().into_owned();
    let folder = out.join(inner.trim_start_matches('/'));
    let generation = Generation { number: 1, system: system.to_owned() };
    let place = Place::on(&format!("--label {label}"), &inner, 1);
    for line in fill(&settings, grub, core, &generation, &folder, place)? {
        eprintln!("{line}");
    }
    update(&folder.join(program::STATE), program::note(grub, &boot).as_bytes())
}

/// Fills the EFI system partition, which is the boot folder as well. Returns what there is to say.
///
/// # Errors
/// When the system's files can't be read, or the folder can't be written.
pub fn for_uefi(
    settings: &Settings,
    grub: &Grub,
    core: &Path,
    generation: &Generation,
    folder: &Path,
    label: &str,
) -> Result<Vec<String>> {
    update(&folder.join("EFI/BOOT/BOOTX64.EFI"), &read(&core.join("core.efi"))?)?;
    let boot = grub.boots.first().cloned().unwrap_or_default();
    let place = Place::on(&format!("--label {label}"), "", 1);
    let said = fill(settings, grub, core, generation, folder, place)?;
    update(&folder.join(program::STATE), program::note(grub, &boot).as_bytes())?;
    Ok(said)
}

/// The file of GRUB's variables when there are none: its first line, and place for some.
fn no_variables() -> Vec<u8> {
    let mut file = b"# GRUB Environment Block\n".to_vec();
    file.resize(1024, b'#');
    file
}

fn fill(
    settings: &Settings,
    grub: &Grub,
    core: &Path,
    generation: &Generation,
    folder: &Path,
    boot: Place,
) -> Result<Vec<String>> {
    files::make_folder(folder)?;
    let at = At { folder, extra: folder, boot, store: None };
    let generations = [generation.clone()];
    let said = Work { settings, grub, at, generations: &generations }.fill(&generation.system)?;
    let variables = folder.join("grub/grubenv");
    update(&variables, &no_variables())?;
    let target = if core.join("core.efi").exists() { "x86_64-efi" } else { "i386-pc" };
    let modules = grub.package.join("lib/grub").join(target);
    for entry in files::entries(&modules)? {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".mod") || name.ends_with(".lst") {
            update(&folder.join("grub").join(target).join(&name), &read(&entry.path())?)?;
        }
    }
    Ok(said)
}
