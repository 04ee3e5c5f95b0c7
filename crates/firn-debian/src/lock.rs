//! The lock file: every .deb of the distribution by version, pool path, hash and size, in
//! groups with resolved needs. It is generated from an index pinned by hash and is all that
//! evaluation reads.

use crate::groups::{self, Group};
use crate::index::Index;
use crate::resolve;
use crate::version;
use crate::wanted::Wanted;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The number that changes when the shape of the file does.
pub const FORMAT: u32 = 1;

/// One .deb: package, version, path below the mirror's root, SHA-256 in base 16, bytes.
/// An array in the file, because there are hundreds of them and every evaluation reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedDeb(
    /// Package.
    pub String,
    /// Version as Debian writes it.
    pub String,
    /// Path below the mirror's root, `pool/main/…`.
    pub String,
    /// SHA-256 in base 16.
    pub String,
    /// Size in bytes.
    pub u64,
);

/// One group: a store path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedGroup {
    /// Version of the main package, as it stands in the store path's name.
    pub version: String,
    /// First line of the main package's description.
    pub description: String,
    /// Groups needed directly.
    pub needs: Vec<String>,
    /// The packages, main one first.
    pub debs: Vec<LockedDeb>,
    /// Symlinks to add: place → text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<String, String>,
}

/// The lock file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// [`FORMAT`]
    pub format: u32,
    /// Suite.
    pub suite: String,
    /// Debian's name of the architecture.
    pub architecture: String,
    /// SHA-256 of the index it was made from, base 16.
    pub index: String,
    /// Groups that all others may use.
    pub implicit: Vec<String>,
    /// Groups by name.
    pub groups: BTreeMap<String, LockedGroup>,
}

/// Locks and what the resolver could not find.
#[derive(Debug)]
pub struct Generated {
    /// What `packages` need.
    pub lock: Lock,
    /// What only `more` needs: its groups may need those of `lock`.
    pub more: Lock,
    /// (package, relation) pairs that nothing in the index satisfies.
    pub unsatisfied: Vec<(String, String)>,
}

/// Resolves the wanted packages against an index into locks.
///
/// # Errors
/// When a wanted package is not in the index, groups can't be formed, or packages of `more` join others in a
/// group.
pub fn generate(wanted: &Wanted, index: &Index<'_>) -> Result<Generated> {
    let roots = wanted.roots();
    if let Some(absent) = roots.iter().find(|name| index.get(name).is_none()) {
        return Err(Error::new(format!("there is no package '{absent}' in {}", wanted.suite))
            .with_help("correct its name in wanted.toml, or remove it"));
    }
    let (lock, _) = resolve(wanted, &wanted.core_roots(), index)?;
    let (mut more, unsatisfied) = resolve(wanted, &roots, index)?;
    for (name, group) in &lock.groups {
        // What a group needs may be another alternative there; the one of `lock` does as well.
        let with_more = more.groups.remove(name);
        if with_more.as_ref().is_none_or(|other| other.debs != group.debs) {
            return Err(changed(name, group, with_more.as_ref()));
        }
    }
    Ok(Generated { lock, more, unsatisfied })
}

/// The error of a group that is another one when `more` is resolved with it.
fn changed(name: &str, group: &LockedGroup, with_more: Option<&LockedGroup>) -> Error {
    let parts = |group: &LockedGroup| {
        group.debs.iter().map(|deb| deb.0.as_str()).collect::<Vec<_>>().join(" ")
    };
    let now = with_more.map_or("no group".to_owned(), parts);
    let text = format!(
        "packages of `more` change the group '{name}'\n  from {}\n  to   {now}",
        parts(group)
    );
    Error::new(text).with_help("move what needs another form of it to `packages`")
}

fn resolve(
    wanted: &Wanted,
    roots: &[String],
    index: &Index<'_>,
) -> Result<(Lock, Vec<(String, String)>)> {
    let closure = resolve::resolve(index, roots, &wanted.policy());
    let groups = groups::contract(&closure.needs, &wanted.groups)?;
    let groups = groups.iter().map(|g| Ok((g.name.clone(), lock_group(g, wanted, index)?)));
    let lock = Lock {
        format: FORMAT,
        suite: wanted.suite.clone(),
        architecture: wanted.architecture.clone(),
        index: wanted.index.clone(),
        implicit: wanted.implicit.clone(),
        groups: groups.collect::<Result<_>>()?,
    };
    Ok((lock, closure.unsatisfied))
}

fn lock_group(group: &Group, wanted: &Wanted, index: &Index<'_>) -> Result<LockedGroup> {
    let find = |name: &String| {
        index.get(name).ok_or_else(|| Error::new(format!("there is no package '{name}'")))
    };
    let main = find(&group.members[0])?;
    let debs = group.members.iter().map(|member| {
        let package = find(member)?;
        Ok(LockedDeb(
            package.name.to_owned(),
            package.version.to_owned(),
            package.filename.to_owned(),
            package.sha256.to_owned(),
            package.size,
        ))
    });
    Ok(LockedGroup {
        version: version::store_name(main.version),
        description: main.description.to_owned(),
        needs: group.needs.clone(),
        debs: debs.collect::<Result<_>>()?,
        links: wanted.links.get(&group.name).cloned().unwrap_or_default(),
    })
}

impl Lock {
    /// Reads a lock file.
    ///
    /// # Errors
    /// When it is not JSON of this shape or of another [`FORMAT`].
    pub fn parse(text: &str) -> Result<Self> {
        let lock: Self = serde_json::from_str(text)
            .map_err(|err| Error::new(format!("the Debian lock file is damaged: {err}")))?;
        if lock.format != FORMAT {
            return Err(Error::new(format!(
                "the Debian lock file has format {}, this program reads format {FORMAT}",
                lock.format
            )));
        }
        Ok(lock)
    }

    /// The file's text: one line for every group, so that a change reads well as a diff.
    pub fn to_text(&self) -> String {
        let mut text = String::from("{\n");
        let head = [
            ("format", serde_json::json!(self.format)),
            ("suite", serde_json::json!(self.suite)),
            ("architecture", serde_json::json!(self.architecture)),
            ("index", serde_json::json!(self.index)),
            ("implicit", serde_json::json!(self.implicit)),
        ];
        for (key, value) in head {
            let _ = writeln!(text, "\"{key}\":{value},");
        }
        text.push_str("\"groups\":{\n");
        for (i, (name, group)) in self.groups.iter().enumerate() {
            let end = if i + 1 == self.groups.len() { "" } else { "," };
            let line = serde_json::json!(group);
            let _ = writeln!(text, "{}:{line}{end}", serde_json::json!(name));
        }
        text.push_str("}}\n");
        text
    }

    /// Sum of the sizes of all .deb files, in bytes.
    pub fn download_size(&self) -> u64 {
        self.groups.values().flat_map(|g| &g.debs).map(|deb| deb.4).sum()
    }
}
