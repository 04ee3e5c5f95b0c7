//! Packages, options and functions on disk, so that a second look at the same flake evaluates nothing.
//!
//! An index is text, an entry a line: a line is split only once its first field fits, so that a look
//! into many thousand entries takes a few milliseconds. An index that can't be read is made anew.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::functions::FunctionDoc;
use crate::options::OptionDoc;
use crate::packages::Package;
use crate::patterns::Patterns;

/// The first line of an index; another version of firn may write another one.
const HEADER: &str = "firn index 1\n";

/// Indexes of one folder, by key.
pub struct Indexes {
    folder: PathBuf,
}

impl Indexes {
    /// Indexes below a folder, which need not exist.
    pub fn new(folder: PathBuf) -> Self {
        Indexes { folder }
    }

    /// The entries of the index with this key, a line each; `None` if there is no such index.
    pub fn read(&self, key: &str) -> Option<String> {
        let mut text = fs::read_to_string(self.place(key)).ok()?;
        text.starts_with(HEADER).then(|| text.split_off(HEADER.len()))
    }

    /// Keeps an index.
    ///
    /// # Errors
    /// The folder can't be written to.
    pub fn write(&self, key: &str, lines: &str) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        // Written beside and renamed, as somebody else may be reading.
        let scratch = self.place(&format!(".{key}-{}", std::process::id()));
        fs::write(&scratch, format!("{HEADER}{lines}"))?;
        fs::rename(&scratch, self.place(key))
    }

    fn place(&self, key: &str) -> PathBuf {
        self.folder.join(Path::new(key))
    }
}

/// Packages as an index holds them.
pub fn packages_to_lines(packages: &[Package]) -> String {
    let field = |text: &str| text.replace(['\t', '\n'], " ");
    packages
        .iter()
        .map(|package| {
            let Package { path, name, version, description } = package;
            [path, name, version, description].map(|text| field(text)).join("\t") + "\n"
        })
        .collect()
}

/// The packages of an index that are asked for: path, name or description fits.
pub fn find_packages(lines: &str, patterns: &Patterns) -> Vec<Package> {
    let packages = lines.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        let fields = [fields.next()?, fields.next()?, fields.next()?, fields.next()?];
        let [path, name, version, description] = fields;
        patterns.matches(&[path, name, description]).then(|| Package {
            path: path.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            description: description.to_owned(),
        })
    });
    packages.collect()
}

/// The first field of every entry: attribute paths of packages, names of options.
pub fn names(lines: &str) -> impl Iterator<Item = &str> {
    lines.lines().filter_map(|line| line.split('\t').next())
}

/// Options as an index holds them.
pub fn options_to_lines(options: &[OptionDoc]) -> String {
    options
        .iter()
        .filter_map(|option| {
            let json = serde_json::to_string(option).ok()?;
            Some(format!("{}\t{json}\n", option.name))
        })
        .collect()
}

/// The options of an index that are asked for by name, or by name and description.
pub fn find_options(lines: &str, patterns: &Patterns, descriptions: bool) -> Vec<OptionDoc> {
    let options = lines.lines().filter_map(|line| {
        let (name, json) = line.split_once('\t')?;
        if !descriptions && !patterns.matches(&[name]) {
            return None;
        }
        let option: OptionDoc = serde_json::from_str(json).ok()?;
        let text = option.description.as_deref().unwrap_or_default();
        (!descriptions || patterns.matches(&[name, text])).then_some(option)
    });
    options.collect()
}

/// Functions as an index holds them.
pub fn functions_to_lines(functions: &[FunctionDoc]) -> String {
    functions
        .iter()
        .filter_map(|function| {
            let json = serde_json::to_string(function).ok()?;
            Some(format!("{}\t{json}\n", function.name))
        })
        .collect()
}

/// The functions of an index that are asked for: a name, the type or what else is said fits.
pub fn find_functions(lines: &str, patterns: &Patterns) -> Vec<FunctionDoc> {
    let functions = lines.lines().filter_map(|line| {
        let (name, json) = line.split_once('\t')?;
        let function: FunctionDoc = serde_json::from_str(json).ok()?;
        let aliases = function.aliases.join(" ");
        patterns.matches(&[name, &aliases, &function.description]).then_some(function)
    });
    functions.collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn packages_come_back_by_path_name_or_description() {
        let package = |path: &str, description: &str| Package {
            path: path.to_owned(),
            name: "x".to_owned(),
            version: "1".to_owned(),
            description: description.to_owned(),
        };
        let lines = packages_to_lines(&[package("p.a", "tab\there"), package("p.b", "other")]);
        let found = |text: &str| {
            find_packages(&lines, &Patterns::new(&[text.to_owned()], &[]).unwrap()).len()
        };
        assert_eq!([found("tab here"), found("^p\\.b$"), found("^x$"), found("^1$")], [1, 1, 2, 0]);
    }

    #[test]
    fn options_come_back_whole() {
        let option = OptionDoc {
            name: "a.b".to_owned(),
            loc: vec!["a".to_owned(), "b".to_owned()],
            kind: "string".to_owned(),
            description: Some("Lines\nand\ttabs".to_owned()),
            default: Some("\"\"".to_owned()),
            ..OptionDoc::default()
        };
        let lines = options_to_lines(std::slice::from_ref(&option));
        let find = |text: &str, descriptions| {
            find_options(&lines, &Patterns::new(&[text.to_owned()], &[]).unwrap(), descriptions)
        };
        assert_eq!(find("a.b", false), [option]);
        assert_eq!(find("lines", false), []);
        assert_eq!(find("lines", true).len(), 1);
        assert_eq!(names(&lines).collect::<Vec<_>>(), ["a.b"]);
    }

    #[test]
    fn an_index_of_another_version_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let indexes = Indexes::new(folder.path().join("deep/er"));
        assert_eq!(indexes.read("k"), None);
        indexes.write("k", "a\tb\n").unwrap();
        assert_eq!(indexes.read("k").as_deref(), Some("a\tb\n"));
        fs::write(folder.path().join("deep/er/k"), "firn index 0\nx\n").unwrap();
        assert_eq!(indexes.read("k"), None);
    }
}
