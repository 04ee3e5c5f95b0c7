//! Builds the file tree of a sandbox out of entries.
//!
//! Sources of bind mounts are opened first, as the caller's user ([`Sources::open`]); then the
//! process takes the identity it has inside, because files made in memory must belong to ids that
//! exist there, and makes the tree ([`build`]).

use crate::error::{Context, Result, SandboxError};
use crate::spec::{Entry, SandboxSpec, Text};
use crate::sys;
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, fchmod, fstat, mkdirat, openat, openat2,
    readlinkat, symlinkat,
};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
    fsconfig_create, fsconfig_set_string, fsmount, fsopen, move_mount, open_tree, unmount,
};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY;
const NO_SET_ID: u64 = libc::MOUNT_ATTR_NOSUID;

/// What a bind mount shows.
enum Source {
    /// A detached copy of the mount, and whether its top is a folder.
    Mount(OwnedFd, bool),
    /// Symbolic links can't be mounted, they are made anew.
    Link(Vec<u8>),
    /// Optional and not there.
    Missing,
}

/// The opened sources of all bind entries, in order.
pub struct Sources(Vec<Source>);

impl Sources {
    /// Opens them. Must run in the sandbox's mount namespace with the caller's user id.
    pub fn open(spec: &SandboxSpec) -> Result<Sources> {
        let binds = spec.tree.iter().filter_map(|entry| match entry {
            Entry::Bind { source, writable, optional, .. } => Some((source, *writable, *optional)),
            _ => None,
        });
        binds.map(|(s, w, o)| open_source(s, w, o)).collect::<Result<_>>().map(Sources)
    }
}

fn open_source(source: &Text, writable: bool, optional: bool) -> Result<Source> {
    let shown = || format!("opening '{}' for the sandbox", show(source));
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = match openat(CWD, &source.0[..], flags, Mode::empty()) {
        Err(Errno::NOENT | Errno::NOTDIR) if optional => return Ok(Source::Missing),
        file => file.context(shown)?,
    };
    let kind = FileType::from_raw_mode(fstat(&file).context(shown)?.st_mode);
    if kind == FileType::Symlink {
        let target = readlinkat(&file, "", Vec::new()).context(shown)?;
        return Ok(Source::Link(target.into_bytes()));
    }
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_RECURSIVE
        | OpenTreeFlags::AT_EMPTY_PATH;
    let tree = open_tree(&file, "", flags).context(shown)?;
    let attributes = NO_SET_ID | if writable { 0 } else { READ_ONLY };
    sys::set_mount_attributes(tree.as_fd(), attributes, true)
        .context(|| format!("protecting '{}' in the sandbox (needs Linux 5.12)", show(source)))?;
    Ok(Source::Mount(tree, kind == FileType::Directory))
}

/// Makes the tree and makes it the root of this process's mount namespace; everything of the
/// host is gone afterwards.
pub fn build(spec: &SandboxSpec, sources: Sources) -> Result<()> {
    let root = memory_file_system(0o755, None).context(|| "mounting the sandbox's root")?;
    // Over the present root: paths of this process still start below it, so no source is hidden.
    attach(root.as_fd(), CWD, b"/").context(|| "attaching the sandbox's root")?;
    let mut sources = sources.0.into_iter();
    for entry in &spec.tree {
        make(root.as_fd(), entry, &mut sources).map_err(|e| explain(e, entry))?;
    }
    if !spec.root_writable {
        sys::set_mount_attributes(root.as_fd(), READ_ONLY | NO_SET_ID, false)
            .context(|| "making the sandbox's root read-only")?;
    }
    rustix::process::fchdir(&root).context(|| "entering the sandbox's root")?;
    sys::pivot_root_here().context(|| "changing to the sandbox's root")?;
    unmount(".", UnmountFlags::DETACH).context(|| "letting go of the host's file tree")?;
    rustix::process::chdir("/").context(|| "entering the sandbox's root")
}

fn explain(error: SandboxError, entry: &Entry) -> SandboxError {
    let masked =
        matches!(entry, Entry::Proc { .. } | Entry::Sys { .. }) && error.errno == Some(libc::EPERM);
    if masked {
        error.with_help(
            "the kernel refuses a fresh /proc here because parts of the present one are hidden: \
             this happens inside containers; start the outer container with an unmasked /proc \
             (docker: --security-opt systempaths=unconfined)",
        )
    } else {
        error
    }
}

fn make(
    root: BorrowedFd<'_>,
    entry: &Entry,
    sources: &mut impl Iterator<Item = Source>,
) -> Result<()> {
    match entry {
        Entry::Dir { path, mode } => make_dir(root, path, *mode),
        Entry::File { path, contents, mode } => make_file(root, path, contents, *mode),
        Entry::Symlink { path, target } => make_link(root, path, &target.0),
        Entry::Bind { path, .. } => bind(root, path, sources.next().unwrap_or(Source::Missing)),
        Entry::Tmpfs { path, mode, size } => {
            let fs = memory_file_system(*mode, size.as_deref()).context(|| mounting(path))?;
            mount_at(root, path, fs)
        }
        Entry::Proc { path } => mount_kernel_fs(root, path, "proc", &[]),
        Entry::Sys { path } => mount_kernel_fs(root, path, "sysfs", &[]),
        Entry::DevPts { path } => {
            let options = [("mode", "0620"), ("ptmxmode", "0666")];
            mount_kernel_fs(root, path, "devpts", &options)
        }
        Entry::Cgroup2 { path } => {
            // Kernels may lack it and containers may refuse it; who needs it will see.
            mount_kernel_fs(root, path, "cgroup2", &[]).or(Ok(()))
        }
    }
}

fn mounting(path: &Text) -> String {
    format!("mounting '{}' in the sandbox", show(path))
}

fn show(text: &Text) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(&text.0)
}

fn memory_file_system(mode: u32, size: Option<&str>) -> rustix::io::Result<OwnedFd> {
    let fs = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(&fs, "mode", format!("{mode:o}"))?;
    if let Some(size) = size {
        fsconfig_set_string(&fs, "size", size)?;
    }
    fsconfig_create(&fs)?;
    let flags = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    fsmount(&fs, FsMountFlags::FSMOUNT_CLOEXEC, flags)
}

fn mount_kernel_fs(
    root: BorrowedFd<'_>,
    path: &Text,
    kind: &str,
    options: &[(&str, &str)],
) -> Result<()> {
    let open = || -> rustix::io::Result<OwnedFd> {
        let fs = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
        for (key, value) in options {
            fsconfig_set_string(&fs, *key, *value)?;
        }
        fsconfig_create(&fs)?;
        let flags = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC;
        fsmount(&fs, FsMountFlags::FSMOUNT_CLOEXEC, flags)
    };
    let fs = open().context(|| mounting(path))?;
    mount_at(root, path, fs)
}

fn mount_at(root: BorrowedFd<'_>, path: &Text, mount: OwnedFd) -> Result<()> {
    let target = open_dirs(root, path)?;
    attach(mount.as_fd(), target.as_fd(), b"").context(|| mounting(path))
}

fn attach(mount: BorrowedFd<'_>, dir: BorrowedFd<'_>, path: &[u8]) -> rustix::io::Result<()> {
    let mut flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    if path.is_empty() {
        flags |= MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    }
    move_mount(mount, "", dir, path, flags)
}

fn bind(root: BorrowedFd<'_>, path: &Text, source: Source) -> Result<()> {
    match source {
        Source::Missing => Ok(()),
        Source::Link(target) => make_link(root, path, &target),
        Source::Mount(mount, true) => mount_at(root, path, mount),
        Source::Mount(mount, false) => {
            let (parent, name) = open_parent(root, path)?;
            let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let target = openat(&parent, &name[..], flags, Mode::from_raw_mode(0o644))
                .context(|| mounting(path))?;
            attach(mount.as_fd(), target.as_fd(), b"").context(|| mounting(path))
        }
    }
}

fn make_dir(root: BorrowedFd<'_>, path: &Text, mode: u32) -> Result<()> {
    let dir = open_dirs(root, path)?;
    // A descriptor opened for its path only can't be changed, so by name from itself.
    let mode = Mode::from_raw_mode(mode);
    rustix::fs::chmodat(&dir, ".", mode, AtFlags::empty())
        .context(|| format!("setting permissions of '{}' in the sandbox", show(path)))
}

fn make_file(root: BorrowedFd<'_>, path: &Text, contents: &Text, mode: u32) -> Result<()> {
    let what = || format!("writing '{}' in the sandbox", show(path));
    let (parent, name) = open_parent(root, path)?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = openat(&parent, &name[..], flags, Mode::from_raw_mode(0o600)).context(what)?;
    let mut file = File::from(file);
    file.write_all(&contents.0).context(what)?;
    fchmod(&file, Mode::from_raw_mode(mode)).context(what)
}

fn make_link(root: BorrowedFd<'_>, path: &Text, target: &[u8]) -> Result<()> {
    let (parent, name) = open_parent(root, path)?;
    match symlinkat(target, &parent, &name[..]) {
        // The same link twice is no contradiction.
        Err(Errno::EXIST) if has_link(parent.as_fd(), &name, target) => Ok(()),
        other => other.context(|| format!("linking '{}' in the sandbox", show(path))),
    }
}

fn has_link(dir: BorrowedFd<'_>, name: &[u8], target: &[u8]) -> bool {
    readlinkat(dir, name, Vec::new()).is_ok_and(|found| found.as_bytes() == target)
}

fn open_parent(root: BorrowedFd<'_>, path: &Text) -> Result<(OwnedFd, Vec<u8>)> {
    let mut parts = components(path)?;
    let name = parts.pop().ok_or_else(|| {
        SandboxError::new("the sandbox's root can't be a file or a symbolic link")
    })?;
    Ok((open_components(root, &parts, path)?, name.to_vec()))
}

fn open_dirs(root: BorrowedFd<'_>, path: &Text) -> Result<OwnedFd> {
    open_components(root, &components(path)?, path)
}

fn components(path: &Text) -> Result<Vec<&[u8]>> {
    let bad = |why| SandboxError::new(format!("sandbox path '{}' {why}", show(path)));
    if path.0.first() != Some(&b'/') {
        return Err(bad("is not absolute"));
    }
    let parts: Vec<&[u8]> =
        path.0.split(|b| *b == b'/').filter(|p| !p.is_empty() && *p != b".").collect();
    if parts.contains(&&b".."[..]) {
        return Err(bad("contains '..'"));
    }
    Ok(parts)
}

/// Opens the folder, making what is missing, following no symbolic link.
fn open_components(root: BorrowedFd<'_>, parts: &[&[u8]], path: &Text) -> Result<OwnedFd> {
    let what = || format!("making the folder '{}' in the sandbox", show(path));
    let whole = if parts.is_empty() { b".".to_vec() } else { parts.join(&b'/') };
    match open_beneath(root, &whole) {
        Err(Errno::NOENT) => {}
        other => return other.context(what),
    }
    let mut made = open_beneath(root, b".").context(what)?;
    for part in parts {
        match mkdirat(&made, *part, Mode::from_raw_mode(0o755)) {
            Err(Errno::EXIST) | Ok(()) => {}
            Err(e) => return Err(e).context(what),
        }
        made = open_beneath(made.as_fd(), part).context(what)?;
    }
    Ok(made)
}

fn open_beneath(dir: BorrowedFd<'_>, path: &[u8]) -> rustix::io::Result<OwnedFd> {
    openat2(
        dir,
        path,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS,
    )
}
