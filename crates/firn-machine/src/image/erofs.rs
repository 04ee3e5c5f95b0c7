//! Writes uncompressed erofs images, which mount fastest under emulation and are the same bytes for the same
//! tree.
//!
//! Layout: block 0 holds the superblock; from block 1 on lie the inodes, each followed by its data when that
//! is small; then whole blocks of data. All times are one second after 1970, all owners root. Format: Linux
//! `Documentation/filesystems/erofs.rst`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

const BLOCK: u64 = 4096;
const BLOCK_BITS: u8 = 12;
const SLOT: u64 = 32;
const MAGIC: u32 = 0xE0F5_E1E2;
const SUPERBLOCK_AT: usize = 1024;
const METADATA_BLOCK: u64 = 1;
/// Inode number 0 means "deleted" to some readers, so the first slots stay empty.
const FIRST_SLOT: u64 = 2;
/// Data up to this many bytes lies behind its inode.
const INLINE_LIMIT: u64 = 2048;
const LAYOUT_PLAIN: u16 = 0;
const LAYOUT_INLINE: u16 = 2;
const COMPACT: u64 = 32;
const EXTENDED: u64 = 64;
const DIRENT: usize = 12;

/// Writes an image whose top folder holds the entries `names` of `folder` to `target`.
///
/// Other files than regular ones, folders and links are errors. Two names of one file become two files.
pub fn write_image(folder: &Path, names: &[OsString], target: &Path) -> io::Result<()> {
    let mut tree = Tree::default();
    tree.add_root(folder, names)?;
    let placed = tree.place();
    let mut out = BufWriter::with_capacity(1 << 20, File::create(target)?);
    out.write_all(&superblock(&tree, &placed))?;
    out.write_all(&tree.metadata(&placed)?)?;
    tree.write_data(&placed, &mut out)?;
    out.flush()
}

#[derive(Default)]
struct Tree {
    nodes: Vec<Node>,
}

struct Node {
    mode: u32,
    links: u32,
    size: u64,
    content: Content,
}

enum Content {
    File(PathBuf),
    Link(Vec<u8>),
    /// Names with the numbers of their nodes, `.` and `..` among them, sorted by bytes.
    Folder(Vec<(Vec<u8>, usize)>),
}

/// Where everything lies.
struct Placed {
    /// Slot of each inode.
    slots: Vec<u64>,
    /// First data block of each node, 0 for none.
    blocks: Vec<u64>,
    metadata_blocks: u64,
    total_blocks: u64,
}

impl Tree {
    fn add_root(&mut self, folder: &Path, names: &[OsString]) -> io::Result<()> {
        self.nodes.push(Node {
            mode: 0o040_755,
            links: 2,
            size: 0,
            content: Content::Link(Vec::new()),
        });
        let children = names.iter().map(|name| (name.clone(), folder.join(name))).collect();
        self.fill_folder(0, 0, children)
    }

    fn fill_folder(
        &mut self,
        own: usize,
        parent: usize,
        children: Vec<(OsString, PathBuf)>,
    ) -> io::Result<()> {
        let mut entries = vec![(b".".to_vec(), own), (b"..".to_vec(), parent)];
        for (name, path) in children {
            let child = self.add(&path, own)?;
            entries.push((name.as_bytes().to_vec(), child));
        }
        entries.sort();
        let subfolders = entries.iter().filter(|(_, node)| self.is_folder(*node)).count() as u32;
        self.nodes[own].links = subfolders.max(2);
        self.nodes[own].size = folder_blocks(&entries).iter().map(|b| b.bytes as u64).sum();
        self.nodes[own].content = Content::Folder(entries);
        Ok(())
    }

    fn is_folder(&self, node: usize) -> bool {
        self.nodes[node].mode & 0o170_000 == 0o040_000
    }

    fn add(&mut self, path: &Path, parent: usize) -> io::Result<usize> {
        let meta = fs::symlink_metadata(path)?;
        let own = self.nodes.len();
        let bits = meta.permissions().mode() & 0o7777;
        let content = if meta.is_symlink() {
            Content::Link(fs::read_link(path)?.as_os_str().as_bytes().to_vec())
        } else {
            Content::File(path.to_path_buf())
        };
        let size = match &content {
            Content::Link(target) => target.len() as u64,
            _ => meta.size(),
        };
        let kind = match meta.file_type() {
            kind if kind.is_symlink() => 0o120_000,
            kind if kind.is_dir() => 0o040_000,
            kind if kind.is_file() => 0o100_000,
            _ => {
                let text = format!("{}: neither file nor folder nor link", path.display());
                return Err(io::Error::other(text));
            }
        };
        self.nodes.push(Node { mode: kind | bits, links: 1, size, content });
        if meta.is_dir() {
            let children = fs::read_dir(path)?
                .map(|entry| entry.map(|entry| (entry.file_name(), entry.path())))
                .collect::<io::Result<Vec<_>>>()?;
            let mut children = children;
            children.sort();
            self.fill_folder(own, parent, children)?;
        }
        Ok(own)
    }

    fn place(&self) -> Placed {
        let mut slots = Vec::with_capacity(self.nodes.len());
        let mut at = FIRST_SLOT * SLOT;
        for node in &self.nodes {
            let length = node.inode_size() + node.inline_size();
            // An inode and the data behind it lie in one block.
            if at % BLOCK + length > BLOCK {
                at = at.next_multiple_of(BLOCK);
            }
            slots.push(at / SLOT);
            at = (at + length).next_multiple_of(SLOT);
        }
        let metadata_blocks = at.div_ceil(BLOCK);
        let mut next = METADATA_BLOCK + metadata_blocks;
        let mut blocks = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let count = if node.is_inline() { 0 } else { node.size.div_ceil(BLOCK) };
            blocks.push(if count == 0 { 0 } else { next });
            next += count;
        }
        Placed { slots, blocks, metadata_blocks, total_blocks: next }
    }

    fn metadata(&self, placed: &Placed) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; (placed.metadata_blocks * BLOCK) as usize];
        for (number, node) in self.nodes.iter().enumerate() {
            let inode = node.inode(number, placed.blocks[number]);
            let at = (placed.slots[number] * SLOT) as usize;
            bytes[at..at + inode.len()].copy_from_slice(&inode);
            if node.is_inline() {
                let data = self.small_data(node, placed)?;
                let at = at + inode.len();
                bytes[at..at + data.len()].copy_from_slice(&data);
            }
        }
        Ok(bytes)
    }

    fn small_data(&self, node: &Node, placed: &Placed) -> io::Result<Vec<u8>> {
        let data = match &node.content {
            Content::Link(target) => target.clone(),
            Content::Folder(entries) => self.folder_data(entries, placed),
            Content::File(path) => fs::read(path)?,
        };
        check_size(node, data.len() as u64)?;
        Ok(data)
    }

    fn folder_data(&self, entries: &[(Vec<u8>, usize)], placed: &Placed) -> Vec<u8> {
        let mut bytes = Vec::new();
        for block in folder_blocks(entries) {
            let inside = &entries[block.first..block.first + block.count];
            let start = bytes.len();
            let mut name_at = inside.len() * DIRENT;
            for (name, node) in inside {
                bytes.extend(placed.slots[*node].to_le_bytes());
                bytes.extend((name_at as u16).to_le_bytes());
                bytes.extend([self.nodes[*node].kind_code(), 0]);
                name_at += name.len();
            }
            inside.iter().for_each(|(name, _)| bytes.extend(name));
            bytes.resize(start + block.bytes, 0);
        }
        bytes
    }

    fn write_data(&self, placed: &Placed, out: &mut impl Write) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 18];
        for node in self.nodes.iter().filter(|node| !node.is_inline()) {
            let written = match &node.content {
                Content::Link(target) => out.write_all(target).map(|()| target.len() as u64)?,
                Content::Folder(entries) => {
                    let data = self.folder_data(entries, placed);
                    out.write_all(&data).map(|()| data.len() as u64)?
                }
                Content::File(path) => copy_file(path, out, &mut buffer)?,
            };
            check_size(node, written)?;
            let padding = written.next_multiple_of(BLOCK) - written;
            out.write_all(&[0; BLOCK as usize][..padding as usize])?;
        }
        Ok(())
    }
}

fn copy_file(path: &Path, out: &mut impl Write, buffer: &mut [u8]) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut written = 0;
    loop {
        let count = file.read(buffer)?;
        if count == 0 {
            return Ok(written);
        }
        out.write_all(&buffer[..count])?;
        written += count as u64;
    }
}

fn check_size(node: &Node, found: u64) -> io::Result<()> {
    if found == node.size {
        return Ok(());
    }
    Err(io::Error::other("a file changed its size while the image was made"))
}

impl Node {
    fn is_inline(&self) -> bool {
        self.size <= INLINE_LIMIT
    }

    fn inline_size(&self) -> u64 {
        if self.is_inline() { self.size } else { 0 }
    }

    fn inode_size(&self) -> u64 {
        let small = self.size <= u64::from(u32::MAX) && self.links <= u32::from(u16::MAX);
        if small { COMPACT } else { EXTENDED }
    }

    fn kind_code(&self) -> u8 {
        match self.mode & 0o170_000 {
            0o040_000 => 2,
            0o120_000 => 7,
            _ => 1,
        }
    }

    fn inode(&self, number: usize, block: u64) -> Vec<u8> {
        let inline = self.is_inline() && self.size > 0;
        let layout = if inline { LAYOUT_INLINE } else { LAYOUT_PLAIN };
        let extended = self.inode_size() == EXTENDED;
        let mut bytes = Vec::with_capacity(EXTENDED as usize);
        bytes.extend((layout << 1 | u16::from(extended)).to_le_bytes());
        bytes.extend([0; 2]);
        bytes.extend((self.mode as u16).to_le_bytes());
        if extended {
            bytes.extend([0; 2]);
            bytes.extend(self.size.to_le_bytes());
        } else {
            bytes.extend((self.links as u16).to_le_bytes());
            bytes.extend((self.size as u32).to_le_bytes());
            bytes.extend([0; 4]);
        }
        bytes.extend((block as u32).to_le_bytes());
        bytes.extend((number as u32 + 1).to_le_bytes());
        if extended {
            bytes.extend([0; 8]);
            bytes.extend(1u64.to_le_bytes());
            bytes.extend([0; 4]);
            bytes.extend(self.links.to_le_bytes());
        }
        bytes.resize(self.inode_size() as usize, 0);
        bytes
    }
}

struct FolderBlock {
    first: usize,
    count: usize,
    /// Length in the folder's data: a whole block but for the last one.
    bytes: usize,
}

/// Packs the entries of a folder into blocks.
fn folder_blocks(entries: &[(Vec<u8>, usize)]) -> Vec<FolderBlock> {
    let mut blocks: Vec<FolderBlock> = Vec::new();
    for (number, (name, _)) in entries.iter().enumerate() {
        let length = DIRENT + name.len();
        match blocks.last_mut() {
            Some(block) if block.bytes + length <= BLOCK as usize => {
                block.bytes += length;
                block.count += 1;
            }
            full => {
                if let Some(block) = full {
                    block.bytes = BLOCK as usize;
                }
                blocks.push(FolderBlock { first: number, count: 1, bytes: length });
            }
        }
    }
    blocks
}

fn superblock(tree: &Tree, placed: &Placed) -> Vec<u8> {
    let mut bytes = vec![0; BLOCK as usize];
    let mut put = |at: usize, value: &[u8]| {
        let at = SUPERBLOCK_AT + at;
        bytes[at..at + value.len()].copy_from_slice(value);
    };
    put(0, &MAGIC.to_le_bytes());
    put(12, &[BLOCK_BITS]);
    put(14, &(placed.slots[0] as u16).to_le_bytes());
    put(16, &(tree.nodes.len() as u64).to_le_bytes());
    put(24, &1u64.to_le_bytes());
    put(36, &(placed.total_blocks as u32).to_le_bytes());
    put(40, &(METADATA_BLOCK as u32).to_le_bytes());
    put(64, b"store");
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::symlink;

    fn sample(folder: &Path) -> Vec<OsString> {
        fs::create_dir_all(folder.join("a/deep")).unwrap();
        fs::write(folder.join("a/small"), "hello").unwrap();
        fs::write(folder.join("a/big"), vec![b'x'; 10_000]).unwrap();
        fs::write(folder.join("a/empty"), "").unwrap();
        symlink("small", folder.join("a/link")).unwrap();
        fs::create_dir(folder.join("many")).unwrap();
        for number in 0..400 {
            fs::write(folder.join(format!("many/file-{number:04}")), format!("{number}")).unwrap();
        }
        vec!["a".into(), "many".into()]
    }

    #[test]
    fn the_same_tree_gives_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let names = sample(&dir.path().join("tree"));
        let images = ["one", "two"].map(|name| dir.path().join(name));
        for image in &images {
            write_image(&dir.path().join("tree"), &names, image).unwrap();
        }
        let bytes = fs::read(&images[0]).unwrap();
        assert_eq!(bytes, fs::read(&images[1]).unwrap());
        assert_eq!(bytes[1024..1028], MAGIC.to_le_bytes());
        let blocks = u32::from_le_bytes(bytes[1060..1064].try_into().unwrap());
        assert_eq!(bytes.len() as u64, u64::from(blocks) * BLOCK);
    }

    #[test]
    fn folders_fill_blocks_in_the_order_of_bytes() {
        let entries: Vec<_> = (0..400).map(|n| (format!("file-{n:04}").into_bytes(), n)).collect();
        let blocks = folder_blocks(&entries);
        assert_eq!(blocks.iter().map(|block| block.count).sum::<usize>(), 400);
        let (last, full) = blocks.split_last().unwrap();
        assert!(full.iter().all(|block| block.bytes == 4096));
        assert_eq!(last.bytes, last.count * (DIRENT + 9));
    }
}
