//! Device nodes by which programs ask for a driver that is not loaded yet: `/dev/fuse`, `/dev/btrfs-control`, ….
//!
//! The list is the kernel's `modules.devname` (`depmod(8)`). Their modes are the rules' of udev (`static_node`).

use crate::{Error, Result, files};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use std::path::Path;

/// Makes the nodes that are missing in `dev`, for the running kernel, whose modules are below `modules`.
///
/// # Errors
/// When a node can't be made. Without a list there is nothing to do.
pub fn make(modules: &Path, dev: &Path) -> Result<()> {
    let release = rustix::system::uname();
    let list = modules
        .join("lib/modules")
        .join(release.release().to_string_lossy().as_ref())
        .join("modules.devname");
    let text = files::read_text_if_there(&list)?.unwrap_or_default();
    text.lines().filter_map(Node::parse).try_for_each(|node| node.make(dev))
}

#[derive(Debug, PartialEq, Eq)]
struct Node<'a> {
    name: &'a str,
    kind: FileType,
    major: u32,
    minor: u32,
}

impl<'a> Node<'a> {
    /// From a line such as `fuse fuse c10:229`: the module, the name below `/dev`, kind and numbers.
    fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.split_whitespace().filter(|_| !line.starts_with('#'));
        let (_module, name, device) = (words.next()?, words.next()?, words.next()?);
        let kind = match device.chars().next()? {
            'c' => FileType::CharacterDevice,
            'b' => FileType::BlockDevice,
            _ => return None,
        };
        let (major, minor) = device[1..].split_once(':')?;
        Some(Node { name, kind, major: major.parse().ok()?, minor: minor.parse().ok()? })
    }

    fn make(&self, dev: &Path) -> Result<()> {
        let path = dev.join(self.name);
        if path.exists() {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            files::make_folder(folder)?;
        }
        mknodat(CWD, &path, self.kind, Mode::from(0o600), makedev(self.major, self.minor))
            .map_err(|err| Error::io("make the device", &path, &err.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernels_list() {
        let node = |name, kind, major, minor| Some(Node { name, kind, major, minor });
        for (line, expected) in [
            ("# Device nodes to trigger on-demand module loading.", None),
            ("tun net/tun c10:200", node("net/tun", FileType::CharacterDevice, 10, 200)),
            ("floppy fd0 b2:0", node("fd0", FileType::BlockDevice, 2, 0)),
            ("odd odd x1:2", None),
            ("odd odd c1", None),
            ("short", None),
            ("", None),
        ] {
            assert_eq!(Node::parse(line), expected, "{line}");
        }
    }
}
