//! The folder of the evaluation cache: a file for each flake that was evaluated, those that were used
//! last. Each change of a work tree is another flake, so they would grow without end.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Flakes that are remembered, at most.
const MOST: usize = 256;
/// So many are left when there are too many.
const LEFT: usize = 192;
/// How exactly it is known when a file was used.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Makes the folder, and place for one more file in it.
pub(super) fn make_room(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    if files.len() < MOST {
        return Ok(());
    }
    files.sort();
    for (_, file) in &files[..files.len() - LEFT] {
        // Another process may have been quicker.
        let _ = fs::remove_file(file);
    }
    Ok(())
}

/// Notes that a file is used, so that it is not among those that go.
pub(super) fn mark_used(file: &Path) {
    let modified = fs::metadata(file).and_then(|file| file.modified());
    if modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > DAY))
        && let Ok(file) = File::options().append(true).open(file)
    {
        let _ = file.set_modified(SystemTime::now());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_stays() {
        let folder = tempfile::tempdir().unwrap();
        let start = SystemTime::now() - 400 * DAY;
        let place = |number: usize| folder.path().join(format!("{number:03}"));
        for number in 0..MOST {
            let file = File::create(place(number)).unwrap();
            file.set_modified(start + DAY * number as u32).unwrap();
        }
        mark_used(&place(0));
        make_room(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), LEFT);
        assert!(place(0).exists() && place(MOST - 1).exists() && !place(1).exists());
        make_room(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), LEFT);
    }
}
