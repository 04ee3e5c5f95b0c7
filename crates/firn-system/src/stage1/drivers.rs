//! Loads kernel modules: those of the plan, then those whose devices are there.

use crate::initrd::plan::{Loadable, Plan};
use crate::{Error, Result, files};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

/// How often devices are looked for: a driver for a bus brings new ones to light.
const PASSES: usize = 6;

/// Loads everything. What fails is said and passed over: the root may be reachable all the same.
pub fn load_all(plan: &Plan) {
    let mut loaded = BTreeSet::new();
    for file in &plan.modules {
        load(file, &mut loaded);
    }
    let mut waiting: Vec<&Loadable> = plan.available.iter().collect();
    for _ in 0..PASSES {
        let devices = modaliases();
        let (found, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|module| {
            module.aliases.iter().any(|pattern| devices.iter().any(|name| matches(pattern, name)))
        });
        waiting = rest;
        if found.is_empty() || waiting.is_empty() {
            found.iter().for_each(|m| m.files.iter().for_each(|file| load(file, &mut loaded)));
            break;
        }
        found.iter().for_each(|m| m.files.iter().for_each(|file| load(file, &mut loaded)));
    }
}

fn load(file: &str, loaded: &mut BTreeSet<String>) {
    if !loaded.insert(file.to_owned()) {
        return;
    }
    if let Err(err) = insert(&Path::new("/modules").join(file)) {
        eprintln!("initrd: {err}");
    }
}

fn insert(path: &Path) -> Result<()> {
    let file = File::open(path).map_err(|err| Error::io("read", path, &err))?;
    match rustix::system::finit_module(&file, c"", 0) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(err) => Err(Error::io("load the module", path, &err.into())),
    }
}

/// What the devices that the kernel has found call themselves.
fn modaliases() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut pending = vec![Path::new("/sys/devices").to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in files::entries(&folder).unwrap_or_default() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                pending.push(entry.path());
            } else if entry.file_name() == "modalias"
                && let Ok(text) = fs::read_to_string(entry.path())
            {
                found.insert(text.trim_end().to_owned());
            }
        }
    }
    found.remove("");
    found
}

/// Does `name` fit the shell pattern? `*`, `?` and sets in brackets are known.
fn matches(pattern: &str, name: &str) -> bool {
    matches_bytes(pattern.as_bytes(), name.as_bytes())
}

fn matches_bytes(mut pattern: &[u8], mut name: &[u8]) -> bool {
    // The last star and what it may still swallow: enough to go back to, as stars are greedy.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        let step = match (pattern.split_first(), name.split_first()) {
            (Some((b'*', rest)), _) => {
                star = Some((rest, name));
                Some((rest, name))
            }
            (None, None) => return true,
            (Some((b'[', rest)), Some((byte, after))) => {
                set(rest, *byte).map(|behind| (behind, after))
            }
            (Some((b'?', rest)), Some((_, after))) => Some((rest, after)),
            (Some((want, rest)), Some((byte, after))) if want == byte => Some((rest, after)),
            _ => None,
        };
        (pattern, name) = match (step, star) {
            (Some(next), _) => next,
            (None, Some((behind, [_, left @ ..]))) => {
                star = Some((behind, left));
                (behind, left)
            }
            (None, _) => return false,
        };
    }
}

/// What follows the set that begins here, if `byte` is in it.
fn set(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    let end = pattern.iter().position(|b| *b == b']')?;
    let (members, rest) = (&pattern[..end], &pattern[end + 1..]);
    let mut inside = false;
    let mut i = 0;
    while i < members.len() {
        if let [low, b'-', high, ..] = members[i..] {
            inside |= (low..=high).contains(&byte);
            i += 3;
        } else {
            inside |= members[i] == byte;
            i += 1;
        }
    }
    inside.then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_the_shell() {
        for (pattern, name, expected) in [
            ("virtio:d00000002v*", "virtio:d00000002v00001AF4", true),
            (
                "pci:v00001AF4d*sv*sd*bc*sc*i*",
                "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00",
                true,
            ),
            ("pci:v00008086d*", "pci:v00001AF4d00001000", false),
            ("a?c", "abc", true),
            ("a[0-9]c", "a5c", true),
            ("a[0-9]c", "axc", false),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
