//! A disk for BIOS with one partition: its first sector, which firmware starts and which has the table of partitions, and
//! GRUB's core behind it, where no partition is. The layout of both: GRUB's manual, "BIOS installation", and the offsets
//! that its boot sector keeps free for whoever installs it.

use super::gpt::{Partition, SECTOR};

/// The partition begins here; what is before is the core's.
const GAP: u64 = 1 << 20;
/// Where the table of partitions begins.
const TABLE: usize = 446;
/// The part of the boot sector that a file system's own description would take.
const DESCRIPTION: std::ops::Range<usize> = 3..0x5a;
/// Number of the core's first sector, eight bytes.
const CORE_SECTOR: usize = 0x5c;
/// The drive to read from; 0xff stands for the one that firmware started from.
const BOOT_DRIVE: usize = 0x64;
/// A jump that is taken for floppy disks, which is nothing for others.
const DRIVE_CHECK: usize = 0x66;
const NO_OPERATION: [u8; 2] = [0x90, 0x90];
/// Identifies the disk: any number but zero.
const IDENTIFIER: (usize, [u8; 4]) = (440, *b"firn");
const LINUX: u8 = 0x83;
const ACTIVE: u8 = 0x80;
/// The place where cylinders, heads and sectors cannot tell one.
const FAR_AWAY: [u8; 3] = [0xfe, 0xff, 0xff];
/// The list of the core's sectors, at the end of its first one: the first number (8 bytes), how many (2 bytes) and where
/// to in memory, by sixteen (2 bytes).
const LIST: usize = 512 - 12;
/// Where the core's second sector goes in memory.
const SECOND_SECTOR: u16 = 0x820;

/// Where the root partition lies on a disk of so many bytes. None when it is too small, or too large for such a table.
pub fn layout(disk: u64) -> Option<Partition> {
    let length = disk.checked_sub(GAP).filter(|length| *length > 0)? / SECTOR * SECTOR;
    (disk / SECTOR <= u64::from(u32::MAX)).then_some(Partition { start: GAP, length })
}

/// What is before the partition: the boot sector with the table, and the core.
///
/// # Errors
/// When these are no boot sector and core of GRUB, or the core is too large.
pub fn beginning(boot: &[u8], core: &[u8], root: Partition) -> Result<Vec<u8>, String> {
    let sector = SECTOR as usize;
    if boot.len() != sector || boot[510..] != [0x55, 0xaa] {
        return Err("GRUB's boot.img is no boot sector".into());
    }
    let sectors = core.len().div_ceil(sector);
    if sectors < 2 || sectors as u64 > GAP / SECTOR - 1 {
        return Err(format!(
            "GRUB's core has {} bytes, which do not fit before the partition",
            core.len()
        ));
    }
    let mut all = vec![0; (sectors + 1) * sector];
    all[..TABLE].copy_from_slice(&boot[..TABLE]);
    all[DESCRIPTION].fill(0);
    all[CORE_SECTOR..CORE_SECTOR + 8].copy_from_slice(&1u64.to_le_bytes());
    all[BOOT_DRIVE] = 0xff;
    all[DRIVE_CHECK..DRIVE_CHECK + 2].copy_from_slice(&NO_OPERATION);
    all[IDENTIFIER.0..IDENTIFIER.0 + 4].copy_from_slice(&IDENTIFIER.1);
    all[TABLE..TABLE + 16].copy_from_slice(&entry(root));
    all[510..512].copy_from_slice(&[0x55, 0xaa]);
    all[sector..sector + core.len()].copy_from_slice(core);
    let list = sector + LIST;
    all[list..list + 8].copy_from_slice(&2u64.to_le_bytes());
    all[list + 8..list + 10].copy_from_slice(&(sectors as u16 - 1).to_le_bytes());
    all[list + 10..list + 12].copy_from_slice(&SECOND_SECTOR.to_le_bytes());
    Ok(all)
}

/// The table's entry of a partition that firmware may start.
fn entry(partition: Partition) -> [u8; 16] {
    let [first, count] = [partition.start, partition.length].map(|bytes| (bytes / SECTOR) as u32);
    let mut entry = [0; 16];
    entry[0] = ACTIVE;
    entry[1..4].copy_from_slice(&FAR_AWAY);
    entry[4] = LINUX;
    entry[5..8].copy_from_slice(&FAR_AWAY);
    entry[8..12].copy_from_slice(&first.to_le_bytes());
    entry[12..].copy_from_slice(&count.to_le_bytes());
    entry
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sector() -> Vec<u8> {
        let mut boot = vec![0x11; 512];
        boot[510..].copy_from_slice(&[0x55, 0xaa]);
        boot
    }

    #[test]
    fn golden_bytes() {
        let root = layout(64 << 20).unwrap();
        assert_eq!(root, Partition { start: 1 << 20, length: 63 << 20 });
        let all = beginning(&sector(), &[0x22; 512 * 3 + 1], root).unwrap();
        assert_eq!(all.len(), 512 * 5);
        assert_eq!(all[..4], [0x11, 0x11, 0x11, 0]);
        assert_eq!(
            all[0x59..0x69],
            [0, 0x11, 0x11, 1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0x11, 0x90, 0x90, 0x11]
        );
        assert_eq!(&all[438..446], b"\x11\x11firn\x11\x11");
        let table = [0x80, 0xfe, 0xff, 0xff, 0x83, 0xfe, 0xff, 0xff, 0, 8, 0, 0, 0, 0xf8, 1, 0];
        assert_eq!(all[446..462], table);
        assert!(all[462..510].iter().all(|byte| *byte == 0));
        assert_eq!(all[510..513], [0x55, 0xaa, 0x22]);
        assert_eq!(all[1024 - 12..1025], [2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0x20, 8, 0x22]);
        assert_eq!(all[512 * 4..512 * 4 + 2], [0x22, 0]);
    }

    #[test]
    fn what_is_none_is_refused() {
        let root = layout(64 << 20).unwrap();
        assert!(beginning(&[0; 512], &[0; 1024], root).unwrap_err().contains("no boot sector"));
        for core in [512, 2 << 20] {
            assert!(beginning(&sector(), &vec![0; core], root).unwrap_err().contains("do not fit"));
        }
        assert_eq!(layout(1 << 20), None);
        assert_eq!(layout(3 << 40), None);
    }
}
