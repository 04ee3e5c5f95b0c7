//! How GRUB finds folders of the machine: by the file system they are on, which it looks for among all disks, and their
//! path on that.

use super::Grub;
use crate::{Error, Result, files};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder as GRUB sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The command that finds its file system; empty where GRUB is told nothing.
    pub search: String,
    /// Its path, without a slash at the end.
    pub path: String,
}

impl Place {
    /// The folder `path` of a file system, which is the `number`-th that is looked for by `criterion`
    /// (`--label nixos`).
    pub fn on(criterion: &str, path: &str, number: u32) -> Self {
        let path = path.trim_end_matches('/');
        if criterion.is_empty() {
            return Self { search: String::new(), path: path.to_owned() };
        }
        Self {
            search: format!("search --set=drive{number} {criterion}"),
            path: format!("($drive{number}){path}"),
        }
    }
}

/// A mounted file system.
#[derive(Debug, PartialEq, Eq)]
struct Mounted {
    /// Folder of that file system which is mounted.
    root: String,
    at: PathBuf,
    kind: String,
    device: String,
}

/// File systems of the machine that runs.
pub struct Running<'a> {
    grub: &'a Grub,
    mounts: Vec<Mounted>,
    found: u32,
}

impl<'a> Running<'a> {
    /// Reads what is mounted.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn new(grub: &'a Grub) -> Result<Self> {
        let text = files::read_text(Path::new("/proc/self/mountinfo"))?;
        let mounts = text.lines().filter_map(mounted).collect();
        Ok(Self { grub, mounts, found: 0 })
    }

    /// The folder as GRUB sees it.
    ///
    /// # Errors
    /// When its file system has no name of the kind that is asked for.
    pub fn find(&mut self, folder: &Path) -> Result<Place> {
        let Some(mount) = holder(&self.mounts, folder) else {
            return Err(Error::new(format!("nothing is mounted at '{}'", folder.display())));
        };
        let inner = folder.strip_prefix(&mount.at).unwrap_or(folder);
        let path = Path::new(&mount.root).join(inner);
        let criterion = criterion(self.grub, mount)?;
        self.found += 1;
        Ok(Place::on(&criterion, &path.to_string_lossy(), self.found))
    }
}

/// A line of the kernel's list.
fn mounted(line: &str) -> Option<Mounted> {
    let (mount, device) = line.split_once(" - ")?;
    let mut mount = mount.split(' ').skip(3);
    let root = unescape(mount.next()?);
    let at = PathBuf::from(unescape(mount.next()?));
    let mut device = device.split(' ');
    let kind = device.next()?.to_owned();
    Some(Mounted { root, at, kind, device: unescape(device.next()?) })
}

/// `\040` is a space, and so on.
fn unescape(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => plain.extend([char::from(byte)].into_iter().chain(part[3..].chars())),
            None => plain.extend(['\\'].into_iter().chain(part.chars())),
        }
    }
    plain
}

/// The file system that a folder is on: of those mounted above it the last, and the longest. A store that is mounted
/// read-only over itself is the one below, which is the same.
fn holder<'a>(mounts: &'a [Mounted], folder: &Path) -> Option<&'a Mounted> {
    let above =
        mounts.iter().filter(|mount| mount.kind != "autofs" && folder.starts_with(&mount.at));
    above.max_by_key(|mount| mount.at.components().count())
}

/// What GRUB looks for.
fn criterion(grub: &Grub, mount: &Mounted) -> Result<String> {
    let kind = &*grub.fs_identifier;
    let flag = |kind: &str| if kind == "uuid" { "--fs-uuid" } else { "--label" };
    if kind == "provided" {
        let by = |kind| mount.device.strip_prefix(&format!("/dev/disk/by-{kind}/"));
        let named = ["label", "uuid"].into_iter().find_map(|kind| Some((kind, by(kind)?)));
        return Ok(named.map(|(kind, name)| format!("{} {name}", flag(kind))).unwrap_or_default());
    }
    let tag = kind.to_uppercase();
    let mut command = Command::new("blkid");
    command.args(["-o", "value", "-s", &tag]).arg(&mount.device).env("PATH", &grub.programs);
    let name = match command.output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => String::new(),
    };
    if name.is_empty() {
        let (device, at) = (&mount.device, mount.at.display());
        return Err(Error::new(format!("the file system at '{at}' ({device}) has no {kind}"))
            .with_help(
                "GRUB looks for it by that; boot.loader.grub.fsIdentifier chooses another way",
            ));
    }
    Ok(format!("{} {name}", flag(kind)))
}

/// Whether two folders are on one file system.
///
/// # Errors
/// When they can't be read.
pub fn share_file_system(one: &Path, other: &Path) -> Result<bool> {
    let device = |path: &Path| {
        std::fs::metadata(path).map(|meta| meta.dev()).map_err(|err| Error::io("read", path, &err))
    };
    Ok(device(one)? == device(other)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const MOUNTS: &str = "\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 254:1 /nix/store /nix/store ro,relatime - ext4 /dev/vda1 rw
31 22 0:30 /@boot /boot rw - btrfs /dev/disk/by-label/my\\040disk rw
32 22 0:31 / /boot/efi rw - autofs systemd-1 rw";

    #[test]
    fn folders_are_found_on_their_file_system() {
        let mounts: Vec<Mounted> = MOUNTS.lines().filter_map(mounted).collect();
        for (folder, root, device) in [
            ("/home", "/", "/dev/vda1"),
            ("/nix/store", "/nix/store", "/dev/vda1"),
            ("/boot/efi/x", "/@boot", "/dev/disk/by-label/my disk"),
            ("/bootstrap", "/", "/dev/vda1"),
        ] {
            let mount = holder(&mounts, Path::new(folder)).unwrap();
            assert_eq!((&*mount.root, &*mount.device), (root, device), "{folder}");
        }
        let grub = Grub { fs_identifier: "provided".into(), ..Grub::default() };
        assert_eq!(criterion(&grub, &mounts[2]).unwrap(), "--label my disk");
        assert_eq!(criterion(&grub, &mounts[0]).unwrap(), "");
    }

    #[test]
    fn commands_and_paths() {
        let found = Place::on("--label nixos", "/", 2);
        assert_eq!(
            (&*found.search, &*found.path),
            ("search --set=drive2 --label nixos", "($drive2)")
        );
        assert_eq!(Place::on("", "/boot", 1).path, "/boot");
    }
}
