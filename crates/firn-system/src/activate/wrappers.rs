//! Programs with privileges, in `/run/wrappers`: the store keeps no such bits.
//!
//! Each is a copy of the program, with the bit or the capabilities set. That is what every other
//! distribution has, and it works because programs of the store name their libraries by full path.

use super::plan::{Ids, Wrapper};
use super::{Activation, ids};
use crate::{Error, Result, files};
use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Runs the step.
pub fn run(activation: &Activation) -> Result<()> {
    let plan = &activation.plan.wrappers;
    if plan.programs.is_empty() {
        return Ok(());
    }
    let folder = activation.at(&plan.folder.to_string_lossy());
    let parent = folder.parent().unwrap_or(Path::new("/")).to_owned();
    files::make_folder(&parent)?;
    if activation.root == Path::new("/") {
        mount_tmpfs(&parent)?;
    }
    files::make_folder_mode(&folder, 0o755)?;
    let users = ids::by_name(&activation.at("/etc/passwd"))?;
    let groups = ids::by_name(&activation.at("/etc/group"))?;
    let mut failed = Vec::new();
    for wrapper in &plan.programs {
        if let Err(err) = place(wrapper, &folder, &users, &groups) {
            failed.push(err.within(&wrapper.name).to_string());
        }
    }
    for entry in files::entries(&folder)? {
        let name = entry.file_name();
        if !plan.programs.iter().any(|w| name == w.name.as_str()) {
            files::remove(&entry.path())?;
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(Error::new(failed.join("; "))) }
}

/// `/run` forbids privileges, so the folder is a file system of its own.
fn mount_tmpfs(path: &Path) -> Result<()> {
    use rustix::mount::{MountFlags, mount};
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let there = mounts.lines().any(|l| l.split(' ').nth(1).is_some_and(|at| Path::new(at) == path));
    if there {
        return Ok(());
    }
    mount("tmpfs", path, "tmpfs", MountFlags::NODEV, c"mode=755")
        .map_err(|err| Error::io("mount a file system on", path, &err.into()))
}

fn place(wrapper: &Wrapper, folder: &Path, users: &Ids, groups: &Ids) -> Result<()> {
    let content =
        fs::read(&wrapper.source).map_err(|err| Error::io("read", &wrapper.source, &err))?;
    if !content.starts_with(b"\x7fELF") {
        return Err(Error::new(format!("'{}' is no program", wrapper.source.display()))
            .with_help("scripts can't have privileges of their own"));
    }
    let uid = ids::resolve(&wrapper.owner, users)
        .ok_or_else(|| Error::new(format!("there is no user '{}'", wrapper.owner)))?;
    let gid = ids::resolve(&wrapper.group, groups)
        .ok_or_else(|| Error::new(format!("there is no group '{}'", wrapper.group)))?;
    let path = folder.join(&wrapper.name);
    let fresh = folder.join(format!(".{}.new", wrapper.name));
    let _ = fs::remove_file(&fresh);
    files::write_atomic(&fresh, &content, 0o700)?;
    // Changing the owner takes the bits away, so they come last.
    files::own(&fresh, uid, gid)?;
    files::set_mode(&fresh, mode(wrapper))?;
    if !wrapper.capabilities.is_empty() {
        set_capabilities(&fresh, &wrapper.capabilities)?;
    }
    fs::rename(&fresh, &path).map_err(|err| Error::io("write", &path, &err))
}

/// The access mode from chmod's words, on top of nothing.
fn mode(wrapper: &Wrapper) -> u32 {
    let mut mode = 0;
    for clause in wrapper.permissions.split(',') {
        let Some(at) = clause.find(['+', '=']) else { continue };
        let (who, what) = clause.split_at(at);
        let bits = what.chars().fold(0, |bits, c| match c {
            'r' => bits | 4,
            'w' => bits | 2,
            'x' => bits | 1,
            _ => bits,
        });
        let everyone = who.is_empty() || who.contains('a');
        for (letter, shift) in [('u', 6), ('g', 3), ('o', 0)] {
            if everyone || who.contains(letter) {
                mode |= bits << shift;
            }
        }
    }
    mode | u32::from(wrapper.setuid) << 11 | u32::from(wrapper.setgid) << 10
}

/// Capabilities in the order of their numbers (`linux/capability.h`).
const CAPABILITIES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// The value of `security.capability`, revision 2 of the format.
fn capability_bytes(text: &str) -> Result<[u8; 20]> {
    let (mut permitted, mut inheritable, mut effective) = (0u64, 0u64, false);
    for clause in text.split([',', ' ']).filter(|clause| !clause.is_empty()) {
        let (name, flags) = clause.split_once(['+', '=']).unwrap_or((clause, "ep"));
        let name = name.strip_prefix("cap_").unwrap_or(name);
        let number = CAPABILITIES
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| Error::new(format!("there is no capability 'cap_{name}'")))?;
        let bit = 1u64 << number;
        permitted |= if flags.contains('p') { bit } else { 0 };
        inheritable |= if flags.contains('i') { bit } else { 0 };
        effective |= flags.contains('e');
    }
    let half = |value: u64, high: bool| ((value >> if high { 32 } else { 0 }) as u32).to_le_bytes();
    let mut bytes = [0u8; 20];
    let magic = 0x0200_0000u32 | u32::from(effective);
    let words = [
        magic.to_le_bytes(),
        half(permitted, false),
        half(inheritable, false),
        half(permitted, true),
        half(inheritable, true),
    ];
    for (slot, word) in bytes.chunks_mut(4).zip(words) {
        slot.copy_from_slice(&word);
    }
    Ok(bytes)
}

fn set_capabilities(path: &Path, text: &str) -> Result<()> {
    let value = capability_bytes(text)?;
    let name = CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Error::new(format!("'{}' is no path", path.display())))?;
    rustix::fs::setxattr(
        name.as_c_str(),
        c"security.capability",
        &value,
        rustix::fs::XattrFlags::empty(),
    )
    .map_err(|err| Error::io("give capabilities to", path, &err.into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn wrapper(permissions: &str, setuid: bool) -> Wrapper {
        Wrapper {
            name: "x".into(),
            source: "/x".into(),
            owner: "root".into(),
            group: "root".into(),
            permissions: permissions.into(),
            capabilities: String::new(),
            setuid,
            setgid: false,
        }
    }

    #[test]
    fn modes_are_read_as_chmod_does() {
        assert_eq!(mode(&wrapper("u+rx,g+x,o+x", true)), 0o4511);
        assert_eq!(mode(&wrapper("u+rx,g+rx,o=", false)), 0o550);
        assert_eq!(mode(&wrapper("a+rx", false)), 0o555);
    }

    #[test]
    fn capabilities_are_encoded() {
        let bytes = capability_bytes("cap_net_raw+ep").unwrap();
        assert_eq!(bytes[..8], [1, 0, 0, 2, 0, 0x20, 0, 0]);
        assert!(capability_bytes("cap_fly+ep").is_err());
    }
}
