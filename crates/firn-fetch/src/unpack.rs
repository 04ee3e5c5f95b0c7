//! Archives into file trees, trusting nothing in them.
//!
//! What a NAR can't hold is not kept: owners, times, permissions but one bit. Every entry is made
//! below the destination through folders opened one by one, never through a symbolic link, so that
//! neither `..`, nor absolute names, nor a link planted by an earlier entry leads outside.

use crate::error::{FetchError, Reason};
use crate::zip;
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, ResolveFlags, mkdirat, openat, openat2, symlinkat, unlinkat,
};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

/// What to keep of an archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnpackOptions {
    /// If everything lies in one folder, unpack what is in that folder (as `fetchTarball`).
    pub strip_single_folder: bool,
}

/// Unpacks `archive` (tar, plain or compressed with gzip, xz, zstd or bzip2, or zip; told by its
/// first bytes) into `to`, which must not exist.
///
/// Gives the newest modification time in it, in seconds since 1970; 0 where it has none.
///
/// # Errors
/// The archive is broken or holds what can't be in a store (devices, names that lead outside), or
/// the disk refuses. `to` may hold a part then.
pub fn unpack(archive: &mut File, to: &Path, options: UnpackOptions) -> Result<u64, FetchError> {
    let stage = if options.strip_single_folder { staging_name(to) } else { to.to_owned() };
    let mut tree = Tree::create(&stage)?;
    let result = unpack_into(archive, &mut tree).map(|()| tree.newest);
    if !options.strip_single_folder {
        return result;
    }
    let moved = result.and_then(|newest| strip(&stage, to).map(|()| newest));
    if moved.is_err() {
        let _ = std::fs::remove_dir_all(&stage);
    }
    moved
}

fn staging_name(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".unpack");
    to.with_file_name(name)
}

fn strip(stage: &Path, to: &Path) -> Result<(), FetchError> {
    let local = |e: &io::Error| {
        FetchError::local(format_args!("moving the unpacked '{}'", to.display()), e)
    };
    let mut entries = std::fs::read_dir(stage).map_err(|e| local(&e))?;
    let first = entries.next().transpose().map_err(|e| local(&e))?;
    let single = match (first, entries.next()) {
        (Some(one), None) if one.file_type().is_ok_and(|t| t.is_dir()) => Some(one.path()),
        _ => None,
    };
    match single {
        Some(inner) => {
            std::fs::rename(inner, to).map_err(|e| local(&e))?;
            std::fs::remove_dir(stage).map_err(|e| local(&e))
        }
        None => std::fs::rename(stage, to).map_err(|e| local(&e)),
    }
}

fn unpack_into(archive: &mut File, tree: &mut Tree) -> Result<(), FetchError> {
    let mut magic = [0; 6];
    let reading = |e: &io::Error| broken(&format!("can't be read: {e}"));
    let start = archive.stream_position().map_err(|e| reading(&e))?;
    let mut known = 0;
    while known < magic.len() {
        match archive.read(&mut magic[known..]).map_err(|e| reading(&e))? {
            0 => break,
            n => known += n,
        }
    }
    archive.seek(SeekFrom::Start(start)).map_err(|e| reading(&e))?;
    let buffered = BufReader::with_capacity(1 << 16, &mut *archive);
    match &magic[..known] {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => {
            drop(buffered);
            zip::unpack(archive, tree)
        }
        [0x1f, 0x8b, ..] => untar(flate2::bufread::MultiGzDecoder::new(buffered), tree),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => {
            untar(liblzma::bufread::XzDecoder::new_multi_decoder(buffered), tree)
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let decoder = zstd::stream::read::Decoder::with_buffer(buffered);
            untar(decoder.map_err(|e| reading(&e))?, tree)
        }
        [b'B', b'Z', b'h', ..] => untar(bzip2::bufread::MultiBzDecoder::new(buffered), tree),
        _ => untar(buffered, tree),
    }
}

pub(crate) fn broken(why: &str) -> FetchError {
    FetchError::new(Reason::Archive, format!("the archive {why}"))
}

fn untar(from: impl Read, tree: &mut Tree) -> Result<(), FetchError> {
    let bad = |e: &io::Error| broken(&format!("is broken: {e}"));
    let mut archive = tar::Archive::new(from);
    for entry in archive.entries().map_err(|e| bad(&e))? {
        let mut entry = entry.map_err(|e| bad(&e))?;
        untar_entry(&mut entry, tree)?;
    }
    Ok(())
}

fn untar_entry<R: Read>(entry: &mut tar::Entry<'_, R>, tree: &mut Tree) -> Result<(), FetchError> {
    use tar::EntryType as Kind;
    let kind = entry.header().entry_type();
    let path = entry.path_bytes().into_owned();
    tree.newest = tree.newest.max(entry.header().mtime().unwrap_or(0));
    let link = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
    match (kind, link) {
        (Kind::XGlobalHeader | Kind::XHeader, _) => Ok(()),
        (Kind::Directory, _) => tree.dir(&path),
        (Kind::Symlink, Some(target)) => tree.link(&path, &target),
        (Kind::Link, Some(target)) => tree.copy(&path, &target),
        (Kind::Regular | Kind::Continuous | Kind::GNUSparse, _) => {
            let executable = entry.header().mode().unwrap_or(0) & 0o100 != 0;
            tree.file(&path, executable, entry)
        }
        (kind, _) => Err(broken(&format!(
            "holds '{}', which is neither file, folder nor link ({kind:?})",
            String::from_utf8_lossy(&path)
        ))),
    }
}

/// A folder that is being filled.
pub(crate) struct Tree {
    root: OwnedFd,
    /// Where it lies, for errors.
    place: PathBuf,
    /// Files made so far, so that a hard link can only name one of them.
    files: BTreeSet<Vec<Vec<u8>>>,
    /// The newest modification time of an entry, in seconds since 1970.
    newest: u64,
}

impl Tree {
    fn create(path: &Path) -> Result<Tree, FetchError> {
        let local = |e: Errno| {
            FetchError::local_at(
                format_args!("creating the folder '{}'", path.display()),
                &e.into(),
                Some(path),
            )
        };
        mkdirat(CWD, path, Mode::from_raw_mode(0o755)).map_err(local)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let root = openat(CWD, path, flags, Mode::empty()).map_err(local)?;
        Ok(Tree { root, place: path.to_owned(), files: BTreeSet::new(), newest: 0 })
    }

    /// What the operating system refused for an entry.
    fn failed(&self, entry: &[u8], error: &io::Error) -> FetchError {
        FetchError::local_at(unpacking(entry), error, Some(&self.place))
    }

    pub(crate) fn dir(&mut self, path: &[u8]) -> Result<(), FetchError> {
        let parts = parts(path)?;
        self.open_dirs(&parts, path).map(drop)
    }

    pub(crate) fn file(
        &mut self,
        path: &[u8],
        executable: bool,
        contents: &mut dyn Read,
    ) -> Result<(), FetchError> {
        let (parent, parts, mut file) = self.create_file(path, executable)?;
        drop(parent);
        io::copy(contents, &mut file).map_err(|e| match e.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::Other => {
                broken(&format!("is broken: {e}"))
            }
            _ => self.failed(path, &e),
        })?;
        self.files.insert(parts);
        Ok(())
    }

    fn create_file(
        &self,
        path: &[u8],
        executable: bool,
    ) -> Result<(OwnedFd, Vec<Vec<u8>>, File), FetchError> {
        let parts = parts(path)?;
        let (name, parents) = parts.split_last().ok_or_else(|| broken("names a file ''"))?;
        let parent = self.open_dirs(parents, path)?;
        let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
        // A later entry replaces an earlier one, but never writes through it.
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let open = || openat(&parent, &name[..], flags, mode);
        let file = match open() {
            Err(Errno::EXIST) => {
                let removed = unlinkat(&parent, &name[..], AtFlags::empty());
                removed.and_then(|()| open())
            }
            other => other,
        };
        let file = file.map_err(|e| self.failed(path, &e.into()))?;
        Ok((parent, parts, File::from(file)))
    }

    pub(crate) fn link(&mut self, path: &[u8], target: &[u8]) -> Result<(), FetchError> {
        let parts = parts(path)?;
        let (name, parents) = parts.split_last().ok_or_else(|| broken("names a link ''"))?;
        let parent = self.open_dirs(parents, path)?;
        let make = || symlinkat(target, &parent, &name[..]);
        let made = match make() {
            Err(Errno::EXIST) => {
                unlinkat(&parent, &name[..], AtFlags::empty()).and_then(|()| make())
            }
            other => other,
        };
        self.files.remove(&parts);
        made.map_err(|e| self.failed(path, &e.into()))
    }

    /// A hard link becomes a copy: its name and its target are both just files of the tree.
    fn copy(&mut self, path: &[u8], target: &[u8]) -> Result<(), FetchError> {
        let source = parts(target)?;
        if !self.files.contains(&source) {
            return Err(broken(&format!(
                "links '{}' to '{}', which is no file in it",
                String::from_utf8_lossy(path),
                String::from_utf8_lossy(target)
            )));
        }
        let local = |e: io::Error| self.failed(path, &e);
        let joined = source.join(&b'/');
        let from = openat2(
            &self.root,
            &joined[..],
            OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS,
        );
        let mut from = File::from(from.map_err(|e| local(e.into()))?);
        let mode = std::os::unix::fs::MetadataExt::mode(&from.metadata().map_err(local)?);
        if parts(path)? == source {
            return Ok(());
        }
        self.file(path, mode & 0o100 != 0, &mut from)
    }

    /// Opens a folder below the root, making what is missing.
    fn open_dirs(&self, parts: &[Vec<u8>], path: &[u8]) -> Result<OwnedFd, FetchError> {
        let fail = |e: Errno| match e {
            Errno::LOOP | Errno::NOTDIR => broken(&format!(
                "puts '{}' through something that is no folder",
                String::from_utf8_lossy(path)
            )),
            e => self.failed(path, &e.into()),
        };
        let mut dir = self.root.as_fd().try_clone_to_owned().map_err(|e| self.failed(path, &e))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        for part in parts {
            match mkdirat(&dir, &part[..], Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(e) => return Err(fail(e)),
            }
            dir = openat(&dir, &part[..], flags, Mode::empty()).map_err(fail)?;
        }
        Ok(dir)
    }
}

fn unpacking(path: &[u8]) -> String {
    format!("unpacking '{}'", String::from_utf8_lossy(path))
}

/// The components of a name, which must not lead out of the tree.
fn parts(path: &[u8]) -> Result<Vec<Vec<u8>>, FetchError> {
    use std::os::unix::ffi::OsStrExt;
    let shown = || String::from_utf8_lossy(path).into_owned();
    let mut parts = Vec::new();
    for component in Path::new(std::ffi::OsStr::from_bytes(path)).components() {
        match component {
            Component::Normal(part) => parts.push(part.as_bytes().to_vec()),
            Component::CurDir => {}
            _ => return Err(broken(&format!("holds '{}', which leads outside", shown()))),
        }
    }
    if path.contains(&0) {
        return Err(broken(&format!("holds a name with a NUL byte: '{}'", shown())));
    }
    Ok(parts)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::Write;
    use tar::EntryType as Kind;

    enum E<'a> {
        File(&'a str, &'a str, u32),
        Dir(&'a str),
        Link(&'a str, &'a str),
        Hard(&'a str, &'a str),
        Other(&'a str, Kind),
    }

    fn tarball(entries: &[E<'_>]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for entry in entries {
            let (kind, name, target, contents, mode) = match *entry {
                E::File(name, contents, mode) => (Kind::Regular, name, "", contents, mode),
                E::Dir(name) => (Kind::Directory, name, "", "", 0o700),
                E::Link(name, target) => (Kind::Symlink, name, target, "", 0o777),
                E::Hard(name, target) => (Kind::Link, name, target, "", 0o644),
                E::Other(name, kind) => (kind, name, "", "", 0o644),
            };
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_mode(mode);
            header.set_size(contents.len() as u64);
            // Not through the safe setters: they refuse what is tried here.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.as_gnu_mut().unwrap().linkname[..target.len()]
                .copy_from_slice(target.as_bytes());
            header.set_cksum();
            builder.append(&header, contents.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn file_with(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file
    }

    fn try_unpack(bytes: &[u8], strip: bool) -> (tempfile::TempDir, Result<u64, FetchError>) {
        let dir = tempfile::tempdir().unwrap();
        let options = UnpackOptions { strip_single_folder: strip };
        let result = unpack(&mut file_with(bytes), &dir.path().join("out"), options);
        (dir, result)
    }

    fn good_tar() -> Vec<u8> {
        tarball(&[
            E::Dir("./p-1.0/"),
            E::File("p-1.0/run", "#!", 0o755),
            E::File("p-1.0/deep/er/f", "x", 0o6640),
            E::Link("p-1.0/l", "/etc/passwd"),
            E::Hard("p-1.0/h", "p-1.0/run"),
        ])
    }

    fn check_good(dir: &Path) {
        use std::os::unix::fs::MetadataExt;
        let mode = |p: &str| dir.join(p).metadata().unwrap().mode() & 0o7777;
        assert_eq!(std::fs::read_to_string(dir.join("run")).unwrap(), "#!");
        assert_eq!(mode("run"), 0o755);
        assert_eq!(mode("deep/er/f"), 0o644);
        assert_eq!(mode("h"), 0o755);
        assert_eq!(std::fs::read_link(dir.join("l")).unwrap(), Path::new("/etc/passwd"));
    }

    #[test]
    fn every_compression() {
        let tar = good_tar();
        let gz = {
            let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            e.write_all(&tar).unwrap();
            e.finish().unwrap()
        };
        let xz = {
            let mut e = liblzma::write::XzEncoder::new(Vec::new(), 1);
            e.write_all(&tar).unwrap();
            e.finish().unwrap()
        };
        let bz2 = {
            let mut e = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            e.write_all(&tar).unwrap();
            e.finish().unwrap()
        };
        let zst = zstd::stream::encode_all(&tar[..], 1).unwrap();
        for bytes in [&tar, &gz, &xz, &bz2, &zst] {
            let (dir, result) = try_unpack(bytes, true);
            result.unwrap();
            check_good(&dir.path().join("out"));
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        }
        let (dir, result) = try_unpack(&tar, false);
        result.unwrap();
        check_good(&dir.path().join("out/p-1.0"));
    }

    #[test]
    fn nothing_leads_outside() {
        let cases: [&[E<'_>]; 9] = [
            &[E::File("../evil", "x", 0o644)],
            &[E::File("/tmp/evil", "x", 0o644)],
            &[E::File("a/../../evil", "x", 0o644)],
            &[E::Link("l", ".."), E::File("l/evil", "x", 0o644)],
            &[E::Link("l", ".."), E::Dir("l/evil")],
            &[E::Dir("d"), E::Link("d/l", "../.."), E::Link("d/l/evil", "x")],
            &[E::Hard("evil", "../secret")],
            &[E::Link("s", "../secret"), E::Hard("evil", "s")],
            &[E::Other("pipe", Kind::Fifo)],
        ];
        for (i, case) in cases.iter().enumerate() {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("secret"), "s").unwrap();
            let out = dir.path().join("out");
            let result = unpack(&mut file_with(&tarball(case)), &out, UnpackOptions::default());
            assert_eq!(result.unwrap_err().reason, Reason::Archive, "case {i}");
            let left: Vec<_> =
                std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
            assert!(left.iter().all(|n| n == "out" || n == "secret"), "case {i}: {left:?}");
            assert!(!out.join("evil").exists(), "case {i}");
        }
    }

    #[test]
    fn a_file_replaces_a_link_instead_of_writing_through_it() {
        let dir = tempfile::tempdir().unwrap();
        let secret = dir.path().join("secret");
        std::fs::write(&secret, "s").unwrap();
        let tar = tarball(&[E::Link("l", "../secret"), E::File("l", "new", 0o644)]);
        unpack(&mut file_with(&tar), &dir.path().join("out"), UnpackOptions::default()).unwrap();
        assert_eq!(std::fs::read_to_string(secret).unwrap(), "s");
        assert_eq!(std::fs::read_to_string(dir.path().join("out/l")).unwrap(), "new");
    }

    #[test]
    fn broken_archives_are_errors() {
        let tar = good_tar();
        let cut = &tar[..700];
        let cases: [&[u8]; 4] = [cut, b"\x1f\x8bnonsense", b"PK\x03\x04short", &[0xff; 512]];
        for bytes in cases {
            let (_dir, result) = try_unpack(bytes, false);
            assert_eq!(result.unwrap_err().reason, Reason::Archive);
        }
    }
}
