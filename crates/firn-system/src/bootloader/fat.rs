//! A FAT32 file system made from a folder, for EFI system partitions. Nothing in it depends on when
//! it was made. The format: Microsoft's "FAT32 File System Specification", version 1.03.

use crate::{Error, Result, files};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

const SECTOR: u64 = 512;
/// Sectors before the first table.
const RESERVED: u64 = 32;
const TABLES: u64 = 2;
const END_OF_CHAIN: u32 = 0x0fff_ffff;
const MEDIA: u8 = 0xf8;
/// 1 January 1980, the first day that the format knows.
const DATE: u16 = 0x21;
/// Least number of clusters of a FAT32; with fewer it would be read as a FAT16.
const FEWEST_CLUSTERS: u64 = 65_525;
const DIRECTORY: u8 = 0x10;
const ARCHIVE: u8 = 0x20;
const VOLUME: u8 = 0x08;
const LONG_NAME: u8 = 0x0f;

/// Writes an image of `mebibytes` with the content of `folder` to `image`, which is made anew.
///
/// # Errors
/// When the content does not fit, a name can't be written, or a file can't be read or written.
pub fn write_image(folder: &Path, label: &str, mebibytes: u64, image: &Path) -> Result<()> {
    let geometry = Geometry::of(mebibytes << 20);
    let file = File::create(image).map_err(|err| Error::io("write", image, &err))?;
    file.set_len(mebibytes << 20).map_err(|err| Error::io("write", image, &err))?;
    let mut volume =
        Volume { file, image, geometry, table: vec![0x0fff_ff00 | 0xf8, END_OF_CHAIN] };
    // The root begins at cluster 2, so it is allotted before anything else.
    let root = Node::read(folder)?;
    let first = volume.allot(root.length(true))?;
    volume.folder(&root, first, None, Some(label))?;
    volume.finish(label)
}

/// Where things are.
struct Geometry {
    sectors: u64,
    sectors_per_cluster: u64,
    sectors_per_table: u64,
    clusters: u64,
}

impl Geometry {
    fn of(bytes: u64) -> Self {
        let sectors = bytes / SECTOR;
        let mut sectors_per_cluster = 8;
        while sectors_per_cluster > 1 && sectors / sectors_per_cluster < FEWEST_CLUSTERS + 1024 {
            sectors_per_cluster /= 2;
        }
        let entries = sectors / sectors_per_cluster + 2;
        let sectors_per_table = (entries * 4).div_ceil(SECTOR);
        let data = sectors - RESERVED - TABLES * sectors_per_table;
        let clusters = data / sectors_per_cluster;
        Self { sectors, sectors_per_cluster, sectors_per_table, clusters }
    }

    fn cluster_size(&self) -> u64 {
        self.sectors_per_cluster * SECTOR
    }

    /// Offset of a cluster in the image.
    fn offset(&self, cluster: u32) -> u64 {
        let data = RESERVED + TABLES * self.sectors_per_table;
        data * SECTOR + (u64::from(cluster) - 2) * self.cluster_size()
    }
}

/// A file or folder that goes in.
struct Node {
    name: String,
    kind: Kind,
}

enum Kind {
    File(std::path::PathBuf, u64),
    Folder(Vec<Node>),
}

impl Node {
    fn read(path: &Path) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let meta = fs::metadata(path).map_err(|err| Error::io("read", path, &err))?;
        if !meta.is_dir() {
            return Ok(Self { name, kind: Kind::File(path.to_owned(), meta.len()) });
        }
        let children = files::entries(path)?
            .iter()
            .map(|entry| Self::read(&entry.path()))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { name, kind: Kind::Folder(children) })
    }

    /// Bytes that it takes; a folder's entries, for a folder.
    fn length(&self, root: bool) -> u64 {
        match &self.kind {
            Kind::File(_, length) => *length,
            Kind::Folder(children) => {
                let own = if root { 1 } else { 2 };
                let names = children.iter().map(|c| 1 + long_entries(&c.name));
                32 * (own + names.sum::<u64>())
            }
        }
    }
}

struct Volume<'a> {
    file: File,
    image: &'a Path,
    geometry: Geometry,
    table: Vec<u32>,
}

impl Volume<'_> {
    /// Takes clusters in a row for so many bytes; the number of the first one. 0 for an empty file.
    fn allot(&mut self, length: u64) -> Result<u32> {
        let count = length.div_ceil(self.geometry.cluster_size());
        if count == 0 {
            return Ok(0);
        }
        let first = self.table.len() as u64;
        if first + count > self.geometry.clusters + 2 {
            return Err(Error::new("the files do not fit into the boot partition's image"));
        }
        for cluster in first + 1..first + count {
            self.table.push(cluster as u32);
        }
        self.table.push(END_OF_CHAIN);
        Ok(first as u32)
    }

    fn write(&self, bytes: &[u8], offset: u64) -> Result<()> {
        self.file.write_all_at(bytes, offset).map_err(|err| Error::io("write", self.image, &err))
    }

    /// Writes a folder whose clusters begin at `first`, and all that is in it. `above` is the first
    /// cluster of the folder around it, 0 for the root.
    fn folder(
        &mut self,
        node: &Node,
        first: u32,
        above: Option<u32>,
        label: Option<&str>,
    ) -> Result<()> {
        let Kind::Folder(children) = &node.kind else { return Ok(()) };
        let mut entries = Vec::new();
        if let Some(label) = label {
            entries.extend(entry(&padded(label), VOLUME, 0, 0));
        }
        if let Some(above) = above {
            entries.extend(entry(b".          ", DIRECTORY, first, 0));
            entries.extend(entry(b"..         ", DIRECTORY, above, 0));
        }
        for (number, child) in children.iter().enumerate() {
            let short = short_name(&child.name, number);
            entries.extend(long_name(&child.name, &short));
            let cluster = self.allot(child.length(false))?;
            let (kind, size) = match &child.kind {
                Kind::File(path, length) => {
                    self.content(path, cluster)?;
                    (ARCHIVE, *length)
                }
                Kind::Folder(_) => {
                    let own = if label.is_some() { 0 } else { first };
                    self.folder(child, cluster, Some(own), None)?;
                    (DIRECTORY, 0)
                }
            };
            let size = u32::try_from(size).map_err(|_| {
                Error::new(format!("'{}' is too large for the boot partition", child.name))
            })?;
            entries.extend(entry(&short, kind, cluster, size));
        }
        self.write(&entries, self.geometry.offset(first))
    }

    fn content(&self, path: &Path, cluster: u32) -> Result<()> {
        if cluster == 0 {
            return Ok(());
        }
        let bytes = fs::read(path).map_err(|err| Error::io("read", path, &err))?;
        self.write(&bytes, self.geometry.offset(cluster))
    }

    /// Writes what describes the volume: boot sector, information sector, tables.
    fn finish(mut self, label: &str) -> Result<()> {
        let boot = self.boot_sector(label);
        let free = self.geometry.clusters + 2 - self.table.len() as u64;
        let mut information = vec![0u8; 512];
        information[..4].copy_from_slice(b"RRaA");
        information[484..488].copy_from_slice(b"rrAa");
        information[488..492].copy_from_slice(&(free as u32).to_le_bytes());
        information[492..496].copy_from_slice(&(self.table.len() as u32).to_le_bytes());
        information[510..].copy_from_slice(&[0x55, 0xaa]);
        for copy in [0, 6] {
            self.write(&boot, copy * SECTOR)?;
            self.write(&information, (copy + 1) * SECTOR)?;
        }
        let table = std::mem::take(&mut self.table);
        let bytes: Vec<u8> = table.into_iter().flat_map(u32::to_le_bytes).collect();
        for number in 0..TABLES {
            let start = RESERVED + number * self.geometry.sectors_per_table;
            self.write(&bytes, start * SECTOR)?;
        }
        Ok(())
    }

    fn boot_sector(&self, label: &str) -> Vec<u8> {
        let geometry = &self.geometry;
        let mut sector = vec![0u8; 512];
        let mut put = |at: usize, bytes: &[u8]| sector[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &[0xeb, 0x58, 0x90]);
        put(3, b"FIRN    ");
        put(11, &(SECTOR as u16).to_le_bytes());
        put(13, &[geometry.sectors_per_cluster as u8]);
        put(14, &(RESERVED as u16).to_le_bytes());
        put(16, &[TABLES as u8]);
        put(21, &[MEDIA]);
        put(24, &63u16.to_le_bytes());
        put(26, &255u16.to_le_bytes());
        put(32, &(geometry.sectors as u32).to_le_bytes());
        put(36, &(geometry.sectors_per_table as u32).to_le_bytes());
        put(44, &2u32.to_le_bytes());
        put(48, &1u16.to_le_bytes());
        put(50, &6u16.to_le_bytes());
        put(64, &[0x80]);
        put(66, &[0x29]);
        put(67, &0x1234_5678_u32.to_le_bytes());
        put(71, &padded(label));
        put(82, b"FAT32   ");
        put(510, &[0x55, 0xaa]);
        sector
    }
}

/// A name of eight and three characters without a dot.
type Short = [u8; 11];

fn padded(text: &str) -> Short {
    let mut name = [b' '; 11];
    for (to, from) in name.iter_mut().zip(text.bytes()) {
        *to = from.to_ascii_uppercase();
    }
    name
}

/// The name as it is, if it is short and in capitals; else one that no other in the folder has.
fn short_name(name: &str, number: usize) -> Short {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let mut short = [b' '; 11];
    let put = |to: &mut [u8], text: &str| {
        to.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    };
    if fits(name) {
        put(&mut short[..8], stem);
        put(&mut short[8..], extension);
    } else {
        let letters: String = extension.chars().filter(char::is_ascii_alphanumeric).collect();
        put(&mut short[..8], &format!("{number:06X}~1"));
        put(&mut short[8..], &letters.to_ascii_uppercase());
    }
    short
}

fn fits(name: &str) -> bool {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    (1..=8).contains(&stem.len()) && extension.len() <= 3 && plain(stem) && plain(extension)
}

/// How many entries a long name takes.
fn long_entries(name: &str) -> u64 {
    if fits(name) { 0 } else { (name.encode_utf16().count() as u64).div_ceil(13) }
}

/// The entries of a long name, which come before the short one, the last part first.
fn long_name(name: &str, short: &Short) -> Vec<u8> {
    if fits(name) {
        return Vec::new();
    }
    let sum = short.iter().fold(0u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte));
    let units: Vec<u16> = name.encode_utf16().collect();
    let parts: Vec<&[u16]> = units.chunks(13).collect();
    let mut bytes = Vec::new();
    for (index, part) in parts.iter().enumerate().rev() {
        let last = if index + 1 == parts.len() { 0x40 } else { 0 };
        // The name ends with a zero; what follows it is filled with ones.
        let mut padded = [0xffff_u16; 13];
        padded[..part.len()].copy_from_slice(part);
        if part.len() < 13 {
            padded[part.len()] = 0;
        }
        let letters: Vec<u8> = padded.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        bytes.push(last | (index as u8 + 1));
        bytes.extend(&letters[..10]);
        bytes.extend([LONG_NAME, 0, sum]);
        bytes.extend(&letters[10..22]);
        bytes.extend([0, 0]);
        bytes.extend(&letters[22..]);
    }
    bytes
}

fn entry(name: &Short, kind: u8, cluster: u32, size: u32) -> [u8; 32] {
    let mut entry = [0u8; 32];
    entry[..11].copy_from_slice(name);
    entry[11] = kind;
    for at in [16, 18, 24] {
        entry[at..at + 2].copy_from_slice(&DATE.to_le_bytes());
    }
    entry[20..22].copy_from_slice(&((cluster >> 16) as u16).to_le_bytes());
    entry[26..28].copy_from_slice(&(cluster as u16).to_le_bytes());
    entry[28..].copy_from_slice(&size.to_le_bytes());
    entry
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_are_short_or_have_long_ones_before_them() {
        assert_eq!(&short_name("BOOTX64.EFI", 3), b"BOOTX64 EFI");
        assert_eq!(&short_name("loader.conf", 3), b"000003~1CON");
        assert!(long_name("EFI", b"EFI        ").is_empty());
        let long = long_name("loader.conf", &short_name("loader.conf", 0));
        let letters = "l\0o\0a\0d\0e\0".as_bytes();
        assert_eq!((long[0], &long[1..11], long[11]), (0x41, letters, LONG_NAME));
        assert_eq!(&long[14..24], "r\0.\0c\0o\0n\0".as_bytes());
        assert_eq!(&long[28..], [0, 0, 0xff, 0xff]);
        assert_eq!(long_entries("a-very-long-name-of-a-file"), 2);
    }

    #[test]
    fn an_image_is_a_fat32_with_the_files() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("esp");
        fs::create_dir_all(folder.join("loader/entries")).unwrap();
        fs::write(folder.join("loader/loader.conf"), "timeout 5\n").unwrap();
        fs::write(folder.join("EMPTY"), "").unwrap();
        fs::write(folder.join("BIG.BIN"), vec![7u8; 5000]).unwrap();
        let image = scratch.path().join("image");
        write_image(&folder, "ESP", 64, &image).unwrap();
        let bytes = fs::read(&image).unwrap();
        assert_eq!(bytes.len(), 64 << 20);
        assert_eq!(&bytes[82..87], b"FAT32");
        assert_eq!(&bytes[510..512], [0x55, 0xaa]);
        let geometry = Geometry::of(64 << 20);
        assert!(geometry.clusters >= FEWEST_CLUSTERS);
        let root = &bytes[geometry.offset(2) as usize..];
        assert_eq!(&root[..12], b"ESP        \x08");
        assert_eq!(&root[32..43], b"BIG     BIN");
        let cluster = u16::from_le_bytes([root[32 + 26], root[32 + 27]]);
        let data = geometry.offset(u32::from(cluster)) as usize;
        assert!(bytes[data..data + 5000].iter().all(|byte| *byte == 7));
        let fat = RESERVED as usize * 512 + usize::from(cluster) * 4;
        assert_eq!(
            u32::from_le_bytes(bytes[fat..fat + 4].try_into().unwrap()),
            u32::from(cluster) + 1
        );
    }

    #[test]
    fn too_much_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("esp");
        fs::create_dir(&folder).unwrap();
        File::create(folder.join("BIG")).unwrap().set_len(64 << 20).unwrap();
        let refused = write_image(&folder, "ESP", 48, &scratch.path().join("image"));
        assert!(refused.unwrap_err().to_string().contains("do not fit"));
    }
}
