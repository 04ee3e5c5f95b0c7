//! A control group (version 2) of its own for one sandbox.

use std::fs;
use std::io;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

/// A control group below the caller's, removed with everything in it by [`Group::destroy`].
pub struct Group(PathBuf);

impl Group {
    /// Makes one and hands it over to a user and group (ids outside). `None` where there is no
    /// version 2 hierarchy or the caller may not make groups in it.
    pub fn create(uid: u32, gid: u32) -> Option<Group> {
        let parent = own_folder()?;
        remove_stale(&parent);
        let path = parent.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir(&path).ok()?;
        let group = Group(path);
        for name in ["", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"] {
            if chown(group.0.join(name), Some(uid), Some(gid)).is_err() {
                group.destroy();
                return None;
            }
        }
        Some(group)
    }

    /// Moves a process into it.
    pub fn add(&self, pid: libc::pid_t) -> io::Result<()> {
        fs::write(self.0.join("cgroup.procs"), pid.to_string())
    }

    /// Ends every process in it and removes it.
    pub fn destroy(self) {
        let _ = fs::write(self.0.join("cgroup.kill"), "1");
        remove(&self.0);
    }
}

const PREFIX: &str = "firn-sandbox-";

/// Groups of helpers that were killed hold no process and can go.
fn remove_stale(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|n| n.strip_prefix(PREFIX));
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            remove(&entry.path());
        }
    }
}

/// Control groups are removed from the leaves up; a folder with processes stays.
fn remove(path: &Path) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            remove(&entry.path());
        }
    }
    let _ = fs::remove_dir(path);
}

fn own_folder() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let (root, mount) = find_mount(&mounts)?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let below = Path::new(own).strip_prefix(root).ok()?;
    Some(Path::new(mount).join(below))
}

/// The root within the hierarchy and the mount point of the first cgroup2 mount.
fn find_mount(mountinfo: &str) -> Option<(&str, &str)> {
    mountinfo.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut fields = left.split(' ').skip(3);
        (right.split(' ').next()? == "cgroup2").then_some((fields.next()?, fields.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_mount() {
        let text = "24 30 0:22 / /proc rw - proc proc rw\n\
                    35 30 0:30 /x /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
        assert_eq!(find_mount(text), Some(("/x", "/sys/fs/cgroup/unified")));
        assert_eq!(find_mount("24 30 0:22 / /proc rw - proc proc rw\n"), None);
    }
}
