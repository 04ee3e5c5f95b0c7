//! Checks file systems before they are mounted. What the superblock calls clean is not looked at further, as
//! `fsck.ext4 -a` would not; else that program does the work.
//!
//! Places in the superblock: "The Super Block" in the kernel's documentation of ext4.

use crate::{Error, Result};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the superblock is, and how much of it matters here.
const SUPERBLOCK: (u64, usize) = (1024, 512);
const MAGIC: u16 = 0xef53;
/// `s_state`: unmounted in order, and no errors seen.
const CLEAN: u16 = 1;
/// `s_feature_incompat`: the journal has to be replayed.
const NEEDS_RECOVERY: u32 = 4;

/// Status of the checking program: something was mended, and the machine must start again.
const RESTART: i32 = 2;
/// From here on something is left to be mended.
const UNMENDED: i32 = 4;

/// Checks the file system on the device at `source`, which the configuration calls `device`.
///
/// # Errors
/// When it has errors that are not mended without asking.
pub fn check(checker: &Path, device: &str, source: &Path, kind: &str) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if let Some(state) = Superblock::read(source).and_then(|block| block.clean(now)) {
        say(&format!("fsck.{kind} {device}: {state}"));
        return Ok(());
    }
    let output = Command::new(checker)
        .args(["-a"])
        .arg(source)
        .stdin(Stdio::null())
        .output()
        .map_err(|err| Error::io("run", checker, &err))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().for_each(|line| say(&format!("fsck.{kind} {device}: {line}")));
    let code = output.status.code().unwrap_or(UNMENDED);
    if code >= UNMENDED {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(Error::new(format!(
            "the file system on '{device}' has errors that are not mended without asking ({}): {}",
            output.status,
            error.trim()
        ))
        .with_help("start another system and run `fsck` on the device"));
    }
    if code & RESTART != 0 {
        say(&format!("fsck.{kind} {device}: mended; the machine starts again"));
        rustix::fs::sync();
        let _ = rustix::system::reboot(rustix::system::RebootCommand::Restart);
    }
    Ok(())
}

/// Leaves a line in the kernel's log, which the journal has later.
fn say(line: &str) {
    if let Ok(mut log) = File::options().write(true).open("/dev/kmsg") {
        let _ = log.write_all(format!("<6>stage-1: {line}\n").as_bytes());
    }
}

struct Superblock(Vec<u8>);

impl Superblock {
    fn read(device: &Path) -> Option<Self> {
        let mut bytes = vec![0; SUPERBLOCK.1];
        File::open(device).ok()?.read_exact_at(&mut bytes, SUPERBLOCK.0).ok()?;
        let block = Self(bytes);
        (block.half(0x38) == MAGIC).then_some(block)
    }

    fn half(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.0[at], self.0[at + 1]])
    }

    fn word(&self, at: usize) -> u32 {
        u32::from(self.half(at)) | u32::from(self.half(at + 2)) << 16
    }

    /// What the program would say of a file system that needs no check at `now` (seconds since 1970).
    fn clean(&self, now: u64) -> Option<String> {
        let mounted = self.half(0x34);
        // Signed; what is not positive means never.
        let most = i16::from_le_bytes(self.half(0x36).to_le_bytes());
        let (last, interval) = (u64::from(self.word(0x40)), u64::from(self.word(0x44)));
        let orphans = self.word(0xe8) != 0;
        let due = most > 0 && i32::from(mounted) >= i32::from(most)
            || interval != 0 && now >= last + interval;
        let recovers = self.word(0x60) & NEEDS_RECOVERY != 0;
        if self.half(0x3a) != CLEAN || recovers || orphans || due {
            return None;
        }
        let wide =
            |low: usize, high: usize| u64::from(self.word(low)) | u64::from(self.word(high)) << 32;
        let (inodes, blocks) = (self.word(0), wide(0x4, 0x150));
        let used = inodes.checked_sub(self.word(0x10))?;
        let full = blocks.checked_sub(wide(0xc, 0x158))?;
        Some(format!("clean, {used}/{inodes} files, {full}/{blocks} blocks"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn superblock(changes: &[(usize, u32)]) -> Superblock {
        let mut bytes = vec![0; SUPERBLOCK.1];
        let fresh = [(0, 100), (4, 1000), (0xc, 400), (0x10, 89), (0x38, 0x0001_ef53), (0x40, 50)];
        for (at, value) in fresh.iter().chain(changes) {
            bytes[*at..*at + 4].copy_from_slice(&value.to_le_bytes());
        }
        Superblock(bytes)
    }

    #[test]
    fn clean_file_systems_are_known_by_their_superblock() {
        let clean = Some("clean, 11/100 files, 600/1000 blocks".to_owned());
        assert_eq!(superblock(&[]).clean(99), clean);
        assert_eq!(
            superblock(&[(0x34, 0xffff_0007)]).clean(99),
            clean,
            "never by the number of mounts"
        );
        for (what, at, value) in [
            ("was not unmounted", 0x38, 0x0000_ef53),
            ("has errors", 0x38, 0x0003_ef53),
            ("was mounted often", 0x34, 0x0005_0005),
            ("was checked long ago", 0x44, 40),
            ("has a journal to replay", 0x60, 4),
            ("has orphans", 0xe8, 12),
        ] {
            assert_eq!(superblock(&[(at, value)]).clean(99), None, "{what}");
        }
    }
}
