//! What makes a resumed machine one of its own.
//!
//! Every machine that is resumed from one saved boot begins with the same memory and the same disks. What must
//! be its own all the same is made anew before anyone talks to it: the kernel's random numbers first, because
//! the rest is made from them, then the clock, the machine's id and the seed for the next boot.
//!
//! The boot id stays: the kernel offers no way to change it, and what runs (the journal above all) has read
//! it; a resumed machine *is* in the boot that was saved.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// `_IOW('R', 3, int[2])`, linux/random.h.
const RNDADDENTROPY: libc::c_ulong = 0x4008_5203;
/// `_IO('R', 7)`, linux/random.h.
const RNDRESEEDCRNG: libc::c_ulong = 0x5207;
/// Size of the seed that systemd-random-seed(8) keeps.
const SEED_BYTES: usize = 512;

/// Renews the machine whose root is `root`; `entropy` is in hexadecimal.
///
/// # Errors
/// What could not be renewed, as a sentence.
pub(super) fn renew(root: &Path, unix_nanos: u64, entropy: &str) -> io::Result<()> {
    let bytes = data_encoding::HEXLOWER
        .decode(entropy.as_bytes())
        .map_err(|error| io::Error::other(format!("bad random bytes: {error}")))?;
    reseed(&bytes).map_err(|error| told("renew the random numbers", &error))?;
    set_clock(unix_nanos).map_err(|error| told("set the clock", &error))?;
    renew_machine_id(root).map_err(|error| told("renew the machine id", &error))?;
    renew_seed(root).map_err(|error| told("renew the random seed", &error))
}

fn told(what: &str, error: &io::Error) -> io::Error {
    io::Error::other(format!("cannot {what}: {error}"))
}

/// Mixes the bytes into the kernel's pool and makes the generators of all processors begin anew from it.
fn reseed(bytes: &[u8]) -> io::Result<()> {
    // struct rand_pool_info: bits of entropy, bytes of the buffer, the buffer.
    let length = i32::try_from(bytes.len()).map_err(io::Error::other)?;
    let mut words: Vec<u32> = vec![(length * 8) as u32, length as u32];
    words.extend(bytes.chunks(4).map(|part| {
        let mut word = [0; 4];
        word[..part.len()].copy_from_slice(part);
        u32::from_ne_bytes(word)
    }));
    let random = OpenOptions::new().write(true).open("/dev/urandom")?;
    // SAFETY: the argument is a `rand_pool_info` whose buffer is as long as it says.
    let added = unsafe { libc::ioctl(random.as_raw_fd(), RNDADDENTROPY as _, words.as_ptr()) };
    if added < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: this request has no argument.
    let reseeded = unsafe { libc::ioctl(random.as_raw_fd(), RNDRESEEDCRNG as _, 0) };
    if reseeded < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn set_clock(unix_nanos: u64) -> io::Result<()> {
    let time = rustix::time::Timespec {
        tv_sec: (unix_nanos / 1_000_000_000) as i64,
        tv_nsec: (unix_nanos % 1_000_000_000) as i64,
    };
    Ok(rustix::time::clock_settime(rustix::time::ClockId::Realtime, time)?)
}

/// Writes a new machine id. One that the configuration fixes (a link into the store) stays.
fn renew_machine_id(root: &Path) -> io::Result<()> {
    let path = root.join("etc/machine-id");
    match fs::symlink_metadata(&path) {
        Ok(meta) if meta.is_file() => {}
        _ => return Ok(()),
    }
    let old = fs::read_to_string(&path)?.trim().to_string();
    let new = data_encoding::HEXLOWER.encode(&random::<16>()?);
    replace(&path, format!("{new}\n").as_bytes(), 0o444)?;
    for journal in ["run/log/journal", "var/log/journal"] {
        move_journal(&root.join(journal), &old, &new)?;
    }
    Ok(())
}

/// `journalctl` shows the folder that is named after the machine's id; journald keeps writing to the one
/// whose name it knows, which becomes a link.
fn move_journal(folder: &Path, old: &str, new: &str) -> io::Result<()> {
    if old.is_empty() || !folder.join(old).is_dir() {
        return Ok(());
    }
    fs::rename(folder.join(old), folder.join(new))?;
    std::os::unix::fs::symlink(new, folder.join(old))
}

/// What the next boot seeds its random numbers with.
fn renew_seed(root: &Path) -> io::Result<()> {
    let path = root.join("var/lib/systemd/random-seed");
    if !path.is_file() {
        return Ok(());
    }
    replace(&path, &random::<SEED_BYTES>()?, 0o600)
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Writes a file beside the old one and puts it into its place.
fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(content)?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn machine(id: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc")).unwrap();
        fs::create_dir_all(root.path().join("run/log/journal").join(id)).unwrap();
        fs::write(root.path().join("etc/machine-id"), format!("{id}\n")).unwrap();
        root
    }

    #[test]
    fn a_machine_id_takes_its_journal_along() {
        let old = "0123456789abcdef0123456789abcdef";
        let root = machine(old);
        let journal = root.path().join("run/log/journal");
        fs::write(journal.join(old).join("system.journal"), "entries").unwrap();
        renew_machine_id(root.path()).unwrap();
        let new = fs::read_to_string(root.path().join("etc/machine-id")).unwrap();
        assert_ne!(new.trim(), old);
        assert_eq!(new.trim().len(), 32);
        for id in [old, new.trim()] {
            let text = fs::read_to_string(journal.join(id).join("system.journal")).unwrap();
            assert_eq!(text, "entries");
        }
        assert!(!journal.join(new.trim()).is_symlink());
    }

    #[test]
    fn an_id_of_the_configuration_stays() {
        let root = machine("0123456789abcdef0123456789abcdef");
        let path = root.path().join("etc/machine-id");
        fs::rename(&path, root.path().join("fixed")).unwrap();
        std::os::unix::fs::symlink(root.path().join("fixed"), &path).unwrap();
        renew_machine_id(root.path()).unwrap();
        assert!(path.is_symlink());
    }

    #[test]
    fn the_seed_is_replaced_where_there_is_one() {
        let root = tempfile::tempdir().unwrap();
        renew_seed(root.path()).unwrap();
        let folder = root.path().join("var/lib/systemd");
        assert!(!folder.exists());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("random-seed"), "old").unwrap();
        renew_seed(root.path()).unwrap();
        assert_eq!(fs::read(folder.join("random-seed")).unwrap().len(), SEED_BYTES);
    }
}
