//! Giving the files of a finished build the metadata that all files of a store have.
//!
//! Source: manual, "File system object": permissions 0444 or 0555, time 1, no other attributes.

use std::{
    collections::HashSet,
    ffi::CString,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
};

use firn_store::{StoreError, StoreResult};
use rustix::{
    fs::{self, AtFlags, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, Uid},
    io::Errno,
};

/// Files already seen, by device and inode, over all outputs of one build.
#[derive(Debug, Default)]
pub struct SeenInodes(HashSet<(u64, u64)>);

/// Makes permissions, times, owners and attributes below `path` canonical.
///
/// `builder` is the user id that built it (as seen here): files of anyone else are refused, unless
/// they are hard links to a file in `seen`. `None` accepts any owner.
///
/// # Errors
/// A file that is neither regular, folder nor link; a file of a stranger.
pub fn canonicalise(path: &Path, builder: Option<u32>, seen: &mut SeenInodes) -> StoreResult<()> {
    let name = CString::new(path.as_os_str().as_bytes())
        .map_err(|_| StoreError::other("a path can't hold a zero byte"))?;
    let mut walk = Canonical {
        builder,
        seen,
        root: rustix::process::geteuid().is_root(),
        path: path.to_path_buf(),
    };
    walk.node(fs::CWD, &name)
}

struct Canonical<'a> {
    builder: Option<u32>,
    seen: &'a mut SeenInodes,
    root: bool,
    path: PathBuf,
}

impl Canonical<'_> {
    fn at<T>(&self, action: &'static str, result: Result<T, Errno>) -> StoreResult<T> {
        result.map_err(|e| StoreError::io(action, &self.path)(e.into()))
    }

    fn node<Fd: AsFd + Copy>(&mut self, parent: Fd, name: &CString) -> StoreResult<()> {
        let stat = fs::statat(parent, &**name, AtFlags::SYMLINK_NOFOLLOW);
        let stat = self.at("read", stat)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if !matches!(kind, FileType::RegularFile | FileType::Directory | FileType::Symlink) {
            return Err(StoreError::other(format!(
                "file '{}' has an unsupported type",
                self.path.display()
            )));
        }
        self.check_owner(&stat, kind)?;
        if kind == FileType::Symlink {
            self.own(parent, name, &stat)?;
            return self.set_time(parent, name, &stat);
        }
        let fd = self.open(parent, name, kind, &stat)?;
        self.own(parent, name, &stat)?;
        self.drop_attributes(&fd);
        if kind == FileType::Directory {
            self.children(&fd)?;
        }
        self.set_mode(&fd, &stat)?;
        if kind == FileType::Directory || stat.st_mtime != 1 || stat.st_mtime_nsec != 0 {
            self.at("set the time of", fs::futimens(&fd, &epoch()))?;
        }
        Ok(())
    }

    fn check_owner(&mut self, stat: &Stat, kind: FileType) -> StoreResult<()> {
        let inode = (stat.st_dev, stat.st_ino);
        let Some(builder) = self.builder else {
            return Ok(());
        };
        if stat.st_uid == builder {
            self.seen.0.insert(inode);
            return Ok(());
        }
        if kind != FileType::Directory && self.seen.0.contains(&inode) {
            return Ok(());
        }
        Err(StoreError::other(format!(
            "invalid ownership on file '{}': it belongs to user {}, not to the builder",
            self.path.display(),
            stat.st_uid
        )))
    }

    fn open<Fd: AsFd>(
        &self,
        parent: Fd,
        name: &CString,
        kind: FileType,
        stat: &Stat,
    ) -> StoreResult<OwnedFd> {
        let mut flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        if kind == FileType::Directory {
            flags |= OFlags::DIRECTORY;
        }
        match fs::openat(&parent, &**name, flags, Mode::empty()) {
            Err(Errno::ACCESS) => {
                // The builder took its own right to read: give it back first.
                let mode = Mode::from_raw_mode(stat.st_mode & 0o7777 | 0o700);
                let done = fs::chmodat(&parent, &**name, mode, AtFlags::empty());
                self.at("change", done)?;
                let again = fs::openat(&parent, &**name, flags, Mode::empty());
                self.at("open", again)
            }
            other => self.at("open", other),
        }
    }

    fn children(&mut self, fd: &OwnedFd) -> StoreResult<()> {
        let dir = self.at("list", fs::Dir::read_from(fd))?;
        for entry in dir {
            let entry = self.at("list", entry)?;
            let name = entry.file_name().to_owned();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            self.path.push(std::ffi::OsStr::from_bytes(name.to_bytes()));
            self.node(fd.as_fd(), &name)?;
            self.path.pop();
        }
        Ok(())
    }

    fn set_mode(&self, fd: &OwnedFd, stat: &Stat) -> StoreResult<()> {
        let old = stat.st_mode & 0o7777;
        let new = if stat.st_mode & 0o111 != 0 || FileType::from_raw_mode(stat.st_mode).is_dir() {
            0o555
        } else {
            0o444
        };
        if old == new {
            return Ok(());
        }
        self.at("change", fs::fchmod(fd, Mode::from_raw_mode(new)))
    }

    fn set_time<Fd: AsFd>(&self, parent: Fd, name: &CString, stat: &Stat) -> StoreResult<()> {
        if stat.st_mtime == 1 && stat.st_mtime_nsec == 0 {
            return Ok(());
        }
        let done = fs::utimensat(parent, &**name, &epoch(), AtFlags::SYMLINK_NOFOLLOW);
        self.at("set the time of", done)
    }

    fn own<Fd: AsFd>(&self, parent: Fd, name: &CString, stat: &Stat) -> StoreResult<()> {
        if !self.root || (stat.st_uid == 0 && stat.st_gid == 0) {
            return Ok(());
        }
        let done = fs::chownat(
            parent,
            &**name,
            Some(Uid::ROOT),
            Some(Gid::ROOT),
            AtFlags::SYMLINK_NOFOLLOW,
        );
        self.at("change the owner of", done)
    }

    /// Removes extended attributes (access lists, capabilities). Those of the system stay.
    fn drop_attributes(&self, fd: &OwnedFd) {
        let mut names = [0u8; 4096];
        let Ok(len) = fs::flistxattr(fd, &mut names[..]) else {
            return;
        };
        for name in names[..len].split(|b| *b == 0).filter(|n| !n.is_empty()) {
            if name == b"security.selinux" || name == b"system.nfs4_acl" {
                continue;
            }
            if let Ok(name) = CString::new(name) {
                let _ = fs::fremovexattr(fd, &*name);
            }
        }
    }
}

fn epoch() -> Timestamps {
    let time = Timespec { tv_sec: 1, tv_nsec: 0 };
    Timestamps { last_access: time, last_modification: time }
}
