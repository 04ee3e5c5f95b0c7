//! Archives in cpio's "new ASCII" format, which the kernel unpacks (cpio(5),
//! `Documentation/driver-api/early-userspace/buffer-format.rst`). Nothing in an archive depends on
//! when it was made.

/// An archive that grows in memory.
#[derive(Debug, Default)]
pub struct Archive {
    bytes: Vec<u8>,
    inode: u32,
    #[cfg(test)]
    names: Vec<String>,
}

/// Kinds of files in the mode (`S_IFMT`).
const FOLDER: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_000;
const CHARACTER_DEVICE: u32 = 0o020_000;

impl Archive {
    /// An empty archive.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a folder; those above it must be there already.
    pub fn folder(&mut self, path: &str, mode: u32) {
        self.entry(path, FOLDER | mode, 2, (0, 0), &[]);
    }

    /// Adds a file.
    pub fn file(&mut self, path: &str, mode: u32, content: &[u8]) {
        self.entry(path, FILE | mode, 1, (0, 0), content);
    }

    /// Adds a symbolic link.
    pub fn link(&mut self, path: &str, target: &str) {
        self.entry(path, LINK | 0o777, 1, (0, 0), target.as_bytes());
    }

    /// Adds a character device.
    pub fn device(&mut self, path: &str, mode: u32, major: u32, minor: u32) {
        self.entry(path, CHARACTER_DEVICE | mode, 1, (major, minor), &[]);
    }

    /// Paths of all entries, in their order.
    #[cfg(test)]
    pub fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// The bytes of the whole archive.
    pub fn finish(mut self) -> Vec<u8> {
        self.inode = 0;
        self.record("TRAILER!!!", [0, 0, 0, 0, 1, 0], (0, 0), &[]);
        self.bytes
    }

    fn entry(&mut self, path: &str, mode: u32, links: u32, device: (u32, u32), content: &[u8]) {
        self.inode += 1;
        #[cfg(test)]
        self.names.push(path.to_owned());
        self.record(path, [self.inode, mode, 0, 0, links, 1], device, content);
    }

    /// `head`: inode, mode, owner, group, links, time.
    fn record(&mut self, path: &str, head: [u32; 6], device: (u32, u32), content: &[u8]) {
        let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
        let name = u32::try_from(path.len() + 1).unwrap_or(u32::MAX);
        let fields = [size, 0, 0, device.0, device.1, name, 0];
        self.bytes.extend_from_slice(b"070701");
        for field in head.into_iter().chain(fields) {
            self.bytes.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(path.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    fn pad(&mut self) {
        let length = self.bytes.len().next_multiple_of(4);
        self.bytes.resize(length, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_bytes() {
        let mut archive = Archive::new();
        archive.file("a", 0o644, b"hi");
        let head = "070701000000010000\
                    81a4000000000000000000000001000000010000000200000000000000000000000000000000\
                    0000000200000000a\0hi\0\0";
        let bytes = archive.finish();
        assert_eq!(&bytes[..head.len()], head.as_bytes());
        assert_eq!(bytes.len() % 4, 0);
    }
}
