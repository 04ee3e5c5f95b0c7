//! `builtin:esp-image`: the EFI system partition of a machine that has never run, as an image. Attributes:
//! `toplevel`, the system that becomes generation 1; `spare`, MiB that stay free for further generations; `core`, a
//! folder with GRUB's program, where that is the loader.

use super::{Generation, fat};
use crate::{Error, Result, files, tree};
use firn_store::{BuiltinBuilder, BuiltinJob};
use std::fs;
use std::path::Path;

/// Label of the partition.
const LABEL: &str = "ESP";
/// With less it would be no FAT32.
const LEAST_MEBIBYTES: u64 = 40;

/// The builder.
#[derive(Debug, Default, Clone, Copy)]
pub struct EspImageBuilder;

impl BuiltinBuilder for EspImageBuilder {
    fn name(&self) -> &'static str {
        "esp-image"
    }

    fn build(&self, job: &BuiltinJob) -> Result<(), String> {
        let system = Path::new(job.require("toplevel")?);
        let spare = job.text("spare").and_then(|text| text.parse().ok()).unwrap_or(64);
        let scratch = job.tmp_dir.join("esp");
        let core = job.text("core").map(Path::new);
        build(system, &scratch, core, spare, tree::output(job)?).map_err(|err| err.to_string())
    }
}

/// Makes the image at `out`.
///
/// # Errors
/// When the system has no boot loader, or its files can't be read or written.
pub fn build(
    system: &Path,
    scratch: &Path,
    core: Option<&Path>,
    spare: u64,
    out: &Path,
) -> Result<()> {
    let settings = super::settings(system)?.ok_or_else(|| {
        Error::new(format!("'{}' has no boot loader", system.display()))
            .with_help("set boot.loader.systemd-boot.enable")
    })?;
    files::make_folder(scratch)?;
    let generation = Generation { number: 1, system: system.to_owned() };
    let said = match (&settings.grub, core) {
        (Some(grub), Some(core)) => {
            super::grub::image::for_uefi(&settings, grub, core, &generation, scratch, LABEL)?
        }
        _ => {
            let place = super::install::Place { esp: scratch, boot: None };
            super::install(&settings, place, &[generation], system, true)?
        }
    };
    for line in said {
        eprintln!("{line}");
    }
    let mebibytes = (used(scratch)? >> 20) + 1 + spare;
    fat::write_image(scratch, LABEL, mebibytes.max(LEAST_MEBIBYTES), out)
}

/// Bytes of all files below a folder, with room for what they cost in whole clusters.
fn used(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in files::entries(folder)? {
        let meta =
            fs::metadata(entry.path()).map_err(|err| Error::io("read", &entry.path(), &err))?;
        sum += if meta.is_dir() { used(&entry.path())? } else { meta.len() } + 4096;
    }
    Ok(sum)
}
