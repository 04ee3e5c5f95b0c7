//! Finds block devices by what the configuration calls them. There is no udev here, so labels and
//! ids are read from the devices themselves.

use super::partitions;
use crate::{Error, Result, files};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a device may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);

/// The device, once it is there. What is no device (`tmpfs`, a tag of a shared folder) is returned
/// as it is.
pub fn find(device: &str, fs_type: &str) -> Result<PathBuf> {
    let virtual_kind = ["tmpfs", "overlay", "virtiofs", "9p", "proc", "none"].contains(&fs_type);
    if virtual_kind || !(device.starts_with('/') || device.contains('=')) {
        return Ok(PathBuf::from(device));
    }
    let start = Instant::now();
    loop {
        if let Some(path) = lookup(device) {
            return Ok(path);
        }
        if start.elapsed() > PATIENCE {
            return Err(Error::new(format!("the device '{device}' did not appear"))
                .with_help("its driver may be missing: boot.initrd.availableKernelModules"));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn lookup(device: &str) -> Option<PathBuf> {
    let wanted = Wanted::of(device);
    match wanted {
        Wanted::Path(path) => path.exists().then_some(path),
        Wanted::Serial(serial) => {
            block_devices().find(|name| serial_of(name).as_deref() == Some(&*serial))
        }
        Wanted::PartitionLabel(label) => {
            block_devices().find(|dev| partitions::name(dev).as_deref() == Some(&*label))
        }
        Wanted::PartitionUuid(uuid) => {
            block_devices().find(|dev| partitions::uuid(dev).as_deref() == Some(&*uuid))
        }
        Wanted::Label(label) => {
            block_devices().find(|dev| probe(dev).is_some_and(|p| p.label == label))
        }
        Wanted::Uuid(uuid) => block_devices()
            .find(|dev| probe(dev).is_some_and(|p| p.uuid.eq_ignore_ascii_case(&uuid))),
    }
}

#[derive(Debug, PartialEq)]
enum Wanted {
    Path(PathBuf),
    Label(String),
    Uuid(String),
    PartitionLabel(String),
    PartitionUuid(String),
    Serial(String),
}

impl Wanted {
    fn of(device: &str) -> Self {
        let after = |prefixes: [&str; 2]| {
            prefixes
                .iter()
                .find_map(|p| device.strip_prefix(p))
                .map(|rest| rest.replace("\\x20", " "))
        };
        if let Some(label) = after(["/dev/disk/by-label/", "LABEL="]) {
            return Self::Label(label);
        }
        if let Some(uuid) = after(["/dev/disk/by-uuid/", "UUID="]) {
            return Self::Uuid(uuid);
        }
        if let Some(label) = after(["/dev/disk/by-partlabel/", "PARTLABEL="]) {
            return Self::PartitionLabel(label);
        }
        if let Some(uuid) = after(["/dev/disk/by-partuuid/", "PARTUUID="]) {
            return Self::PartitionUuid(uuid.to_lowercase());
        }
        match device.strip_prefix("/dev/disk/by-id/virtio-") {
            Some(serial) => Self::Serial(serial.to_owned()),
            None => Self::Path(PathBuf::from(device)),
        }
    }
}

/// All disks and partitions.
fn block_devices() -> impl Iterator<Item = PathBuf> {
    let found = files::entries(Path::new("/sys/class/block")).unwrap_or_default();
    found.into_iter().map(|entry| Path::new("/dev").join(entry.file_name()))
}

fn serial_of(device: &Path) -> Option<String> {
    let path = Path::new("/sys/class/block").join(device.file_name()?).join("serial");
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

/// Bytes at the beginning of a device in which every kind of content leaves a mark.
const BEGINNING: u64 = 1 << 20;

/// Has the device nothing on it? Anything but zeros may be something that this program doesn't know.
pub fn is_empty(device: &Path) -> Result<bool> {
    let mut bytes = Vec::new();
    let file = File::open(device).map_err(|err| Error::io("read", device, &err))?;
    file.take(BEGINNING).read_to_end(&mut bytes).map_err(|err| Error::io("read", device, &err))?;
    Ok(bytes.iter().all(|byte| *byte == 0))
}

/// What a superblock says.
#[derive(Debug, Default, PartialEq)]
struct Probe {
    kind: &'static str,
    label: String,
    uuid: String,
}

/// The kind of file system on a device.
pub fn kind(device: &Path) -> Result<String> {
    probe(device).map(|found| found.kind.to_owned()).ok_or_else(|| {
        Error::new(format!("the kind of file system on '{}' is not known", device.display()))
            .with_help("set fileSystems.<place>.fsType")
    })
}

fn probe(device: &Path) -> Option<Probe> {
    let mut head = vec![0u8; 4096];
    let file = File::open(device).ok()?;
    file.read_exact_at(&mut head, 0).ok()?;
    probe_bytes(&head)
}

/// Superblocks: ext2 to ext4 and erofs at 1024, FAT, XFS and squashfs at the start.
fn probe_bytes(head: &[u8]) -> Option<Probe> {
    let text = |range: std::ops::Range<usize>| {
        let bytes = head.get(range)?;
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        Some(String::from_utf8_lossy(&bytes[..end]).trim_end().to_owned())
    };
    if head.get(1080..1082)? == [0x53, 0xef] {
        let (label, uuid) = (text(1144..1160)?, uuid(head.get(1128..1144)?));
        return Some(Probe { kind: "ext4", label, uuid });
    }
    if head.get(1024..1028)? == [0xe2, 0xe1, 0xf5, 0xe0] {
        let (label, uuid) = (text(1088..1104)?, uuid(head.get(1072..1088)?));
        return Some(Probe { kind: "erofs", label, uuid });
    }
    if head.get(82..87)? == b"FAT32" {
        let id = head.get(67..71)?;
        let uuid = format!("{:02X}{:02X}-{:02X}{:02X}", id[3], id[2], id[1], id[0]);
        return Some(Probe { kind: "vfat", label: text(71..82)?, uuid });
    }
    if head.get(0..4)? == b"XFSB" {
        return Some(Probe { kind: "xfs", label: text(108..120)?, uuid: uuid(head.get(32..48)?) });
    }
    let squashfs = head.get(0..4)? == b"hsqs";
    squashfs.then(|| Probe { kind: "squashfs", ..Probe::default() })
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (i, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&i) {
            text.push('-');
        }
        text += &format!("{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_of_devices_are_understood() {
        assert_eq!(Wanted::of("/dev/disk/by-label/my\\x20disk"), Wanted::Label("my disk".into()));
        assert_eq!(Wanted::of("UUID=ab-c"), Wanted::Uuid("ab-c".into()));
        assert_eq!(Wanted::of("/dev/disk/by-id/virtio-root"), Wanted::Serial("root".into()));
        assert_eq!(Wanted::of("/dev/vda"), Wanted::Path("/dev/vda".into()));
    }

    #[test]
    fn only_zeros_are_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("device");
        fs::write(&path, vec![0u8; 100_000]).unwrap();
        assert!(is_empty(&path).unwrap());
        let mut bytes = vec![0u8; 100_000];
        bytes[65_600] = b'_';
        fs::write(&path, bytes).unwrap();
        assert!(!is_empty(&path).unwrap());
    }

    #[test]
    fn superblocks_are_read() {
        let mut head = vec![0u8; 4096];
        head[1080..1082].copy_from_slice(&[0x53, 0xef]);
        head[1144..1149].copy_from_slice(b"nixos");
        head[1128] = 0xab;
        let found = probe_bytes(&head).unwrap();
        assert_eq!((found.kind, found.label.as_str()), ("ext4", "nixos"));
        assert_eq!(found.uuid, "ab000000-0000-0000-0000-000000000000");
        assert_eq!(probe_bytes(&vec![0u8; 4096]), None);
    }
}
