//! Paths that running programs use, from `/proc`.

use std::{collections::BTreeSet, fs, path::Path};

use firn_formats::{StoreDir, StorePath};

use crate::roots::mentioned;

/// Paths used by running programs, each with the place where that shows. Valid or not.
///
/// What may not be read belongs to programs of other users and is left out.
pub(crate) fn find(dir: &StoreDir) -> BTreeSet<(StorePath, String)> {
    let mut found = BTreeSet::new();
    let Ok(processes) = fs::read_dir("/proc") else {
        return found;
    };
    for process in processes.flatten() {
        let name = process.file_name();
        if name.as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            of_process(dir, &process.path(), &mut found);
        }
    }
    for file in [
        "/proc/sys/kernel/modprobe",
        "/proc/sys/kernel/fbsplash",
        "/proc/sys/kernel/poweroff_cmd",
        "/sys/module/firmware_class/parameters/path",
    ] {
        of_text(dir, Path::new(file), &mut found);
    }
    found
}

fn of_process(dir: &StoreDir, process: &Path, found: &mut BTreeSet<(StorePath, String)>) {
    for link in ["exe", "cwd", "root"] {
        of_link(dir, &process.join(link), found);
    }
    if let Ok(files) = fs::read_dir(process.join("fd")) {
        for file in files.flatten() {
            of_link(dir, &file.path(), found);
        }
    }
    for text in ["maps", "environ"] {
        of_text(dir, &process.join(text), found);
    }
}

fn of_link(dir: &StoreDir, link: &Path, found: &mut BTreeSet<(StorePath, String)>) {
    let Ok(target) = fs::read_link(link) else {
        return;
    };
    if let Ok((path, _)) = dir.split(&target.to_string_lossy()) {
        found.insert((path, link.to_string_lossy().into_owned()));
    }
}

fn of_text(dir: &StoreDir, file: &Path, found: &mut BTreeSet<(StorePath, String)>) {
    let Ok(text) = fs::read(file) else { return };
    for path in mentioned(dir, &text) {
        found.insert((path, file.to_string_lossy().into_owned()));
    }
}
