//! Files and entries of the configuration's own on the boot partition. What was put there is known by empty files of the
//! same place below `.extra-files`, as NixOS does it, so that it goes when the configuration no longer has it.

use super::install::{place_on, read, there, update};
use super::{ENTRIES, KERNELS, Settings};
use crate::{Error, Result, files};
use std::fs;
use std::path::Path;

/// Removes what is no longer wanted, and writes what is.
///
/// # Errors
/// When a file can't be read or written.
pub fn replace(settings: &Settings, boot: &Path) -> Result<()> {
    let notes = boot.join(KERNELS).join(".extra-files");
    let mut wanted: Vec<(String, Vec<u8>)> = Vec::new();
    for (place, source) in &settings.extra_files {
        wanted.push((place.clone(), read(source)?));
    }
    for (name, text) in &settings.extra_entries {
        wanted.push((format!("{ENTRIES}/{name}"), text.clone().into_bytes()));
    }
    files::make_folder(&notes)?;
    let kept: Vec<&str> = wanted.iter().map(|(place, _)| place.as_str()).collect();
    forget(boot, &notes, "", &kept)?;
    for (place, content) in &wanted {
        update(&place_on(boot, place)?, content)?;
        update(&place_on(&notes, place)?, b"")?;
        if !place_on(&notes, place)?.exists() {
            return Err(Error::new(format!("'{place}' could not be noted on the boot partition")));
        }
    }
    Ok(())
}

/// Removes what is noted below `place` and not among `kept`, and folders that are empty then.
fn forget(boot: &Path, notes: &Path, place: &str, kept: &[&str]) -> Result<()> {
    for note in there(&notes.join(place))? {
        let name = note.file_name().to_string_lossy().into_owned();
        let inner = if place.is_empty() { name } else { format!("{place}/{name}") };
        let own = place_on(boot, &inner)?;
        if note.path().is_dir() {
            forget(boot, notes, &inner, kept)?;
            // Only empty ones go.
            let _ = fs::remove_dir(note.path());
            let _ = fs::remove_dir(own);
        } else if !kept.iter().any(|place| place.trim_matches('/').eq_ignore_ascii_case(&inner)) {
            files::remove(&note.path())?;
            if own.exists() {
                files::remove(&own)?;
            }
        }
    }
    Ok(())
}
