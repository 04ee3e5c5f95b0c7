//! Kernel modules: where each lies, what it needs, and which devices it is for. Read from the
//! modules themselves (`.modinfo`), so no index has to be built first.

use crate::{Error, Result, files};
use object::{Object, ObjectSection};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules by name. Names have `_` for `-`, as in the kernel.
#[derive(Debug, Default)]
pub struct Index {
    paths: BTreeMap<String, PathBuf>,
    builtin: BTreeSet<String>,
    /// Modules by other names that modules ask for, such as `crypto-crc32c`.
    names: BTreeMap<String, BTreeSet<String>>,
}

/// What a module says about itself.
#[derive(Debug, Default, PartialEq)]
pub struct Info {
    /// Names of modules that must be loaded before.
    pub depends: Vec<String>,
    /// Patterns of the devices it is for.
    pub aliases: Vec<String>,
}

impl Index {
    /// The modules below folders like `/lib/modules`.
    ///
    /// # Errors
    /// When a folder can't be read.
    pub fn of(folders: &[PathBuf]) -> Result<Self> {
        let mut index = Self::default();
        for folder in folders {
            for version in files::entries(folder)? {
                index.version(&version.path())?;
            }
        }
        Ok(index)
    }

    fn version(&mut self, folder: &Path) -> Result<()> {
        let text = files::read_text_if_there(&folder.join("modules.builtin"))?.unwrap_or_default();
        self.builtin.extend(text.lines().filter_map(|line| name_of(Path::new(line))));
        let text = files::read_text_if_there(&folder.join("modules.alias"))?.unwrap_or_default();
        for (name, module) in text.lines().filter_map(exact_alias) {
            self.names.entry(normal(name)).or_default().insert(normal(module));
        }
        let mut pending = vec![folder.to_owned()];
        while let Some(folder) = pending.pop() {
            if !folder.is_dir() || folder.ends_with("build") || folder.ends_with("source") {
                continue;
            }
            for entry in files::entries(&folder)? {
                let path = entry.path();
                if path.is_dir() && !path.is_symlink() {
                    pending.push(path);
                } else if let Some(name) = name_of(&path) {
                    self.paths.entry(name).or_insert(path);
                }
            }
        }
        Ok(())
    }

    /// Whether the module exists, as a file or in the kernel itself.
    pub fn knows(&self, name: &str) -> bool {
        let name = normal(name);
        self.paths.contains_key(&name) || self.builtin.contains(&name)
    }

    /// The file of a module.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.paths.get(&normal(name)).map(PathBuf::as_path)
    }

    /// Files of a module and all it depends on, in the order of loading. Nothing for a module that
    /// is part of the kernel, or that does not exist.
    ///
    /// # Errors
    /// When a module can't be read.
    pub fn with_dependencies(&self, name: &str) -> Result<Vec<PathBuf>> {
        let mut order = Vec::new();
        self.visit(name, &mut BTreeSet::new(), &mut order)?;
        Ok(order)
    }

    fn visit(
        &self,
        name: &str,
        seen: &mut BTreeSet<String>,
        order: &mut Vec<PathBuf>,
    ) -> Result<()> {
        let name = normal(name);
        let Some(path) = self.paths.get(&name) else {
            return match self.builtin.contains(&name) {
                true => Ok(()),
                false => self.providers(&name).try_for_each(|m| self.visit(m, seen, order)),
            };
        };
        if !seen.insert(name) {
            return Ok(());
        }
        for needed in Info::read(path)?.depends {
            self.visit(&needed, seen, order)?;
        }
        order.push(path.clone());
        Ok(())
    }
}

impl Index {
    /// Modules that go by another name. Of the implementations of an algorithm, those for certain
    /// processors would not load everywhere, so the general one is enough, also as part of the kernel.
    fn providers(&self, name: &str) -> impl Iterator<Item = &str> {
        let plain = name.strip_prefix("crypto_").unwrap_or(name);
        let general = [format!("{plain}_generic"), plain.to_owned()];
        let built_in = general.iter().any(|module| self.builtin.contains(module));
        let given = self.names.get(name).filter(|_| !built_in);
        let narrow = given.is_some_and(|given| general.iter().any(|module| given.contains(module)));
        let wanted = move |module: &&String| !narrow || general.contains(module);
        given.into_iter().flatten().filter(wanted).map(String::as_str)
    }
}

/// An alias that is a plain name, from a line of `modules.alias`; most are patterns of devices.
fn exact_alias(line: &str) -> Option<(&str, &str)> {
    let (alias, module) = line.strip_prefix("alias ")?.split_once(' ')?;
    (!alias.contains(['*', ':', '?', '['])).then_some((alias, module))
}

impl Info {
    /// Reads it from a module's file.
    ///
    /// # Errors
    /// When the file can't be read or is no kernel module.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(|err| Error::io("read", path, &err))?;
        let wrong = || {
            Error::new(format!("'{}' is no kernel module", path.display()))
                .with_help("compressed modules are not supported")
        };
        let file = object::File::parse(&*bytes).map_err(|_| wrong())?;
        let section = file.section_by_name(".modinfo").ok_or_else(wrong)?;
        let data = section.data().map_err(|_| wrong())?;
        Ok(Self::parse(data))
    }

    /// From the content of `.modinfo`: `key=value` strings, each ended by a zero byte.
    pub fn parse(data: &[u8]) -> Self {
        let mut info = Self::default();
        for item in data.split(|byte| *byte == 0) {
            let text = String::from_utf8_lossy(item);
            let Some((key, value)) = text.split_once('=') else { continue };
            match key {
                "depends" => info
                    .depends
                    .extend(value.split(',').filter(|name| !name.is_empty()).map(str::to_owned)),
                "softdep" => info.depends.extend(
                    value
                        .strip_prefix("pre:")
                        .into_iter()
                        .flat_map(str::split_whitespace)
                        .take_while(|word| *word != "post:")
                        .map(str::to_owned),
                ),
                "alias" => info.aliases.push(value.to_owned()),
                _ => {}
            }
        }
        info
    }
}

/// What a signed module ends with, behind its signature and twelve bytes of which the last four are that
/// one's length (the kernel's `include/linux/module_signature.h`).
const SIGNED: &[u8] = b"~Module signature appended~\n";

/// A module's file without its signature.
pub fn without_signature(file: &[u8]) -> &[u8] {
    let cut = || {
        let (_, length) =
            file.strip_suffix(SIGNED)?.split_last_chunk::<4>().map(|(a, b)| (a.len(), b))?;
        let behind = u32::from_be_bytes(*length) as usize + 12 + SIGNED.len();
        file.get(..file.len().checked_sub(behind)?)
    };
    cut().unwrap_or(file)
}

/// The name of a module from its file.
fn name_of(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let (stem, rest) = file.split_once(".ko")?;
    (rest.is_empty() || rest.starts_with('.')).then(|| normal(stem))
}

fn normal(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn module_information_is_parsed() {
        let data = b"license=GPL\0depends=a,b-c\0softdep=pre: x y post: z\0alias=pci:v*\0\0junk\0";
        let info = Info::parse(data);
        assert_eq!(info.depends, ["a", "b-c", "x", "y"]);
        assert_eq!(info.aliases, ["pci:v*"]);
    }

    #[test]
    fn signatures_are_cut_off() {
        let signed = [b"module".as_slice(), b"SIG", &[0; 8], &3u32.to_be_bytes(), SIGNED].concat();
        assert_eq!(without_signature(&signed), b"module");
        assert_eq!(without_signature(b"module"), b"module");
        let broken = [b"m".as_slice(), &[0xff; 12], SIGNED].concat();
        assert_eq!(without_signature(&broken), broken);
    }

    #[test]
    fn names_come_from_files() {
        assert_eq!(name_of(Path::new("kernel/fs/nls/nls_iso8859-1.ko")).unwrap(), "nls_iso8859_1");
        assert_eq!(name_of(Path::new("x.ko.xz")).unwrap(), "x");
        assert_eq!(name_of(Path::new("modules.order")), None);
    }

    #[test]
    fn algorithms_come_from_their_general_module() {
        let index = |builtin: &str| {
            let scratch = tempfile::tempdir().unwrap();
            let version = scratch.path().join("6.1");
            fs::create_dir(&version).unwrap();
            fs::write(version.join("modules.builtin"), builtin).unwrap();
            let aliases = "# comment\nalias pci:v* x\nalias crypto-crc32c crc32c_intel\n\
                           alias crypto-crc32c crc32c_generic\nalias crypto-sha3-ce sha3-ce\n";
            fs::write(version.join("modules.alias"), aliases).unwrap();
            Index::of(&[scratch.path().to_owned()]).unwrap()
        };
        let providers = |index: &Index, name: &str| {
            index.providers(&normal(name)).map(str::to_owned).collect::<Vec<_>>()
        };
        let apart = index("");
        assert_eq!(providers(&apart, "crypto-crc32c"), ["crc32c_generic"]);
        assert_eq!(providers(&apart, "crypto-sha3-ce"), ["sha3_ce"]);
        assert!(providers(&apart, "unheard-of").is_empty());
        assert!(providers(&index("kernel/crypto/crc32c_generic.ko"), "crypto-crc32c").is_empty());
    }

    #[test]
    fn modules_in_the_kernel_need_no_file() {
        let scratch = tempfile::tempdir().unwrap();
        let version = scratch.path().join("6.1");
        fs::create_dir(&version).unwrap();
        fs::write(version.join("modules.builtin"), "kernel/fs/ext4/ext4.ko\n").unwrap();
        let index = Index::of(&[scratch.path().to_owned()]).unwrap();
        assert!(index.knows("ext4") && !index.knows("erofs"));
        assert!(index.with_dependencies("ext4").unwrap().is_empty());
    }
}
