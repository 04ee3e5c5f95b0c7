//! Disks of virtual machines, made before their first start.

use super::{efivars, gpt, mbr, packed};
use crate::error::{Context, MachineError, Result};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file to make before the first start.
#[derive(Clone, Debug)]
pub struct DiskPlan {
    /// Where.
    pub file: PathBuf,
    /// What is on it.
    pub content: DiskContent,
}

/// What is on a disk.
#[derive(Clone, Debug)]
pub enum DiskContent {
    /// What is in another file.
    Copy(PathBuf),
    /// What is in a packed file ([`super::packed`]).
    Packed(PathBuf),
    /// UEFI variables ([`efivars`]).
    Variables {
        /// The image as it is delivered.
        template: PathBuf,
        /// What the firmware starts first.
        entry: Option<BootEntry>,
    },
    /// Nothing, for so many MiB.
    Empty(u32),
    /// One file system.
    FileSystem {
        /// MiB.
        size: u32,
        /// Program that makes it (`mkfs.ext4`).
        mkfs: PathBuf,
    },
    /// An EFI system partition, and a root partition behind it.
    Partitioned {
        /// MiB of the root partition.
        size: u32,
        /// Image of the EFI system partition.
        boot: PathBuf,
        /// Program that makes the root's file system.
        mkfs: PathBuf,
        /// What is on the root at first.
        root: Option<PathBuf>,
    },
    /// A root partition, which BIOS starts GRUB from.
    Bios {
        /// MiB of the root partition.
        size: u32,
        /// GRUB's boot sector.
        sector: PathBuf,
        /// Its core.
        core: PathBuf,
        /// Program that makes the root's file system.
        mkfs: PathBuf,
        /// What is on the root at first.
        root: Option<PathBuf>,
    },
}

/// An entry of the firmware's boot menu for the EFI system partition of the first disk.
#[derive(Clone, Debug)]
pub struct BootEntry {
    /// What the menu shows.
    pub title: String,
    /// The program on that partition, with backslashes.
    pub file: String,
    /// Image of that partition.
    pub boot: PathBuf,
}

/// Blocks of a copy; those that hold only zeros become holes.
const BLOCK: usize = 64 << 10;

impl DiskPlan {
    /// Makes the file, unless it is there: a machine's disks outlive its restarts.
    ///
    /// # Errors
    /// When it can't be written, or the program that makes a file system fails.
    pub fn make(&self) -> Result<()> {
        if self.file.exists() {
            return Ok(());
        }
        let made = self.fill();
        if made.is_err() {
            let _ = std::fs::remove_file(&self.file);
        }
        made
    }

    fn fill(&self) -> Result<()> {
        let failed = || format!("cannot make the disk {}", self.file.display());
        let file = File::create(&self.file).doing(failed)?;
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&self.file, private).doing(failed)?;
        match &self.content {
            DiskContent::Copy(source) => copy(source, &file, 0).doing(failed),
            DiskContent::Packed(source) => packed::unpack(source, &file)
                .doing(|| format!("{} from {}", failed(), source.display())),
            DiskContent::Variables { template, entry } => {
                let image = variables(template, entry.as_ref())?;
                file.write_all_at(&image, 0).doing(failed)
            }
            DiskContent::Empty(size) => file.set_len(bytes(*size)).doing(failed),
            DiskContent::FileSystem { size, mkfs } => {
                file.set_len(bytes(*size)).doing(failed)?;
                let whole = gpt::Partition { start: 0, length: bytes(*size) };
                format(mkfs, &self.file, whole, None)
            }
            DiskContent::Partitioned { size, boot, mkfs, root } => {
                let length = std::fs::metadata(boot).doing(failed)?.len();
                let disk = bytes(*size) + length + (4 << 20);
                let partitions = gpt::layout(disk, length)
                    .ok_or_else(|| MachineError::gone(format!("{}: too small", failed())))?;
                file.set_len(disk).doing(failed)?;
                gpt::write(&file, disk, &partitions).doing(failed)?;
                copy(boot, &file, partitions[0].start).doing(failed)?;
                format(mkfs, &self.file, partitions[1], root.as_deref())
            }
            DiskContent::Bios { size, sector, core, mkfs, root } => {
                let disk = bytes(*size) + (1 << 20);
                let partition = mbr::layout(disk)
                    .ok_or_else(|| MachineError::gone(format!("{}: its size is none", failed())))?;
                let read = |path: &Path| std::fs::read(path).doing(failed);
                let beginning = mbr::beginning(&read(sector)?, &read(core)?, partition)
                    .map_err(|error| MachineError::gone(format!("{}: {error}", failed())))?;
                file.set_len(disk).doing(failed)?;
                file.write_all_at(&beginning, 0).doing(failed)?;
                format(mkfs, &self.file, partition, root.as_deref())
            }
        }
    }
}

/// The image of the firmware's variables, with an entry for what is on the first disk.
fn variables(template: &Path, entry: Option<&BootEntry>) -> Result<Vec<u8>> {
    let failed = || format!("cannot read the UEFI variables {}", template.display());
    let image = std::fs::read(template).doing(failed)?;
    let Some(BootEntry { title, file, boot }) = entry else { return Ok(image) };
    let length = std::fs::metadata(boot).doing(failed)?.len();
    let place = gpt::boot_partition(length);
    let mut variables = efivars::read(&image)?;
    let program = efivars::BootProgram {
        title,
        number: 1,
        sectors: (place.start / gpt::SECTOR, place.length / gpt::SECTOR),
        identifier: gpt::identifier(1),
        file,
    };
    efivars::put_boot_entry(&mut variables, &program);
    efivars::write(&image, &variables)
}

fn bytes(mebibytes: u32) -> u64 {
    u64::from(mebibytes) << 20
}

/// Copies a file to an offset of another, which grows as needed.
fn copy(source: &Path, target: &File, offset: u64) -> std::io::Result<()> {
    let mut source = File::open(source)?;
    let length = source.metadata()?.len();
    if target.metadata()?.len() < offset + length {
        target.set_len(offset + length)?;
    }
    let mut block = vec![0u8; BLOCK];
    let mut at = offset;
    loop {
        let count = source.read(&mut block)?;
        if count == 0 {
            return Ok(());
        }
        if block[..count].iter().any(|byte| *byte != 0) {
            target.write_all_at(&block[..count], at)?;
        }
        at += count as u64;
    }
}

/// Makes an ext4 labelled `nixos` in a part of the file.
fn format(mkfs: &Path, file: &Path, place: gpt::Partition, root: Option<&Path>) -> Result<()> {
    let failed = || format!("cannot format the disk {}", file.display());
    let options = "lazy_itable_init=1,lazy_journal_init=1,nodiscard";
    let mut command = Command::new(mkfs);
    command.args(["-q", "-F", "-L", "nixos", "-E"]);
    command.arg(format!("{options},offset={}", place.start));
    if let Some(root) = root {
        command.arg("-d").arg(root);
    }
    command.arg(file).arg(format!("{}k", place.length >> 10)).env_clear();
    let output = command.output().doing(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).trim().to_string();
    Err(MachineError::gone(format!("{}: {text}", failed())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn copies_are_sparse_and_disks_are_made_once() {
        let scratch = tempfile::tempdir().unwrap();
        let source = scratch.path().join("source");
        let mut content = vec![0u8; 3 * BLOCK + 5];
        content[BLOCK + 1] = 1;
        std::fs::write(&source, &content).unwrap();
        let file = scratch.path().join("disk");
        let plan = DiskPlan { file: file.clone(), content: DiskContent::Copy(source) };
        plan.make().unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), content);
        std::fs::write(&file, "changed").unwrap();
        plan.make().unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"changed");
    }
}
