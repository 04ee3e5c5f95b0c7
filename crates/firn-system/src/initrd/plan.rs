//! `/initrd.json`: what the first process of the initial file system does, as data.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The whole plan.
#[derive(Debug, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Plan {
    /// Files in `/modules`, in the order of loading.
    pub modules: Vec<String>,
    /// Modules that are loaded when their device is found.
    pub available: Vec<Loadable>,
    /// File systems, in the order of mounting.
    pub mounts: Vec<Mount>,
    /// Whether it says what it does.
    pub verbose: bool,
    /// The program that formats empty devices (`mke2fs`).
    pub formatter: Option<PathBuf>,
    /// The program that checks and mends file systems (`e2fsck`).
    pub checker: Option<PathBuf>,
    /// Where this program is in the store.
    pub program: PathBuf,
}

/// A module for devices that may be there.
#[derive(Debug, Serialize, Deserialize, Default)]
pub struct Loadable {
    /// Its file and those before it, in the order of loading.
    pub files: Vec<String>,
    /// Patterns of the devices it is for.
    pub aliases: Vec<String>,
}

/// A file system of the machine.
#[derive(Debug, Serialize, Deserialize, Clone, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Mount {
    /// The device, or what the kind of file system takes for one.
    pub device: String,
    /// Where it is mounted in the machine.
    pub mount_point: String,
    /// Kind of the file system; `auto` finds it out.
    pub fs_type: String,
    /// Mount options.
    pub options: Vec<String>,
    /// Whether an empty device is formatted first.
    pub auto_format: bool,
    /// Whether it is mounted without being checked.
    pub no_check: bool,
}
