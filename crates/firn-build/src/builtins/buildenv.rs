//! `builtin:buildenv`: one tree of symbolic links out of several packages.
//!
//! Attributes: `derivations`, words in groups `ACTIVE PRIORITY COUNT PATH…`; `manifest`, the target
//! of `manifest.nix`. A folder that comes from one package only is a link; where several bring it,
//! it is a real folder with what is in all of them. A lower priority number wins a collision.

use firn_store::{BuiltinBuilder, BuiltinJob};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// `builtin:buildenv`.
#[derive(Debug, Default, Clone, Copy)]
pub struct BuildEnv;

impl BuiltinBuilder for BuildEnv {
    fn name(&self) -> &'static str {
        "buildenv"
    }

    fn build(&self, job: &BuiltinJob) -> Result<(), String> {
        let out = job.outputs.get("out").ok_or("'builtin:buildenv' requires an 'out' output")?;
        let packages = parse_packages(job.require("derivations")?)?;
        let manifest = job.require("manifest")?;
        fs::create_dir_all(out).map_err(|e| format!("creating '{}': {e}", out.display()))?;
        Merge::default().run(packages, out)?;
        let link = out.join("manifest.nix");
        symlink(manifest, &link).map_err(|e| format!("creating '{}': {e}", link.display()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    priority: i64,
    path: PathBuf,
}

fn parse_packages(text: &str) -> Result<Vec<Package>, String> {
    let bad = || format!("attribute 'derivations' of builtin:buildenv is malformed: '{text}'");
    let mut words = text.split_ascii_whitespace();
    let mut packages = Vec::new();
    while let Some(active) = words.next() {
        let priority = words.next().and_then(|w| w.parse().ok()).ok_or_else(bad)?;
        let count: usize = words.next().and_then(|w| w.parse().ok()).ok_or_else(bad)?;
        for _ in 0..count {
            let path = PathBuf::from(words.next().ok_or_else(bad)?);
            if active != "false" {
                packages.push(Package { priority, path });
            }
        }
    }
    packages.sort();
    Ok(packages)
}

/// Priorities of packages that others bring along, below all that the user names.
const PROPAGATED: i64 = 1000;

#[derive(Default)]
struct Merge {
    priorities: BTreeMap<PathBuf, i64>,
    done: BTreeSet<PathBuf>,
    postponed: BTreeSet<PathBuf>,
}

impl Merge {
    fn run(&mut self, packages: Vec<Package>, out: &Path) -> Result<(), String> {
        for package in packages {
            self.add(&package.path, out, package.priority)?;
        }
        let mut priority = PROPAGATED;
        while !self.postponed.is_empty() {
            for path in std::mem::take(&mut self.postponed) {
                self.add(&path, out, priority)?;
                priority += 1;
            }
        }
        Ok(())
    }

    fn add(&mut self, package: &Path, out: &Path, priority: i64) -> Result<(), String> {
        if !self.done.insert(package.to_owned()) {
            return Ok(());
        }
        self.links(package, out, priority)?;
        let list = package.join("nix-support/propagated-user-env-packages");
        let text = match fs::read_to_string(&list) {
            Err(e)
                if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
            {
                return Ok(());
            }
            other => other.map_err(|e| format!("reading '{}': {e}", list.display()))?,
        };
        let more = text.split([' ', '\n']).filter(|w| !w.is_empty()).map(PathBuf::from);
        self.postponed.extend(more.filter(|path| !self.done.contains(path)));
        Ok(())
    }

    fn links(&mut self, from: &Path, to: &Path, priority: i64) -> Result<(), String> {
        let entries = match fs::read_dir(from) {
            Err(e) if e.kind() == io::ErrorKind::NotADirectory => {
                warn(&format!(
                    "not including '{}' in the user environment because it's not a directory",
                    from.display()
                ));
                return Ok(());
            }
            other => other.map_err(|e| format!("reading '{}': {e}", from.display()))?,
        };
        for entry in entries {
            let name = entry.map_err(|e| format!("reading '{}': {e}", from.display()))?.file_name();
            if !name.as_bytes().starts_with(b".") {
                self.link(&from.join(&name), &to.join(&name), priority)?;
            }
        }
        Ok(())
    }

    fn link(&mut self, from: &Path, to: &Path, priority: i64) -> Result<(), String> {
        let Ok(source) = fs::metadata(from) else {
            warn(&format!("skipping dangling symlink '{}'", to.display()));
            return Ok(());
        };
        if is_left_out(from) {
            return Ok(());
        }
        let there = fs::symlink_metadata(to).ok();
        match there {
            Some(there) if source.is_dir() && there.is_dir() => self.links(from, to, priority),
            Some(there) if source.is_dir() && there.is_symlink() => {
                self.open_up(from, to, priority)
            }
            Some(there) if there.is_symlink() => self.replace(from, to, priority),
            Some(there) if there.is_dir() => Err(format!(
                "collision between non-directory '{}' and directory '{}'",
                from.display(),
                to.display()
            )),
            _ => self.make(from, to, priority),
        }
    }

    /// A second package brings the same folder: a real one with both.
    fn open_up(&mut self, from: &Path, to: &Path, priority: i64) -> Result<(), String> {
        let target =
            fs::canonicalize(to).map_err(|e| format!("resolving '{}': {e}", to.display()))?;
        if !target.is_dir() {
            return Err(format!(
                "collision between '{}' and non-directory '{}'",
                from.display(),
                target.display()
            ));
        }
        let linked = fs::read_link(to).map_err(|e| format!("reading '{}': {e}", to.display()))?;
        fs::remove_file(to)
            .and_then(|()| fs::create_dir(to))
            .map_err(|e| format!("creating directory '{}': {e}", to.display()))?;
        let first = self.priorities.get(to).copied().unwrap_or(priority);
        // Through the link as it was, so that new links name the package and not what it links to.
        let _ = linked;
        self.links(&target, to, first)?;
        self.links(from, to, priority)
    }

    fn replace(&mut self, from: &Path, to: &Path, priority: i64) -> Result<(), String> {
        let before = self.priorities.get(to).copied().unwrap_or(priority);
        if before < priority {
            return Ok(());
        }
        if before == priority {
            let other = fs::read_link(to).unwrap_or_default();
            return Err(conflict(&other, from, priority));
        }
        fs::remove_file(to).map_err(|e| format!("removing '{}': {e}", to.display()))?;
        self.make(from, to, priority)
    }

    fn make(&mut self, from: &Path, to: &Path, priority: i64) -> Result<(), String> {
        symlink(from, to).map_err(|e| format!("creating symlink '{}': {e}", to.display()))?;
        self.priorities.insert(to.to_owned(), priority);
        Ok(())
    }
}

fn conflict(one: &Path, other: &Path, priority: i64) -> String {
    format!(
        "Unable to build profile. There is a conflict for the following files:\n\n  {}\n  {}\n\
         both have priority {priority}; give one of the packages a lower number (higher priority)",
        one.display(),
        other.display()
    )
}

/// Files that every package has and no profile wants.
fn is_left_out(path: &Path) -> bool {
    const ENDS: [&str; 7] = [
        "/propagated-build-inputs",
        "/nix-support",
        "/perllocal.pod",
        "/info/dir",
        "/log",
        "/manifest.nix",
        "/manifest.json",
    ];
    ENDS.iter().any(|end| path.as_os_str().as_bytes().ends_with(end.as_bytes()))
}

fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "warning: {text}");
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn build(dir: &Path, derivations: &str) -> Result<PathBuf, String> {
        let out = dir.join("out");
        let derivations = derivations.replace("DIR", dir.to_str().unwrap());
        let env = [("derivations", derivations.as_str()), ("manifest", "/m")];
        let job = BuiltinJob {
            name: "env".into(),
            builder: "buildenv".into(),
            args: Vec::new(),
            env: env.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            structured_attrs: None,
            outputs: [("out".to_owned(), out.clone())].into(),
            store_dir: "/nix/store".into(),
            tmp_dir: dir.to_owned(),
        };
        BuildEnv.build(&job).map(|()| out)
    }

    #[test]
    fn merges_folders_and_follows_priorities() {
        let dir = tempfile::tempdir().unwrap();
        let at = |p: &str| dir.path().join(p);
        write(&at("a/bin/x"), "a");
        write(&at("a/share/only/f"), "a");
        write(&at("a/nix-support/propagated-user-env-packages"), at("c").to_str().unwrap());
        write(&at("b/bin/x"), "b");
        write(&at("b/bin/y"), "b");
        write(&at("b/.hidden"), "b");
        write(&at("c/bin/x"), "c");
        write(&at("c/bin/z"), "c");
        symlink("/nowhere", at("b/dangling")).unwrap();
        let out = build(dir.path(), "true 6 1 DIR/a true 5 1 DIR/b false 1 1 DIR/none").unwrap();
        let read = |p: &str| fs::read_to_string(out.join(p)).unwrap();
        assert_eq!(
            (read("bin/x"), read("bin/y"), read("bin/z")),
            ("b".into(), "b".into(), "c".into())
        );
        assert_eq!(fs::read_link(out.join("share")).unwrap(), at("a/share"));
        assert_eq!(fs::read_link(out.join("manifest.nix")).unwrap(), Path::new("/m"));
        for missing in ["nix-support", ".hidden", "dangling"] {
            assert!(fs::symlink_metadata(out.join(missing)).is_err(), "{missing}");
        }
    }

    #[test]
    fn equal_priorities_collide() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("a/bin/x"), "a");
        write(&dir.path().join("b/bin/x"), "b");
        let error = build(dir.path(), "true 5 1 DIR/a true 5 1 DIR/b").unwrap_err();
        assert!(error.contains("a/bin/x") && error.contains("b/bin/x"), "{error}");
        build(dir.path(), "true x").unwrap_err();
    }
}
