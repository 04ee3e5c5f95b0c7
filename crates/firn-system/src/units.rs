//! `builtin:systemd-units`: the folder of a system's own unit files (`/etc/systemd/system`).
//!
//! The attribute `plan` is JSON, see [`Plan`]. Units that packages bring are in the merged `/usr`
//! tree, where systemd finds them itself; here are the machine's own, drop-ins for the others,
//! links that start units, and masks. A unit of the machine's stands beside one of a package only if
//! that package was asked for its units; else it takes the other's place, whatever `/usr` holds besides.

use crate::{Error, Result, files, tree};
use firn_store::{BuiltinBuilder, BuiltinJob};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// What the folder holds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// `system` or `user`.
    #[serde(rename = "type")]
    kind: String,
    /// Units by full name.
    units: BTreeMap<String, Unit>,
    /// The merged `/usr` tree with the packages' units.
    upstream: Option<PathBuf>,
    /// The packages that were asked for their units.
    #[serde(default)]
    packages: Vec<PathBuf>,
    /// Packages' units that are masked.
    #[serde(default)]
    suppressed: Vec<String>,
    /// Names which are links to units; `/dev/null` takes a packages' link away.
    #[serde(default)]
    links: BTreeMap<String, String>,
}

/// One unit of the machine's configuration.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Unit {
    enable: bool,
    override_strategy: Strategy,
    text: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    wanted_by: Vec<String>,
    #[serde(default)]
    required_by: Vec<String>,
    #[serde(default)]
    upheld_by: Vec<String>,
}

/// How a unit stands beside one of the same name from a package.
#[derive(Debug, Deserialize, PartialEq, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum Strategy {
    AsDropin,
    AsDropinIfExists,
}

/// The builder.
#[derive(Debug, Default, Clone, Copy)]
pub struct UnitsBuilder;

impl BuiltinBuilder for UnitsBuilder {
    fn name(&self) -> &'static str {
        "systemd-units"
    }

    fn build(&self, job: &BuiltinJob) -> Result<(), String> {
        let plan = serde_json::from_str(job.require("plan")?)
            .map_err(|err| format!("the attribute 'plan' is no plan of units: {err}"))?;
        build(&plan, tree::output(job)?).map_err(|err| err.to_string())
    }
}

/// Makes the folder at `out`.
///
/// # Errors
/// When it can't be written.
pub fn build(plan: &Plan, out: &Path) -> Result<()> {
    let folder = Folder { plan, out };
    files::make_folder(out)?;
    folder.packaged_in_etc()?;
    for name in &plan.suppressed {
        if folder.upstream(name).is_some() {
            folder.link(Path::new("/dev/null"), name)?;
        }
    }
    for (name, unit) in &plan.units {
        folder.unit(name, unit)?;
    }
    for (name, target) in &plan.links {
        let path = out.join(name);
        if !path.is_symlink() {
            files::make_folder(path.parent().unwrap_or(out))?;
            folder.link(&folder.reference(target), name)?;
        }
    }
    Ok(())
}

struct Folder<'a> {
    plan: &'a Plan,
    out: &'a Path,
}

impl Folder<'_> {
    /// The unit `name` in the merged tree, as seen on the running system. For an instance, its
    /// template counts as well.
    fn upstream(&self, name: &str) -> Option<PathBuf> {
        let usr = self.plan.upstream.as_ref()?;
        let place = Path::new("lib/systemd").join(&self.plan.kind);
        let there = |file: &String| exists(&usr.join(&place).join(file));
        let file = names(name).into_iter().find(there)?;
        Some(Path::new("/usr").join(place).join(file))
    }

    /// Do the packages that were asked for their units have one of this name?
    fn is_packaged(&self, name: &str) -> bool {
        let names = names(name);
        self.unit_folders().any(|folder| names.iter().any(|name| exists(&folder.join(name))))
    }

    fn unit_folders(&self) -> impl Iterator<Item = PathBuf> {
        let places = ["lib/systemd", "etc/systemd"];
        self.plan
            .packages
            .iter()
            .flat_map(move |package| places.map(|place| package.join(place).join(&self.plan.kind)))
    }

    /// Links to what packages have in their `etc`, which the merged tree leaves out.
    fn packaged_in_etc(&self) -> Result<()> {
        for package in &self.plan.packages {
            let folder = package.join("etc/systemd").join(&self.plan.kind);
            if folder.is_dir() {
                self.link_all(&folder, "")?;
            }
        }
        Ok(())
    }

    /// Links to the files below `folder`. A link to a neighbour stays what it is, since systemd takes an
    /// absolute one for another unit.
    fn link_all(&self, folder: &Path, below: &str) -> Result<()> {
        for entry in files::entries(folder)? {
            let path = entry.path();
            let place = format!("{below}{}", entry.file_name().to_string_lossy());
            if path.is_dir() && !path.is_symlink() {
                files::make_folder(&self.out.join(&place))?;
                self.link_all(&path, &format!("{place}/"))?;
            } else if !exists(&self.out.join(&place)) {
                let near = |target: &PathBuf| {
                    target.is_relative() && (!below.is_empty() || !target.starts_with(".."))
                };
                let target = fs::read_link(&path).ok().filter(near);
                self.link(&target.unwrap_or_else(|| path.canonicalize().unwrap_or(path)), &place)?;
            }
        }
        Ok(())
    }

    fn is_dropin(&self, name: &str, unit: &Unit) -> bool {
        unit.override_strategy == Strategy::AsDropin || self.is_packaged(name)
    }

    fn unit(&self, name: &str, unit: &Unit) -> Result<()> {
        let path = self.out.join(name);
        if !unit.enable {
            files::remove(&path)?;
            return self.link(Path::new("/dev/null"), name);
        }
        if self.is_dropin(name, unit) {
            let folder = self.out.join(format!("{name}.d"));
            files::make_folder(&folder)?;
            write(&folder.join("overrides.conf"), &unit.text)?;
        } else {
            write(&path, &unit.text)?;
        }
        let own = exists(&path);
        for alias in &unit.aliases {
            self.link(&self.reference(name), alias)?;
        }
        for (kind, by) in [
            ("wants", &unit.wanted_by),
            ("requires", &unit.required_by),
            ("upholds", &unit.upheld_by),
        ] {
            for other in by {
                let folder = format!("{other}.{kind}");
                files::make_folder(&self.out.join(&folder))?;
                let target = if own { Path::new("..").join(name) } else { self.reference(name) };
                self.link(&target, &format!("{folder}/{name}"))?;
            }
        }
        Ok(())
    }

    /// What a link to the unit `name` leads to: this folder's, the merged tree's, or nothing that is here.
    fn reference(&self, name: &str) -> PathBuf {
        if name.starts_with('/') || exists(&self.out.join(name)) {
            return PathBuf::from(name);
        }
        self.upstream(name).unwrap_or_else(|| PathBuf::from(name))
    }

    fn link(&self, target: &Path, name: &str) -> Result<()> {
        let path = self.out.join(name);
        if fs::read_link(&path).is_ok_and(|old| old == target) {
            return Ok(());
        }
        symlink(target, &path).map_err(|err| Error::io("create the link", &path, &err))
    }
}

/// The names by which a unit is looked for: its own, and its template's.
fn names(name: &str) -> Vec<String> {
    [Some(name.to_owned()), template(name)].into_iter().flatten().collect()
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// `foo@.service` of `foo@bar.service`.
fn template(name: &str) -> Option<String> {
    let (stem, rest) = name.split_once('@')?;
    let (_, suffix) = rest.rsplit_once('.')?;
    Some(format!("{stem}@.{suffix}"))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|err| Error::io("write", path, &err))?;
    files::set_mode(path, 0o444)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn makes_units_dropins_links_and_masks() {
        let scratch = tempfile::tempdir().unwrap();
        let usr = scratch.path().join("usr");
        fs::create_dir_all(usr.join("lib/systemd/system")).unwrap();
        let asked = scratch.path().join("asked");
        let etc = asked.join("etc/systemd/system");
        fs::create_dir_all(asked.join("lib/systemd/system")).unwrap();
        fs::create_dir_all(etc.join("in-etc.target.wants")).unwrap();
        for name in ["a.service", "getty@.service", "old.timer", "multi-user.target"] {
            fs::write(usr.join("lib/systemd/system").join(name), "").unwrap();
            fs::write(asked.join("lib/systemd/system").join(name), "").unwrap();
        }
        fs::write(usr.join("lib/systemd/system/not-asked.service"), "").unwrap();
        for name in ["in-etc.service", "changed.service"] {
            fs::write(etc.join(name), "").unwrap();
        }
        symlink("in-etc.service", etc.join("alias.service")).unwrap();
        symlink("../in-etc.service", etc.join("in-etc.target.wants/in-etc.service")).unwrap();
        let unit = |text: &str, more: serde_json::Value| {
            let mut unit = serde_json::json!({
                "enable": true, "overrideStrategy": "asDropinIfExists", "text": text });
            unit.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            unit
        };
        let plan = serde_json::json!({
            "type": "system",
            "upstream": usr,
            "packages": [asked],
            "suppressed": ["old.timer", "absent.service"],
            "links": { "default.target": "multi-user.target", "x.target.wants/a": "/dev/null" },
            "units": {
                "a.service": unit("drop", serde_json::json!({ "wantedBy": ["x.target"] })),
                "getty@tty1.service": unit("g", serde_json::json!({})),
                "b.service": unit("own", serde_json::json!({
                    "wantedBy": ["multi-user.target"], "aliases": ["c.service"] })),
                "not-asked.service": unit("full", serde_json::json!({ "wantedBy": ["x.target"] })),
                "changed.service": unit("more", serde_json::json!({ "wantedBy": ["x.target"] })),
                "off.service": unit("", serde_json::json!({ "enable": false })),
            }
        });
        let out = scratch.path().join("out");
        build(&serde_json::from_value(plan).unwrap(), &out).unwrap();
        let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
        let link = |name: &str| fs::read_link(out.join(name)).unwrap().display().to_string();
        assert_eq!(read("a.service.d/overrides.conf"), "drop");
        assert_eq!(link("x.target.wants/a.service"), "/usr/lib/systemd/system/a.service");
        assert_eq!(read("getty@tty1.service.d/overrides.conf"), "g");
        assert_eq!(read("not-asked.service"), "full");
        assert_eq!(link("x.target.wants/not-asked.service"), "../not-asked.service");
        assert_eq!(link("in-etc.service"), etc.join("in-etc.service").display().to_string());
        assert_eq!(link("alias.service"), "in-etc.service");
        assert_eq!(link("in-etc.target.wants/in-etc.service"), "../in-etc.service");
        assert_eq!(read("changed.service.d/overrides.conf"), "more");
        assert_eq!(link("x.target.wants/changed.service"), "../changed.service");
        assert_eq!(read("b.service"), "own");
        assert_eq!(link("multi-user.target.wants/b.service"), "../b.service");
        assert_eq!(link("c.service"), "b.service");
        assert_eq!(link("off.service"), "/dev/null");
        assert_eq!(link("old.timer"), "/dev/null");
        assert_eq!(link("x.target.wants/a"), "/dev/null");
        assert!(out.join("absent.service").symlink_metadata().is_err());
        assert_eq!(link("default.target"), "/usr/lib/systemd/system/multi-user.target");
    }
}
