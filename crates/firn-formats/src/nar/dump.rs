//! Writing the archive of a file tree on disk.

use std::{
    ffi::{CStr, CString, OsStr},
    io::Write,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{self, AtFlags, FileType, Mode, OFlags, Stat},
    io::Errno,
};

use super::{MAX_DEPTH, NarError, NarWriter};
use crate::error::err;

/// What an entry of a tree is, as filters see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    Regular,
    /// A folder.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Anything else, which an archive can't hold.
    Unknown,
}

/// Says for each path below the root whether it is taken; sees whole paths.
pub type DumpFilter<'a> = dyn FnMut(&Path, EntryKind) -> Result<bool, NarError> + 'a;

/// Size of the buffer that file contents go through.
const CHUNK: usize = 128 * 1024;

/// Writes the archive of the tree at `path` to `out`.
///
/// # Errors
/// A file that can't be read, is of another kind than file, folder or link, or changes its length
/// meanwhile; a failing writer.
pub fn dump_path<W: Write>(path: &Path, out: W) -> Result<(), NarError> {
    Dump::new(out, None)?.root(path)
}

/// As [`dump_path`], without what `filter` refuses.
pub fn dump_path_filtered<W: Write>(
    path: &Path,
    out: W,
    filter: &mut DumpFilter<'_>,
) -> Result<(), NarError> {
    Dump::new(out, Some(filter))?.root(path)
}

struct Dump<'f, 'g, W> {
    nar: NarWriter<W>,
    filter: Option<&'f mut DumpFilter<'g>>,
    path: PathBuf,
    buffer: Vec<u8>,
}

impl<'f, 'g, W: Write> Dump<'f, 'g, W> {
    fn new(out: W, filter: Option<&'f mut DumpFilter<'g>>) -> Result<Self, NarError> {
        Ok(Self { nar: NarWriter::new(out)?, filter, path: PathBuf::new(), buffer: Vec::new() })
    }

    fn root(mut self, path: &Path) -> Result<(), NarError> {
        self.path = path.to_path_buf();
        let name = CString::new(path.as_os_str().as_bytes())
            .map_err(|_| err!("a path can't hold a zero byte"))?;
        let stat = self.at("read", fs::statat(fs::CWD, &*name, AtFlags::SYMLINK_NOFOLLOW))?;
        self.node(fs::CWD, &name, None, &stat, 0)
    }

    fn at<T>(&self, action: &'static str, result: Result<T, Errno>) -> Result<T, NarError> {
        result.map_err(|e| NarError::file(action, &self.path)(e.into()))
    }

    fn node<Fd: std::os::fd::AsFd>(
        &mut self,
        parent: Fd,
        file: &CStr,
        name: Option<&[u8]>,
        stat: &Stat,
        depth: usize,
    ) -> Result<(), NarError> {
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => self.regular(parent, file, name),
            FileType::Symlink => {
                let target = fs::readlinkat(parent, file, Vec::new());
                let target = self.at("read the link", target)?;
                Ok(self.nar.symlink(name, target.as_bytes())?)
            }
            FileType::Directory => self.directory(parent, file, name, depth),
            _ => Err(err!("file '{}' has an unsupported type", self.path.display()).into()),
        }
    }

    fn regular<Fd: std::os::fd::AsFd>(
        &mut self,
        parent: Fd,
        file: &CStr,
        name: Option<&[u8]>,
    ) -> Result<(), NarError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let fd = self.at("open", fs::openat(parent, file, flags, Mode::empty()))?;
        let stat = self.at("read", fs::fstat(&fd))?;
        let size = stat.st_size as u64;
        let executable = stat.st_mode & 0o100 != 0;
        self.nar.begin_file(name, executable, size)?;
        self.content(&fd, size)?;
        Ok(self.nar.end_file(name, size)?)
    }

    fn content(&mut self, fd: &OwnedFd, size: u64) -> Result<(), NarError> {
        let mut left = size;
        let room = CHUNK.min(usize::try_from(size).unwrap_or(CHUNK));
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        while left > 0 {
            let want = CHUNK.min(usize::try_from(left).unwrap_or(CHUNK));
            let read = match rustix::io::read(fd, &mut self.buffer[..want]) {
                Err(Errno::INTR) => continue,
                other => self.at("read", other)?,
            };
            if read == 0 {
                return Err(err!(
                    "file '{}' became shorter while it was read",
                    self.path.display()
                )
                .into());
            }
            self.nar.content(&self.buffer[..read])?;
            left -= read as u64;
        }
        Ok(())
    }

    fn directory<Fd: std::os::fd::AsFd>(
        &mut self,
        parent: Fd,
        file: &CStr,
        name: Option<&[u8]>,
        depth: usize,
    ) -> Result<(), NarError> {
        if depth >= MAX_DEPTH {
            return Err(err!("'{}' lies too deep", self.path.display()).into());
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = self.at("open", fs::openat(parent, file, flags, Mode::empty()))?;
        let names = self.entries(&fd)?;
        self.nar.begin_directory(name)?;
        for entry in names {
            let bytes = entry.to_bytes();
            self.path.push(OsStr::from_bytes(bytes));
            let stat = fs::statat(&fd, &*entry, AtFlags::SYMLINK_NOFOLLOW);
            let stat = self.at("read", stat)?;
            if self.wanted(&stat)? {
                self.node(&fd, &entry, Some(bytes), &stat, depth + 1)?;
            }
            self.path.pop();
        }
        Ok(self.nar.end_directory()?)
    }

    fn entries(&self, fd: &OwnedFd) -> Result<Vec<CString>, NarError> {
        let mut names = Vec::new();
        let dir = self.at("list", fs::Dir::read_from(fd))?;
        for entry in dir {
            let entry = self.at("list", entry)?;
            let name = entry.file_name();
            if !matches!(name.to_bytes(), b"." | b"..") {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn wanted(&mut self, stat: &Stat) -> Result<bool, NarError> {
        let Some(filter) = &mut self.filter else {
            return Ok(true);
        };
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => EntryKind::Regular,
            FileType::Directory => EntryKind::Directory,
            FileType::Symlink => EntryKind::Symlink,
            _ => EntryKind::Unknown,
        };
        filter(&self.path, kind)
    }
}
