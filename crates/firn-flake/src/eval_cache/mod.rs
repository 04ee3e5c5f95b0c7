//! The evaluation cache: what was answered before about the outputs of a locked flake, so that the same
//! question is answered without evaluating (setting `eval-cache`).
//!
//! A question is a word that says what is asked, and an attribute path. An answer is a text with the
//! string context that came with it: whoever uses it looks first whether the store still has what the
//! context names. Failures are no answers: who asks again gets the error anew, with all that it says.
//!
//! Each flake has a file, named by a hash of all that its answers depend on ([`key`]), with a record a
//! line ([`record`]). Records are only ever appended, each in one write, so that processes can share a
//! file without locks; one that is damaged or cut short counts as absent. [`folder`] bounds how much is
//! kept. A cache that can't be read or written is none.

mod folder;
mod record;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use firn_formats::{ContextElement, Hash, HashAlgo, Hasher};

use crate::locked::LockedFlake;
use record::Record;

/// Part of every key: another version of the cache asks other questions or writes other records.
const VERSION: &str = "firn eval cache 1";
/// Bytes of a flake's file, at most; then it begins anew.
const MOST: u64 = 16 << 20;
/// Bytes of an answer that is worth keeping, at most.
const LARGEST: usize = 1 << 20;

/// What is known about an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The answer itself, in words of whoever asks.
    pub text: String,
    /// What of the store it mentions.
    pub context: Vec<ContextElement>,
}

impl Answer {
    /// An answer that mentions nothing of the store.
    pub fn plain(text: impl Into<String>) -> Self {
        Answer { text: text.into(), context: Vec::new() }
    }
}

/// The answers about one locked flake.
pub struct EvalCache {
    file: PathBuf,
    known: RefCell<HashMap<(String, String), Answer>>,
}

impl EvalCache {
    /// The answers with a key, of a folder that need not exist.
    pub fn open(folder: &Path, key: &Hash) -> Self {
        let file = folder.join(key.nix32());
        let bytes = fs::read(&file).unwrap_or_default();
        if !bytes.is_empty() {
            folder::mark_used(&file);
        }
        let known = record::all(&bytes).map(|r| ((r.question, r.path), r.answer)).collect();
        EvalCache { file, known: RefCell::new(known) }
    }

    /// The answer to a question about the attribute at a path.
    pub fn get(&self, question: &str, path: &str) -> Option<Answer> {
        self.known.borrow().get(&(question.to_owned(), path.to_owned())).cloned()
    }

    /// Keeps an answer, in the place of an older one. Very large ones are not worth it.
    pub fn put(&self, question: &str, path: &str, answer: Answer) {
        let key = (question.to_owned(), path.to_owned());
        if answer.text.len() > LARGEST || self.known.borrow().get(&key) == Some(&answer) {
            return;
        }
        let record = Record { question: key.0.clone(), path: key.1.clone(), answer };
        // Without a cache everything works, only later.
        let _ = self.append(&record.to_line());
        self.known.borrow_mut().insert(key, record.answer);
    }

    fn append(&self, line: &str) -> io::Result<()> {
        match fs::metadata(&self.file) {
            Ok(file) if file.len() + line.len() as u64 > MOST => fs::remove_file(&self.file)?,
            Ok(_) => {}
            Err(_) => folder::make_room(self.file.parent().unwrap_or(Path::new(".")))?,
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.file)?;
        // In one write, behind whatever others append meanwhile; a line of its own even where the one
        // before was cut short.
        file.write_all(format!("\n{line}\n").as_bytes())
    }
}

/// The name of a flake's answers: a hash of all that they depend on. That is what the flake itself sees
/// of its sources and inputs, and `surroundings`: the evaluator and its settings. None while an input is
/// not pinned.
pub fn key(locked: &LockedFlake, surroundings: &[&str]) -> Option<Hash> {
    let content = locked.content()?;
    let mut sum = Hasher::new(HashAlgo::Sha256);
    for part in [VERSION, &content].iter().chain(surroundings) {
        sum.update(&(part.len() as u64).to_le_bytes());
        sum.update(part.as_bytes());
    }
    Some(sum.finish())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const DRV: &str = "!out!00000000000000000000000000000000-x.drv";

    fn answer(text: &str, context: &[&str]) -> Answer {
        let context = context.iter().map(|element| element.parse().unwrap()).collect();
        Answer { text: text.to_owned(), context }
    }

    fn open(folder: &Path) -> EvalCache {
        EvalCache::open(&folder.join("new"), &Hash::sha256("key"))
    }

    #[test]
    fn answers_come_back_by_question_and_path() {
        let folder = tempfile::tempdir().unwrap();
        let (drv, text) = (answer("/nix/store/x", &[DRV]), answer("two\nlines\t\0\"é", &[]));
        let cache = open(folder.path());
        assert_eq!(cache.get("package", "a.b"), None);
        cache.put("package", "a.b", drv.clone());
        cache.put("value", "a.b", text.clone());
        for cache in [cache, open(folder.path())] {
            assert_eq!(cache.get("package", "a.b"), Some(drv.clone()));
            assert_eq!(cache.get("value", "a.b"), Some(text.clone()));
            assert_eq!(cache.get("package", "a"), None);
        }
        let other = EvalCache::open(&folder.path().join("new"), &Hash::sha256("other"));
        assert_eq!(other.get("package", "a.b"), None);
    }

    #[test]
    fn the_last_answer_counts_and_processes_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (open(folder.path()), open(folder.path()));
        one.put("q", "a", Answer::plain("1"));
        two.put("q", "b", Answer::plain("2"));
        two.put("q", "a", Answer::plain("3"));
        let both = open(folder.path());
        assert_eq!(both.get("q", "a"), Some(Answer::plain("3")));
        assert_eq!(both.get("q", "b"), Some(Answer::plain("2")));
    }

    #[test]
    fn what_is_known_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).put("q", "a", Answer::plain("1"));
        let cache = open(folder.path());
        let size = || fs::metadata(&cache.file).unwrap().len();
        let before = size();
        cache.put("q", "a", Answer::plain("1"));
        assert_eq!(size(), before);
    }

    #[test]
    fn damage_counts_as_absence_and_hides_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path());
        for name in ["a", "b", "c"] {
            cache.put("q", name, Answer::plain(format!("answer {name}")));
        }
        let mut bytes = fs::read(&cache.file).unwrap();
        let at = bytes.windows(8).position(|part| part == b"answer b").unwrap();
        bytes[at + 7] = b'X';
        bytes.truncate(bytes.len() - 4);
        fs::write(&cache.file, &bytes).unwrap();
        let cache = open(folder.path());
        assert_eq!(cache.get("q", "a"), Some(Answer::plain("answer a")));
        assert_eq!(cache.get("q", "b"), None);
        assert_eq!(cache.get("q", "c"), None);
        cache.put("q", "c", Answer::plain("later"));
        assert_eq!(open(folder.path()).get("q", "c"), Some(Answer::plain("later")));
        fs::write(&cache.file, [0xff; 100]).unwrap();
        assert_eq!(open(folder.path()).get("q", "a"), None);
    }

    #[test]
    fn nothing_is_written_where_nothing_may_be() {
        let cache = EvalCache::open(Path::new("/proc/none/here"), &Hash::sha256("key"));
        cache.put("q", "a", Answer::plain("1"));
        assert_eq!(cache.get("q", "a"), Some(Answer::plain("1")));
    }

    #[test]
    fn a_file_that_gets_too_large_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path());
        let text = "x".repeat(LARGEST);
        let numbers = 0..=MOST as usize / LARGEST;
        numbers.clone().for_each(|n| cache.put("q", &n.to_string(), Answer::plain(&text)));
        let cache = open(folder.path());
        assert!(fs::metadata(&cache.file).unwrap().len() <= MOST);
        assert_eq!(cache.get("q", "0"), None);
        assert!(cache.get("q", &numbers.end().to_string()).is_some());
        cache.put("q", "large", Answer::plain(text + "x"));
        assert_eq!(cache.get("q", "large"), None);
    }
}
