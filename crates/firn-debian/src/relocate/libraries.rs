//! The run path of a program: which store folders its libraries are in.

use crate::closure::Closure;
use crate::elf::Elf;
use crate::layout::{self, LIB};
use std::collections::BTreeSet;

/// Longest library name looked for in a file's strings.
const MAX_NAME: usize = 80;

/// Result of the search.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RunPath {
    /// Store folders, the one with most needed libraries first.
    pub folders: Vec<String>,
    /// Needed libraries that are nowhere in the closure.
    pub missing: Vec<String>,
}

/// Computes the run path for the file at `place`.
///
/// Every needed library is looked for in the folders that the file names itself, in its own
/// folder and in Debian's library folders; then every library name that occurs in the file as a
/// string is, because programs load those at run time. Folders of its own package that it names
/// are kept, for plugins.
pub fn run_path(closure: &Closure<'_>, place: &str, elf: &Elf<'_>) -> RunPath {
    let named = named_folders(place, elf.run_path().unwrap_or_default());
    let search = Search { closure, folders: search_folders(place, &named) };
    let needed = elf.needed();
    let mut counts: Vec<(String, usize)> = Vec::new();
    let mut missing = Vec::new();
    for name in needed.iter().filter(|name| !name.starts_with("ld-linux-")) {
        match search.folder_of(name) {
            Some(folder) => count(&mut counts, folder),
            None => missing.push((*name).to_owned()),
        }
    }
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let mut folders: Vec<String> = counts.into_iter().map(|(folder, _)| folder).collect();
    let own_names = [elf.soname().unwrap_or_default(), layout::base(place)];
    for name in library_strings(elf.data) {
        if !needed.contains(&name) && !own_names.contains(&name) {
            push_new(&mut folders, search.folder_of(name));
        }
    }
    for folder in named.iter().filter(|f| closure.tree().locate(f).is_some()) {
        push_new(&mut folders, Some(format!("{}/{folder}", closure.own_path())));
    }
    RunPath { folders, missing }
}

struct Search<'a> {
    closure: &'a Closure<'a>,
    folders: Vec<String>,
}

impl Search<'_> {
    fn folder_of(&self, name: &str) -> Option<String> {
        let found = self.folders.iter().find_map(|dir| self.closure.path(&format!("{dir}/{name}")));
        found.map(|path| layout::parent(&path).to_owned())
    }
}

/// Folders of a search path as places; `$ORIGIN` is the folder of the file.
fn named_folders(place: &str, path: &str) -> Vec<String> {
    let origin = format!("/{}", layout::parent(place));
    path.split(':')
        .filter(|dir| !dir.is_empty())
        .map(|dir| dir.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin))
        .filter(|dir| dir.starts_with('/'))
        .map(|dir| layout::place(&layout::normalize(&dir)))
        .collect()
}

fn search_folders(place: &str, named: &[String]) -> Vec<String> {
    let mut folders = named.to_vec();
    for dir in [layout::parent(place), LIB, "lib"] {
        push_new(&mut folders, Some(dir.to_owned()));
    }
    folders
}

fn count(counts: &mut Vec<(String, usize)>, folder: String) {
    match counts.iter_mut().find(|(known, _)| *known == folder) {
        Some((_, n)) => *n += 1,
        None => counts.push((folder, 1)),
    }
}

fn push_new(folders: &mut Vec<String>, folder: Option<String>) {
    folders.extend(folder.filter(|f| !folders.contains(f)));
}

/// Strings of the form `lib….so` or `lib….so.N…` in a file, each once, in order.
fn library_strings(data: &[u8]) -> BTreeSet<&str> {
    memchr::memmem::find_iter(data, b".so").filter_map(|at| library_at(data, at)).collect()
}

fn library_at(data: &[u8], at: usize) -> Option<&str> {
    let head = &data[at.saturating_sub(MAX_NAME)..at];
    let start = at - head.iter().rev().take_while(|&&b| is_name(b)).count();
    let rest = &data[at + 3..];
    let tail = rest.iter().take_while(|&&b| b == b'.' || b.is_ascii_digit()).count();
    let name = std::str::from_utf8(&data[start..at + 3 + tail]).ok()?;
    let ends = rest.get(tail) == Some(&0);
    (ends && name.starts_with("lib") && name.len() > 6).then_some(name)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+-.".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::library_strings;

    #[test]
    fn finds_library_names() {
        let data = b"x\0libfoo-1.2.so.3\0/usr/lib/libbar.so\0libnot.so.x\0lib.so\0z/libzz.so.0\0";
        let names: Vec<&str> = library_strings(data).into_iter().collect();
        assert_eq!(names, ["libbar.so", "libfoo-1.2.so.3", "libzz.so.0"]);
    }
}
