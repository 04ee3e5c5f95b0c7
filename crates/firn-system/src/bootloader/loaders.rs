//! The loader's own program on the EFI system partition. What is there stays unless it is older, as with `bootctl update`.

use super::Settings;
use super::install::{place_on, read, update};
use crate::Result;
use std::cmp::Ordering;
use std::path::Path;

/// Where the loader is, and where firmware looks when it has no entry for it.
const PLACES: [&str; 2] = ["EFI/systemd/systemd-bootx64.efi", "EFI/BOOT/BOOTX64.EFI"];
/// Tells what kind of entries the partition has.
const KIND: (&str, &str) = ("loader/entries.srel", "type1\n");

/// Copies the loader to its places on the partition. `anew` does so whatever is there. Returns what was done.
///
/// # Errors
/// When it can't be read or written.
pub fn install(settings: &Settings, esp: &Path, anew: bool) -> Result<Vec<String>> {
    let content = read(&settings.loader)?;
    let ours = version(&content);
    let mut said = Vec::new();
    for place in PLACES {
        let target = place_on(esp, place)?;
        // Messages name the place as it is asked for; the partition does not tell upper from lower case.
        let shown = esp.join(place).display().to_string();
        match what_is_there(&target, ours).filter(|_| !anew) {
            Some(reason) => said.push(format!("Skipping \"{shown}\", {reason}.")),
            None => {
                update(&target, &content)?;
                said.push(format!("Copied \"{}\" to \"{shown}\".", settings.loader.display()));
            }
        }
    }
    update(&esp.join(KIND.0), KIND.1.as_bytes())?;
    Ok(said)
}

/// Why the program at this place stays as it is.
fn what_is_there(target: &Path, ours: Option<&str>) -> Option<&'static str> {
    let there = std::fs::read(target).ok()?;
    match (version(&there), ours) {
        (Some(theirs), Some(ours)) => match compare(theirs, ours) {
            Ordering::Less => None,
            Ordering::Equal => Some("same boot loader version in place already"),
            Ordering::Greater => Some("newer boot loader version in place already"),
        },
        // Another system's, where firmware looks by default.
        (None, Some(_)) => Some("it is owned by another boot loader"),
        _ => None,
    }
}

/// `252.39-1`, which the program has between marks.
fn version(program: &[u8]) -> Option<&str> {
    const BEFORE: &[u8] = b"#### LoaderInfo: systemd-boot ";
    let start = program.windows(BEFORE.len()).position(|part| part == BEFORE)? + BEFORE.len();
    let rest = &program[start..];
    let length = rest.windows(5).take(64).position(|part| part == b" ####")?;
    std::str::from_utf8(&rest[..length]).ok()
}

/// Numbers in versions are compared as such.
fn compare(one: &str, other: &str) -> Ordering {
    let parts = |text: &str| -> Vec<(u64, String)> {
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .map(|part| (part.parse().unwrap_or(0), part.to_owned()))
            .collect()
    };
    let key = |text: &str| parts(text);
    key(one)
        .iter()
        .zip(&key(other))
        .map(|(a, b)| {
            a.0.cmp(&b.0)
                .then_with(|| if a.0 == b.0 && a.0 != 0 { Ordering::Equal } else { a.1.cmp(&b.1) })
        })
        .find(|order| order.is_ne())
        .unwrap_or_else(|| parts(one).len().cmp(&parts(other).len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn program(version: &str) -> Vec<u8> {
        format!("MZ..\0#### LoaderInfo: systemd-boot {version} ####\0..").into_bytes()
    }

    #[test]
    fn only_older_loaders_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let esp = folder.path().join("esp");
        let loader = folder.path().join("boot.efi");
        std::fs::write(&loader, program("252.39-1~deb12u2")).unwrap();
        let settings = Settings { loader, ..Settings::default() };
        let said = |there: Option<&[u8]>| {
            if let Some(there) = there {
                std::fs::write(esp.join(PLACES[1]), there).unwrap();
            }
            install(&settings, &esp, false).unwrap().remove(1)
        };
        assert!(said(None).contains("to \""));
        assert!(said(None).contains("same boot loader version in place already"));
        assert!(said(Some(&program("222"))).contains("to \""));
        assert!(said(Some(&program("252.9-1"))).contains("to \""));
        assert!(said(Some(&program("257"))).contains("newer boot loader"));
        assert!(said(Some(b"MZ other")).contains("another boot loader"));
    }
}
