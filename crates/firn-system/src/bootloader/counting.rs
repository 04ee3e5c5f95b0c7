//! Counters of attempts in the names of entries: `NAME+LEFT-DONE.conf` (systemd's "Automatic Boot Assessment").
//!
//! The loader of systemd 252 takes the default by its name even if all its attempts failed. So with counters the
//! default is the first in the menu, by a key that sorts before others, and `loader.conf` names all: entries
//! without attempts left come last.

use super::install::there;
use crate::{Result, files};
use std::path::Path;

/// Put before the sort key of the default.
pub const FIRST: &str = "0-";

/// What an entry's file is called.
#[derive(Debug, PartialEq, Eq)]
pub struct OnDisk {
    /// Its name.
    pub file: String,
    /// Whether its text has to be written.
    pub rewrite: bool,
}

/// The file of the entry `name` (without counters and `.conf`) with this text in the folder of entries. A file with
/// the same text keeps its counters; a fresh one is given `tries`.
///
/// # Errors
/// When the folder can't be read.
pub fn on_disk(folder: &Path, name: &str, text: &str, tries: Option<u32>) -> Result<OnDisk> {
    for entry in there(folder)? {
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some(counters) = file.strip_prefix(name).and_then(|rest| rest.strip_suffix(".conf"))
        else {
            continue;
        };
        let old = files::read_text_if_there(&entry.path())?.unwrap_or_default();
        if is_counter(counters) && without_key(&old).eq(without_key(text)) {
            return Ok(OnDisk { rewrite: old != text, file });
        }
    }
    let counter = tries.map(|tries| format!("+{tries}")).unwrap_or_default();
    Ok(OnDisk { file: format!("{name}{counter}.conf"), rewrite: true })
}

/// Nothing, `+LEFT` or `+LEFT-DONE`.
fn is_counter(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(numbers) = text.strip_prefix('+') else { return text.is_empty() };
    let (left, done) = numbers.split_once('-').unwrap_or((numbers, "0"));
    digits(left) && digits(done)
}

/// That an entry is the default, or is no longer, does not make it another.
fn without_key(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with("sort-key "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn counters_stay_with_their_text() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a+x+1-2.conf"), "title A\nsort-key n\n").unwrap();
        std::fs::write(at("a+x-specialisation-b.conf"), "title A\n").unwrap();
        let found = |text: &str, tries| on_disk(folder.path(), "a+x", text, tries).unwrap();
        let is = |file: &str, rewrite| OnDisk { file: file.to_owned(), rewrite };
        assert_eq!(found("title A\nsort-key n\n", Some(3)), is("a+x+1-2.conf", false));
        assert_eq!(found("title A\nsort-key 0-n\n", Some(3)), is("a+x+1-2.conf", true));
        assert_eq!(found("title B\n", Some(3)), is("a+x+3.conf", true));
        assert_eq!(found("title B\n", None), is("a+x.conf", true));
    }
}
