//! Reading the files that expressions ask for. A file that is no plain file may never end, or never begin.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

/// How long nobody looks whether the user wants to stop, in nanoseconds.
const PATIENCE: i64 = 50_000_000;

/// Files from this size on are read as the system's library does.
const SMALL: usize = 1 << 16;

/// The content of a file. A device has as much as its size says, which is nothing; from a pipe comes
/// what its writers write, for as long as the user waits.
///
/// # Errors
/// [`io::ErrorKind::Interrupted`] when the user stops waiting, and what reading files gives.
pub fn read_whole(real: &Path, interrupted: &AtomicBool) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(real)?;
    let kind = metadata.file_type();
    if kind.is_char_device() || kind.is_block_device() {
        return Ok(Vec::new());
    }
    if kind.is_fifo() {
        return read_pipe(real, interrupted);
    }
    if kind.is_file() { read_plain(real, metadata.len()) } else { fs::read(real) }
}

/// The content of a plain file that was of this size in bytes a moment ago.
///
/// # Errors
/// What reading files gives.
pub fn read_plain(real: &Path, size: u64) -> io::Result<Vec<u8>> {
    match usize::try_from(size) {
        Ok(size @ 1..SMALL) => read_small(real, size),
        _ => fs::read(real),
    }
}

/// A file that was of this size a moment ago: in most cases one call reads it, and that there was room for
/// more says that it is at its end.
fn read_small(real: &Path, size: usize) -> io::Result<Vec<u8>> {
    let mut file = File::open(real)?;
    let mut content = vec![0; size + 1];
    let mut filled = 0;
    loop {
        match file.read(&mut content[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        if filled == size {
            break;
        }
        if filled == content.len() {
            content.resize(2 * filled + SMALL, 0);
        }
    }
    content.truncate(filled);
    Ok(content)
}

fn read_pipe(real: &Path, interrupted: &AtomicBool) -> io::Result<Vec<u8>> {
    // Opened without waiting for somebody who writes; `poll` waits for them.
    let flags = OFlags::NONBLOCK.bits() as i32;
    let mut pipe = OpenOptions::new().read(true).custom_flags(flags).open(real)?;
    let mut content = Vec::new();
    let mut part = [0; 1 << 16];
    loop {
        wait(&pipe, interrupted)?;
        match pipe.read(&mut part) {
            Ok(0) => return Ok(content),
            Ok(count) => content.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// Waits until there is something to read, or everybody who wrote is done.
fn wait(pipe: &File, interrupted: &AtomicBool) -> io::Result<()> {
    let patience = Timespec { tv_sec: 0, tv_nsec: PATIENCE };
    loop {
        if interrupted.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&patience)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::io::Write;

    #[test]
    fn pipes_are_read_to_their_end_and_devices_are_empty() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("pipe");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &place, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let to = place.clone();
        let writer = std::thread::spawn(move || {
            let mut pipe = OpenOptions::new().write(true).open(to).unwrap();
            pipe.write_all(&[b'x'; 100_000]).unwrap();
        });
        let going_on = AtomicBool::new(false);
        assert_eq!(read_whole(&place, &going_on).unwrap(), [b'x'; 100_000]);
        writer.join().unwrap();
        assert!(read_whole(Path::new("/dev/zero"), &going_on).unwrap().is_empty());
        // Nobody writes, and the user does not wait.
        let error = read_whole(&place, &AtomicBool::new(true)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
    }
}
