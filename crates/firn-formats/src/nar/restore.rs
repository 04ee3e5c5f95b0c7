//! Making the file tree of an archive on disk.

use std::{
    ffi::OsStr,
    io::BufRead,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{self, AtFlags, Mode, OFlags, Timespec, Timestamps},
    io::Errno,
};

use super::{NarError, NarEvent, NarReader};

/// Permissions and times of what is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestoreMode {
    /// As a store keeps files: 0444 or 0555, folders 0555, modified one second after 1970.
    Canonical,
    /// As the user's file mode mask says.
    Plain,
}

/// Makes the tree of the archive at `dest`, which must not exist.
///
/// Every file is made anew below a folder this call made, and no link is followed, so an archive
/// can't write elsewhere. On an error what was made so far is left for the caller to remove.
///
/// # Errors
/// A malformed archive, an existing `dest`, a full disk.
pub fn restore<R: BufRead>(input: R, dest: &Path, mode: RestoreMode) -> Result<(), NarError> {
    let mut reader = NarReader::new(input);
    let mut restore = Restore { mode, path: dest.to_path_buf(), open: Vec::new() };
    while let Some(event) = reader.next_event()? {
        restore.event(&mut reader, event)?;
    }
    Ok(())
}

struct Restore {
    mode: RestoreMode,
    /// Path of the entry at hand.
    path: PathBuf,
    open: Vec<OwnedFd>,
}

impl Restore {
    fn event<R: BufRead>(
        &mut self,
        reader: &mut NarReader<R>,
        event: NarEvent,
    ) -> Result<(), NarError> {
        match event {
            NarEvent::File { name, executable, .. } => {
                self.enter(name.as_deref());
                self.file(reader, executable)?;
                self.leave();
            }
            NarEvent::Symlink { name, target } => {
                self.enter(name.as_deref());
                self.symlink(&target)?;
                self.leave();
            }
            NarEvent::Directory { name } => {
                self.enter(name.as_deref());
                self.directory()?;
            }
            NarEvent::EndDirectory => {
                if let Some(fd) = self.open.pop() {
                    self.canonical(&fd, 0o555)?;
                }
                self.leave();
            }
        }
        Ok(())
    }

    fn enter(&mut self, name: Option<&[u8]>) {
        if let Some(name) = name {
            self.path.push(OsStr::from_bytes(name));
        }
    }

    fn leave(&mut self) {
        if !self.open.is_empty() {
            self.path.pop();
        }
    }

    /// The folder that the entry goes into, and its name there.
    fn place(&self) -> (std::os::fd::BorrowedFd<'_>, &OsStr) {
        use std::os::fd::AsFd;
        match self.open.last() {
            Some(fd) => (fd.as_fd(), self.path.file_name().unwrap_or_default()),
            None => (fs::CWD, self.path.as_os_str()),
        }
    }

    fn at<T>(&self, action: &'static str, result: Result<T, Errno>) -> Result<T, NarError> {
        result.map_err(|e| NarError::file(action, &self.path)(e.into()))
    }

    fn file<R: BufRead>(
        &mut self,
        reader: &mut NarReader<R>,
        executable: bool,
    ) -> Result<(), NarError> {
        let (parent, name) = self.place();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if executable { 0o777 } else { 0o666 });
        let fd = self.at("create", fs::openat(parent, name, flags, mode))?;
        reader.copy_content(|data| self.write(&fd, data))?;
        self.canonical(&fd, if executable { 0o555 } else { 0o444 })
    }

    fn write(&self, fd: &OwnedFd, mut data: &[u8]) -> Result<(), NarError> {
        while !data.is_empty() {
            match rustix::io::write(fd, data) {
                Err(Errno::INTR) => {}
                other => data = &data[self.at("write", other)?..],
            }
        }
        Ok(())
    }

    fn symlink(&self, target: &[u8]) -> Result<(), NarError> {
        let (parent, name) = self.place();
        self.at("create", fs::symlinkat(OsStr::from_bytes(target), parent, name))?;
        if self.mode == RestoreMode::Canonical {
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            self.at("set the time of", fs::utimensat(parent, name, &epoch(), flags))?;
        }
        Ok(())
    }

    fn directory(&mut self) -> Result<(), NarError> {
        let (parent, name) = self.place();
        self.at("create", fs::mkdirat(parent, name, Mode::from_raw_mode(0o777)))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = self.at("open", fs::openat(parent, name, flags, Mode::empty()))?;
        self.open.push(fd);
        Ok(())
    }

    fn canonical(&self, fd: &OwnedFd, mode: u32) -> Result<(), NarError> {
        if self.mode == RestoreMode::Canonical {
            self.at("change", fs::fchmod(fd, Mode::from_raw_mode(mode)))?;
            self.at("set the time of", fs::futimens(fd, &epoch()))?;
        }
        Ok(())
    }
}

/// The time that all files of a store have.
fn epoch() -> Timestamps {
    let time = Timespec { tv_sec: 1, tv_nsec: 0 };
    Timestamps { last_access: time, last_modification: time }
}
