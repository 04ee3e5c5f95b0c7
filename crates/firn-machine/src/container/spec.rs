//! What a container is, as data.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// One container. It travels as JSON to the helper process.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct ContainerSpec {
    /// Host name.
    pub name: String,
    /// What the root folder is made of.
    pub root: Root,
    /// An empty folder on which the root is mounted.
    pub mount_point: PathBuf,
    /// Further folders and files to show.
    pub binds: Vec<Bind>,
    /// Program and arguments of process 1.
    pub init: Vec<String>,
    /// Environment of process 1, beside `container=firn`.
    pub environment: Vec<(String, String)>,
    /// Network cards in order.
    pub cards: Vec<Card>,
    /// The control group to make for it, on a cgroup2 file system.
    pub cgroup: Option<PathBuf>,
}

/// What a container's root folder is made of.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Root {
    /// An empty folder in memory.
    Empty,
    /// A folder in memory over one that stays as it is.
    Over(PathBuf),
    /// A folder that keeps what is written.
    Folder(PathBuf),
}

/// A folder or file of the outside shown inside.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Bind {
    /// Path outside.
    pub source: PathBuf,
    /// Absolute path inside.
    pub target: PathBuf,
    /// Whether it can be written.
    pub writable: bool,
}

/// A network card.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Card {
    /// Interface name inside, at most 15 bytes.
    pub name: String,
    /// Hardware address.
    pub mac: [u8; 6],
}

/// The cgroup2 file system under which this process may make groups.
///
/// On hosts with the hybrid layout it is mounted at `unified`.
pub fn cgroup_parent() -> Option<PathBuf> {
    let places = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
    let mount = places.iter().map(Path::new).find(|place| place.join("cgroup.procs").exists())?;
    let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let relative = own.lines().find_map(|line| line.strip_prefix("0::"))?.trim_start_matches('/');
    let parent = mount.join(relative);
    Some(if parent.exists() { parent } else { mount.to_path_buf() })
}

/// Whether containers can run here; the error says what is missing.
pub fn check_possible() -> Result<(), String> {
    let parent = cgroup_parent().ok_or("no cgroup2 file system is mounted")?;
    let probe = parent.join(format!("firn-probe-{}", std::process::id()));
    std::fs::create_dir(&probe).map_err(|error| {
        format!("no control group can be made in {}: {error}", parent.display())
    })?;
    let _ = std::fs::remove_dir(&probe);
    let ids = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let mapped: u64 =
        ids.lines().filter_map(|line| line.split_whitespace().nth(2)?.parse::<u64>().ok()).sum();
    if mapped < 65_536 {
        return Err(format!("only {mapped} user ids are mapped here, a system needs 65536"));
    }
    Ok(())
}
