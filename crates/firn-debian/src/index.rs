//! A `Packages` index: every package of one suite and architecture.

use crate::control::{self, Relation, relations};
use crate::version;
use std::borrow::Cow;
use std::collections::HashMap;

/// One stanza of the index, borrowed from its text. Absent fields are empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Package<'a> {
    /// `Package`
    pub name: &'a str,
    /// `Version`
    pub version: &'a str,
    /// `Pre-Depends`
    pub pre_depends: &'a str,
    /// `Depends`
    pub depends: &'a str,
    /// `Provides`
    pub provides: &'a str,
    /// `Priority`
    pub priority: &'a str,
    /// `Filename`: path of the .deb below the mirror's root
    pub filename: &'a str,
    /// `Size` of the .deb in bytes
    pub size: u64,
    /// `SHA256` of the .deb in base 16
    pub sha256: &'a str,
    /// `Description`, its first line
    pub description: &'a str,
    /// `Homepage`
    pub homepage: &'a str,
}

impl<'a> Package<'a> {
    fn parse(stanza: &'a str) -> Self {
        let mut package = Self::default();
        for (name, value) in control::fields(stanza) {
            package.set(name, value);
        }
        package
    }

    fn set(&mut self, name: &str, value: &'a str) {
        let field = match name {
            "Package" => &mut self.name,
            "Version" => &mut self.version,
            "Pre-Depends" => &mut self.pre_depends,
            "Depends" => &mut self.depends,
            "Provides" => &mut self.provides,
            "Priority" => &mut self.priority,
            "Filename" => &mut self.filename,
            "SHA256" => &mut self.sha256,
            "Description" => &mut self.description,
            "Homepage" => &mut self.homepage,
            "Size" => {
                self.size = value.parse().unwrap_or(0);
                return;
            }
            _ => return,
        };
        *field = value;
    }

    /// What must be present for the package to run: `Pre-Depends`, then `Depends`.
    pub fn requirements(&self) -> impl Iterator<Item = Vec<Relation<'a>>> + use<'a> {
        relations(self.pre_depends).chain(relations(self.depends))
    }

    /// Rank of the priority, 0 for `required`; unknown ones count as `optional`.
    pub fn rank(&self) -> u8 {
        match self.priority {
            "required" => 0,
            "important" => 1,
            "standard" => 2,
            "extra" => 4,
            _ => 3,
        }
    }
}

/// A parsed index.
#[derive(Debug)]
pub struct Index<'a> {
    packages: Vec<Package<'a>>,
    by_name: HashMap<&'a str, usize>,
    /// Virtual name → (providing package, version provided).
    providers: HashMap<&'a str, Vec<(usize, Option<&'a str>)>>,
}

impl<'a> Index<'a> {
    /// Parses the text of a `Packages` file. Of several versions of a name the highest is kept.
    pub fn parse(text: &'a str) -> Self {
        let mut packages: Vec<Package<'a>> = Vec::new();
        let mut by_name: HashMap<&str, usize> = HashMap::new();
        for stanza in text.split("\n\n") {
            let package = Package::parse(stanza);
            if package.name.is_empty() {
                continue;
            }
            match by_name.get(package.name) {
                Some(&old) if version::compare(packages[old].version, package.version).is_ge() => {}
                Some(&old) => packages[old] = package,
                None => {
                    by_name.insert(package.name, packages.len());
                    packages.push(package);
                }
            }
        }
        let providers = providers(&packages);
        Self { packages, by_name, providers }
    }

    /// The package of that name.
    pub fn get(&self, name: &str) -> Option<&Package<'a>> {
        self.by_name.get(name).map(|&i| &self.packages[i])
    }

    /// All packages in the order of the file.
    pub fn packages(&self) -> &[Package<'a>] {
        &self.packages
    }

    /// Packages that satisfy a relation: the one of that name first, then those which provide
    /// it (an unversioned provision never meets a demand on the version).
    pub fn candidates(&self, relation: &Relation<'_>) -> Vec<&Package<'a>> {
        let real = self.get(relation.name).filter(|p| relation.accepts(p.version));
        let virtual_ones = self.providers.get(relation.name).map_or(&[][..], Vec::as_slice);
        let provided = virtual_ones.iter().filter_map(|&(i, version)| {
            let fits = match version {
                Some(version) => relation.accepts(version),
                None => relation.demand.is_none(),
            };
            let package = &self.packages[i];
            (fits && package.name != relation.name).then_some(package)
        });
        real.into_iter().chain(provided).collect()
    }
}

fn providers<'a>(packages: &[Package<'a>]) -> HashMap<&'a str, Vec<(usize, Option<&'a str>)>> {
    let mut providers: HashMap<&str, Vec<_>> = HashMap::new();
    for (i, package) in packages.iter().enumerate() {
        for relation in relations(package.provides).flatten() {
            let version = relation.demand.map(|(_, version)| version);
            providers.entry(relation.name).or_default().push((i, version));
        }
    }
    providers
}

/// Unpacks the bytes of an index as the mirror serves it: `.xz`, `.gz` or plain.
///
/// # Errors
/// When the data is damaged or not UTF-8.
pub fn decompress(bytes: &[u8]) -> crate::Result<Cow<'_, str>> {
    use std::io::Read;
    let broken =
        |err: std::io::Error| crate::Error::new(format!("the package index is damaged: {err}"));
    let mut text = String::new();
    if bytes.starts_with(b"\xfd7zXZ\0") {
        liblzma::read::XzDecoder::new(bytes).read_to_string(&mut text).map_err(broken)?;
    } else if bytes.starts_with(b"\x1f\x8b") {
        flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).map_err(broken)?;
    } else {
        let text = std::str::from_utf8(bytes)
            .map_err(|err| crate::Error::new(format!("the package index is not UTF-8: {err}")))?;
        return Ok(Cow::Borrowed(text));
    }
    Ok(Cow::Owned(text))
}
