//! What tables say of partitions: names and identifiers, by which devices are named below `/dev/disk`. GUID partition
//! tables are described in chapter 5 of the UEFI specification.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

const SECTOR: usize = 512;
/// So much of a disk has its table: a record, a header and 128 entries.
const TABLE: usize = 34 * SECTOR;

/// The name of a partition. Devices without one have none.
pub fn name(device: &Path) -> Option<String> {
    let told = fs::read_to_string(folder(device)?.join("uevent")).ok()?;
    told.lines().find_map(|line| line.strip_prefix("PARTNAME=")).map(str::to_owned)
}

/// The identifier of a partition, in small letters.
pub fn uuid(device: &Path) -> Option<String> {
    let folder = folder(device)?;
    let number: usize = fs::read_to_string(folder.join("partition")).ok()?.trim().parse().ok()?;
    // A partition's folder is in its disk's.
    let disk = fs::canonicalize(folder).ok()?;
    let disk = Path::new("/dev").join(disk.parent()?.file_name()?);
    let mut table = vec![0; TABLE];
    File::open(disk).ok()?.read_exact_at(&mut table, 0).ok()?;
    identifier(&table, number)
}

fn folder(device: &Path) -> Option<std::path::PathBuf> {
    Some(Path::new("/sys/class/block").join(device.file_name()?))
}

/// The identifier of the partition with this number, counted from one, in the first sectors of a disk.
fn identifier(table: &[u8], number: usize) -> Option<String> {
    let number_at = |at: usize| Some(u32::from_le_bytes(table.get(at..at + 4)?.try_into().ok()?));
    if table.get(SECTOR..SECTOR + 8)? != b"EFI PART" {
        return Some(format!("{:08x}-{number:02x}", number_at(440)?));
    }
    let (first, size) = (number_at(SECTOR + 72)? as usize, number_at(SECTOR + 84)? as usize);
    let entry =
        first.checked_mul(SECTOR)?.checked_add(size.checked_mul(number.checked_sub(1)?)?)?;
    let id = table.get(entry.checked_add(16)?..entry.checked_add(32)?)?;
    let hex = |bytes: &mut dyn Iterator<Item = &u8>| -> String {
        bytes.map(|byte| format!("{byte:02x}")).collect()
    };
    // The first three numbers are stored with their last byte first.
    Some(format!(
        "{}-{}-{}-{}-{}",
        hex(&mut id[..4].iter().rev()),
        hex(&mut id[4..6].iter().rev()),
        hex(&mut id[6..8].iter().rev()),
        hex(&mut id[8..10].iter()),
        hex(&mut id[10..].iter())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_those_of_both_kinds_of_table() {
        let mut table = vec![0; TABLE];
        table[440..444].copy_from_slice(&[0x78, 0x56, 0x34, 0x12]);
        assert_eq!(identifier(&table, 2).as_deref(), Some("12345678-02"));
        table[512..520].copy_from_slice(b"EFI PART");
        table[512 + 72] = 2;
        table[512 + 84] = 128;
        let second = 2 * 512 + 128 + 16;
        for at in 0..16 {
            table[second + at] = at as u8;
        }
        assert_eq!(identifier(&table, 2).as_deref(), Some("03020100-0504-0706-0809-0a0b0c0d0e0f"));
        assert_eq!(identifier(&table, 200), None);
        assert_eq!(identifier(&table, 0), None);
        table[512 + 72..512 + 76].fill(0xff);
        assert_eq!(identifier(&table, 2), None);
        assert_eq!(identifier(&[], 1), None);
    }
}
