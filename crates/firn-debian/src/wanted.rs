//! The hand-written side of the lock: which packages are wanted, and the policy by which they
//! are grouped (`nix/pkgs/debian/wanted.toml`).

use crate::resolve::Policy;
use crate::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The contents of `wanted.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Suite, `bookworm`.
    pub suite: String,
    /// Debian's name of the architecture, `amd64`.
    pub architecture: String,
    /// SHA-256 in base 16 of `Packages.xz` of that suite and architecture, component `main`.
    pub index: String,
    /// Groups that every other group may use without saying so: the shells and interpreters
    /// which Debian calls essential.
    pub implicit: Vec<String>,
    /// Packages that only maintainer scripts need.
    pub drop: Vec<String>,
    /// Packages wanted by themselves, each a group of its own.
    pub packages: Vec<String>,
    /// The same, and names of groups, for what no machine needs: it is locked apart, so that evaluations which
    /// don't ask for it don't read it.
    #[serde(default)]
    pub more: Vec<String>,
    /// Packages that go into one store path, by the name of the group.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Needs which the index doesn't declare: package → packages.
    #[serde(default)]
    pub extra: BTreeMap<String, Vec<String>>,
    /// Symlinks to add: group → place → text of the link. For names that users of other
    /// distributions expect, or that maintainer scripts compute.
    #[serde(default)]
    pub links: BTreeMap<String, BTreeMap<String, String>>,
}

impl Wanted {
    /// Reads the file's text.
    ///
    /// # Errors
    /// When it is not TOML of this shape, or a package is in two groups.
    pub fn parse(text: &str) -> Result<Self> {
        let wanted: Self = toml::from_str(text)
            .map_err(|err| Error::new(format!("the list of wanted packages is wrong: {err}")))?;
        let mut owner: BTreeMap<&str, &str> = BTreeMap::new();
        for (group, members) in &wanted.groups {
            for member in members {
                if let Some(other) = owner.insert(member, group) {
                    return Err(Error::new(format!(
                        "package '{member}' is in two groups, '{other}' and '{group}'"
                    ))
                    .with_help("a package lives in one store path; leave it in one of them"));
                }
            }
        }
        Ok(wanted)
    }

    /// Every package named, in a fixed order.
    pub fn roots(&self) -> Vec<String> {
        let more = self.more.iter().flat_map(|name| match self.groups.get(name) {
            Some(members) => members.as_slice(),
            None => std::slice::from_ref(name),
        });
        self.core_roots().into_iter().chain(more.cloned()).collect()
    }

    /// The same without those of `more`.
    pub fn core_roots(&self) -> Vec<String> {
        let groups = self.groups.iter().filter(|(name, _)| !self.more.contains(name));
        let grouped = groups.flat_map(|(_, members)| members);
        self.packages.iter().chain(grouped).chain(&self.implicit).cloned().collect()
    }

    /// The resolver's policy.
    pub fn policy(&self) -> Policy {
        Policy { drop: self.drop.iter().cloned().collect(), extra: self.extra.clone() }
    }

    /// Path of the index below a mirror's root; names its content, so it stays valid when the
    /// suite moves on for as long as the mirror keeps it.
    pub fn index_path(&self) -> String {
        format!(
            "dists/{}/main/binary-{}/by-hash/SHA256/{}",
            self.suite, self.architecture, self.index
        )
    }
}
