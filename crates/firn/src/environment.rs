//! What the process environment says: folders, search path, configuration. Read once.
//!
//! Names and meanings as in the Nix manual, "Common Environment Variables"; user folders follow the
//! XDG base directory specification.

use std::env;
use std::path::{Path, PathBuf};

/// The environment, as far as the program cares.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The user's home.
    pub home: PathBuf,
    /// Caches of this user.
    pub cache: PathBuf,
    /// Data of this user.
    pub data: PathBuf,
    /// Configuration files, the strongest last.
    pub config_files: Vec<PathBuf>,
    /// `NIX_CONFIG`: settings in the form of `nix.conf`.
    pub config_text: Option<String>,
    /// `NIX_REMOTE`: the store.
    pub remote: Option<String>,
    /// `NIX_STORE_DIR`, `NIX_STATE_DIR` and `NIX_LOG_DIR`.
    pub store_dirs: StoreDirs,
    /// `NIX_PATH`, if it is set.
    pub nix_path: Option<String>,
    /// `FIRN_BASE`: a folder in the place of the distribution that is built in.
    pub base: Option<PathBuf>,
    /// Whether this is root.
    pub is_root: bool,
}

/// Whether this machine has a way to others: a route that is not the machine's own. Where the kernel doesn't say
/// (proc(5), `/proc/net`), it has.
pub fn has_network() -> bool {
    let read = |name: &str| std::fs::read_to_string(Path::new("/proc/net").join(name));
    let (Ok(four), Ok(six)) = (read("route"), read("ipv6_route")) else { return true };
    let others = |interface: Option<&str>| interface.is_some_and(|name| name != "lo");
    four.lines().skip(1).any(|line| others(line.split_whitespace().next()))
        || six.lines().any(|line| others(line.split_whitespace().last()))
}

/// Places of the store that the environment changes.
#[derive(Clone, Debug, Default)]
pub struct StoreDirs {
    /// The logical store folder.
    pub store: Option<PathBuf>,
    /// The folder of database and roots.
    pub state: Option<PathBuf>,
    /// The folder of logs.
    pub log: Option<PathBuf>,
}

impl Environment {
    /// Reads the process environment.
    pub fn read() -> Self {
        let home = folder("HOME").unwrap_or_else(|| PathBuf::from("/"));
        let xdg = |name: &str, below: &str| folder(name).unwrap_or_else(|| home.join(below));
        let config_home = xdg("XDG_CONFIG_HOME", ".config");
        Environment {
            cache: folder("NIX_CACHE_HOME")
                .unwrap_or_else(|| xdg("XDG_CACHE_HOME", ".cache").join("nix")),
            data: xdg("XDG_DATA_HOME", ".local/share"),
            config_files: config_files(&config_home),
            config_text: text("NIX_CONFIG"),
            remote: text("NIX_REMOTE").filter(|remote| !remote.is_empty()),
            store_dirs: StoreDirs {
                store: folder("NIX_STORE_DIR"),
                state: folder("NIX_STATE_DIR"),
                log: folder("NIX_LOG_DIR"),
            },
            nix_path: text("NIX_PATH"),
            base: folder("FIRN_BASE"),
            is_root: rustix::process::geteuid().is_root(),
            home,
        }
    }
}

/// The system's file, then the user's from the weakest to the strongest.
fn config_files(config_home: &Path) -> Vec<PathBuf> {
    let system = folder("NIX_CONF_DIR").unwrap_or_else(|| PathBuf::from("/etc/nix"));
    let mut files = vec![system.join("nix.conf")];
    match text("NIX_USER_CONF_FILES") {
        Some(list) => {
            files.extend(list.split(':').filter(|file| !file.is_empty()).rev().map(PathBuf::from))
        }
        None => {
            let dirs = text("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".to_owned());
            files.extend(dirs.split(':').rev().map(|dir| Path::new(dir).join("nix/nix.conf")));
            files.push(config_home.join("nix/nix.conf"));
        }
    }
    files
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok()
}

fn folder(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
