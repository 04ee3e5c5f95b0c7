//! `.gitattributes`: which files of a tree are left out of exports, and which are kept elsewhere as large
//! files. gitattributes(5), "export-ignore", "filter".
//!
//! Only these attributes are read. A pattern may set one, unset it (`-export-ignore`) or forget it
//! (`!export-ignore`); of several that fit, the last in the file wins, and files in deeper folders win
//! over those above.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The name of the files.
pub const FILE: &str = ".gitattributes";

/// What a file can be marked as.
#[derive(Clone, Copy, Debug)]
pub enum Mark {
    /// `export-ignore`: it is left out of exports.
    LeftOut,
    /// `filter=lfs`: the repository has a pointer to it only.
    Large,
}

impl Mark {
    /// What a word of a line says about it.
    fn read(self, word: &[u8]) -> Option<bool> {
        match (self, word) {
            (Mark::LeftOut, b"export-ignore" | b"export-ignore=true") => Some(true),
            (Mark::LeftOut, b"-export-ignore" | b"!export-ignore" | b"export-ignore=false") => {
                Some(false)
            }
            (Mark::Large, b"filter=lfs") => Some(true),
            (Mark::Large, b"filter" | b"-filter" | b"!filter") => Some(false),
            (Mark::Large, word) if word.starts_with(b"filter=") => Some(false),
            _ => None,
        }
    }
}

/// The lines of one file that matter.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    pattern: Pattern,
    left_out: Option<bool>,
    large: Option<bool>,
}

#[derive(Clone, Debug)]
struct Pattern {
    text: Vec<u8>,
    /// It is compared with the path from the file's folder, not with the name alone.
    anchored: bool,
}

impl Attributes {
    /// Reads the text of a file.
    pub fn parse(text: &[u8]) -> Self {
        Attributes { lines: text.split(|byte| *byte == b'\n').filter_map(Line::parse).collect() }
    }

    /// Whether a path below the file's folder is marked, as far as this file says.
    fn says(&self, mark: Mark, path: &[u8]) -> Option<bool> {
        let fitting = self.lines.iter().rev().filter(|line| line.pattern.fits(path));
        fitting.filter_map(|line| line.get(mark)).next()
    }
}

impl Line {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let pattern = words.next().filter(|first| !first.starts_with(b"#"))?;
        let last = |mark: Mark| words.clone().rev().find_map(|word| mark.read(word));
        let (left_out, large) = (last(Mark::LeftOut), last(Mark::Large));
        // A pattern with a slash at its end fits nothing (gitattributes(5)).
        let matters = (left_out.is_some() || large.is_some()) && !pattern.ends_with(b"/");
        matters.then(|| Line { pattern: Pattern::parse(pattern), left_out, large })
    }

    fn get(&self, mark: Mark) -> Option<bool> {
        match mark {
            Mark::LeftOut => self.left_out,
            Mark::Large => self.large,
        }
    }
}

impl Pattern {
    fn parse(pattern: &[u8]) -> Self {
        let text = pattern.strip_prefix(b"/").unwrap_or(pattern);
        Pattern { text: text.to_vec(), anchored: pattern.contains(&b'/') }
    }

    fn fits(&self, path: &[u8]) -> bool {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        matches(&self.text, if self.anchored { path } else { name })
    }
}

/// The files in force in a folder, with the names of folders that led from each to it.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    files: Vec<(Attributes, Vec<u8>)>,
}

impl Stack {
    /// The same in a folder of this name below.
    pub fn enter(&self, name: &[u8]) -> Self {
        let mut inner = self.clone();
        for (_, prefix) in &mut inner.files {
            prefix.extend_from_slice(name);
            prefix.push(b'/');
        }
        inner
    }

    /// Adds the file of this folder.
    pub fn add(&mut self, attributes: Attributes) {
        if !attributes.lines.is_empty() {
            self.files.push((attributes, Vec::new()));
        }
    }

    /// Whether an entry of this folder is left out.
    pub fn leaves_out(&self, name: &[u8]) -> bool {
        self.marks(Mark::LeftOut, name)
    }

    /// Whether an entry of this folder is marked.
    pub fn marks(&self, mark: Mark, name: &[u8]) -> bool {
        let said = self.files.iter().rev().find_map(|(attributes, prefix)| {
            attributes.says(mark, &[prefix.as_slice(), name].concat())
        });
        said.unwrap_or(false)
    }
}

/// Takes the files of a work tree away that its `.gitattributes` leave out, and those in such folders.
pub fn leave_out(root: &Path, files: &mut BTreeSet<PathBuf>) {
    let mut folders: BTreeMap<PathBuf, Option<Stack>> = BTreeMap::new();
    files.retain(|file| {
        let folder = file.parent().unwrap_or(Path::new(""));
        let name = file.file_name().unwrap_or_default();
        in_force(root, folder, &mut folders)
            .is_some_and(|stack| !stack.leaves_out(name.as_encoded_bytes()))
    });
}

/// What is in force in a folder; nothing if the folder itself is left out.
fn in_force(
    root: &Path,
    folder: &Path,
    known: &mut BTreeMap<PathBuf, Option<Stack>>,
) -> Option<Stack> {
    if let Some(stack) = known.get(folder) {
        return stack.clone();
    }
    let above = match (folder.parent(), folder.file_name()) {
        (Some(parent), Some(name)) => in_force(root, parent, known)
            .filter(|stack| !stack.leaves_out(name.as_encoded_bytes()))
            .map(|stack| stack.enter(name.as_encoded_bytes())),
        _ => Some(Stack::default()),
    };
    let stack = above.map(|mut stack| {
        // A folder without such a file has nothing to say.
        let text = std::fs::read(root.join(folder).join(FILE)).unwrap_or_default();
        stack.add(Attributes::parse(&text));
        stack
    });
    known.insert(folder.to_path_buf(), stack.clone());
    stack
}

/// Whether a pattern fits a path: `?`, `*` and `[…]` within a name, `**` over names.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let Some((&first, rest)) = pattern.split_first() else { return path.is_empty() };
    match first {
        b'*' if rest.first() == Some(&b'*') => {
            let after = &rest[1..];
            // `**/` is also no folder at all.
            let no_folder = after.strip_prefix(b"/").is_some_and(|after| matches(after, path));
            no_folder || (0..=path.len()).any(|at| matches(after, &path[at..]))
        }
        b'*' => {
            let end = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
            (0..=end).any(|at| matches(rest, &path[at..]))
        }
        b'[' => match class(rest, path.first().copied()) {
            Some((true, after)) => matches(after, &path[1..]),
            Some((false, _)) => false,
            None => path.first() == Some(&b'[') && matches(rest, &path[1..]),
        },
        _ => {
            let Some((&byte, path)) = path.split_first() else { return false };
            match (first, rest.split_first()) {
                (b'?', _) => byte != b'/' && matches(rest, path),
                (b'\\', Some((&literal, rest))) => byte == literal && matches(rest, path),
                _ => byte == first && matches(rest, path),
            }
        }
    }
}

/// Whether a byte is in the class after `[`, and what follows the class; nothing if it has no end.
fn class(text: &[u8], byte: Option<u8>) -> Option<(bool, &[u8])> {
    let (negated, body) = match text.split_first() {
        Some((b'!' | b'^', body)) => (true, body),
        _ => (false, text),
    };
    // A bracket that comes first is one of the class.
    let end = 1 + body.get(1..)?.iter().position(|byte| *byte == b']')?;
    let byte = byte.filter(|byte| *byte != b'/');
    let (mut at, mut found) = (0, false);
    while at < end {
        let is_range = at + 2 < end && body[at + 1] == b'-';
        let last = if is_range { body[at + 2] } else { body[at] };
        found |= byte.is_some_and(|byte| (body[at]..=last).contains(&byte));
        at += if is_range { 3 } else { 1 };
    }
    Some((byte.is_some() && found != negated, &body[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_gitattributes() {
        for (pattern, path, fits) in [
            ("*.txt", "a/b.txt", true),
            ("/*.txt", "a/b.txt", false),
            ("a/*", "a/b", true),
            ("a/*", "a/b/c", false),
            ("a/**", "a/b/c", true),
            ("**/c", "a/b/c", true),
            ("**/c", "c", true),
            ("fo?", "foo", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
        ] {
            assert_eq!(
                Pattern::parse(pattern.as_bytes()).fits(path.as_bytes()),
                fits,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn the_nearest_file_and_the_last_line_win() {
        let mut top = Stack::default();
        top.add(Attributes::parse(b"# text\n*.md export-ignore\ndocs/keep.md -export-ignore\n"));
        assert!(top.leaves_out(b"README.md") && !top.leaves_out(b"flake.nix"));
        let mut docs = top.enter(b"docs");
        assert!(!docs.leaves_out(b"keep.md") && docs.leaves_out(b"other.md"));
        docs.add(Attributes::parse(b"other.md !export-ignore"));
        assert!(!docs.leaves_out(b"other.md"));
    }
}
