//! The partition table of a disk with an EFI system partition and a root partition (UEFI
//! specification 2.10, chapter 5). Identifiers are fixed, so equal disks have equal tables.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes of a sector.
pub const SECTOR: u64 = 512;
/// Partitions begin at whole mebibytes.
const ALIGN: u64 = 2048;
const ENTRIES: usize = 128;
const ENTRY_SIZE: usize = 128;
/// Sectors that all entries take.
const ENTRY_SECTORS: u64 = (ENTRIES * ENTRY_SIZE) as u64 / SECTOR;
/// C12A7328-F81F-11D2-BA4B-00A0C93EC93B.
const EFI_SYSTEM: [u8; 16] = [
    0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b,
];
/// 0FC63DAF-8483-4772-8E79-3D69D8477DE4.
const LINUX: [u8; 16] = [
    0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47, 0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4,
];

/// A partition: where it lies on the disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Offset.
    pub start: u64,
    /// Length.
    pub length: u64,
}

/// Where the boot partition, which holds `boot` bytes, and the root partition, which takes the rest, lie
/// on a disk of `disk` bytes. None when that is too small.
pub fn layout(disk: u64, boot: u64) -> Option<[Partition; 2]> {
    let sectors = disk / SECTOR;
    let boot = boot_partition(boot);
    let root_start = (boot.start + boot.length) / SECTOR;
    // The copy of the table lies at the end.
    let end = sectors.checked_sub(ENTRY_SECTORS + 1)? / ALIGN * ALIGN;
    let root_sectors = end.checked_sub(root_start).filter(|length| *length > 0)?;
    Some([boot, Partition { start: root_start * SECTOR, length: root_sectors * SECTOR }])
}

/// Where a boot partition lies that holds so many bytes: first of all.
pub fn boot_partition(bytes: u64) -> Partition {
    let sectors = bytes.div_ceil(SECTOR).next_multiple_of(ALIGN);
    Partition { start: ALIGN * SECTOR, length: sectors * SECTOR }
}

/// Writes the table for these partitions to a disk of `disk` bytes.
///
/// # Errors
/// When the disk can't be written.
pub fn write(file: &File, disk: u64, partitions: &[Partition; 2]) -> io::Result<()> {
    let sectors = disk / SECTOR;
    let mut entries = vec![0u8; ENTRIES * ENTRY_SIZE];
    for (index, (partition, (kind, name))) in
        partitions.iter().zip([(EFI_SYSTEM, "ESP"), (LINUX, "primary")]).enumerate()
    {
        let entry = &mut entries[index * ENTRY_SIZE..(index + 1) * ENTRY_SIZE];
        entry[..16].copy_from_slice(&kind);
        entry[16..32].copy_from_slice(&identifier(index as u8 + 1));
        let first = partition.start / SECTOR;
        let last = first + partition.length / SECTOR - 1;
        entry[32..40].copy_from_slice(&first.to_le_bytes());
        entry[40..48].copy_from_slice(&last.to_le_bytes());
        for (at, unit) in name.encode_utf16().enumerate() {
            entry[56 + 2 * at..58 + 2 * at].copy_from_slice(&unit.to_le_bytes());
        }
    }
    let backup = sectors - 1;
    file.write_all_at(&protective_record(sectors), 0)?;
    file.write_all_at(&header(sectors, 1, backup, 2, &entries), SECTOR)?;
    file.write_all_at(&entries, 2 * SECTOR)?;
    let copy = backup - ENTRY_SECTORS;
    file.write_all_at(&entries, copy * SECTOR)?;
    file.write_all_at(&header(sectors, backup, 1, copy, &entries), backup * SECTOR)
}

/// The identifier of a partition by its number from 1, or of the disk (0): of version 4, and telling the number
/// only.
pub fn identifier(number: u8) -> [u8; 16] {
    let mut id = *b"firn\0\0\0\x40\x80\0disk\0\0";
    id[15] = number;
    id
}

/// What disks without this kind of table have: it keeps old programs away.
fn protective_record(sectors: u64) -> Vec<u8> {
    let mut record = vec![0u8; SECTOR as usize];
    record[446..454].copy_from_slice(&[0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff]);
    record[454..458].copy_from_slice(&1u32.to_le_bytes());
    let length = u32::try_from(sectors - 1).unwrap_or(u32::MAX);
    record[458..462].copy_from_slice(&length.to_le_bytes());
    record[510..].copy_from_slice(&[0x55, 0xaa]);
    record
}

fn header(sectors: u64, own: u64, other: u64, table: u64, entries: &[u8]) -> Vec<u8> {
    let mut header = vec![0u8; SECTOR as usize];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"EFI PART");
    put(8, &0x0001_0000_u32.to_le_bytes());
    put(12, &92u32.to_le_bytes());
    put(24, &own.to_le_bytes());
    put(32, &other.to_le_bytes());
    put(40, &(2 + ENTRY_SECTORS).to_le_bytes());
    put(48, &(sectors - ENTRY_SECTORS - 2).to_le_bytes());
    put(56, &identifier(0));
    put(72, &table.to_le_bytes());
    put(80, &(ENTRIES as u32).to_le_bytes());
    put(84, &(ENTRY_SIZE as u32).to_le_bytes());
    put(88, &crc32(entries).to_le_bytes());
    let sum = crc32(&header[..92]);
    header[16..20].copy_from_slice(&sum.to_le_bytes());
    header
}

/// CRC-32 as in ISO 3309.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn checksums_are_those_of_everyone() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn partitions_are_aligned_and_within_the_disk() {
        let [boot, root] = layout(1 << 30, (40 << 20) + 1).unwrap();
        assert_eq!(boot, Partition { start: 1 << 20, length: 41 << 20 });
        assert_eq!(root.start, 42 << 20);
        assert_eq!(root.start + root.length, (1 << 30) - (1 << 20));
        assert_eq!(layout(40 << 20, 40 << 20), None);
    }

    #[test]
    fn both_tables_are_there() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("disk");
        let file = File::create_new(&path).unwrap();
        let disk = 64 << 20;
        file.set_len(disk).unwrap();
        let partitions = layout(disk, 40 << 20).unwrap();
        write(&file, disk, &partitions).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(&bytes[512..520], b"EFI PART");
        assert_eq!(&bytes[bytes.len() - 512..][..8], b"EFI PART");
        assert_eq!(&bytes[1024..1040], EFI_SYSTEM);
        assert_eq!(&bytes[1024 + 32..1024 + 40], 2048u64.to_le_bytes());
        let copy = bytes.len() - 512 * 33;
        assert_eq!(&bytes[1024..1024 + 256], &bytes[copy..copy + 256]);
    }
}
