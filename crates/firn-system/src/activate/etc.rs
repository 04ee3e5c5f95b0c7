//! `/etc`: links through `/etc/static` to the system's files, copies where a file needs an owner
//! or mode of its own, and what earlier systems left behind removed.

use super::plan::{Copy, Ids};
use super::{Activation, ids};
use crate::{Error, Result, files};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where links in `/etc` lead.
const STATIC: &str = "/etc/static";
/// Names of the copies that the last activation made, one a line.
const COPIES: &str = ".clean";

/// Runs the step.
pub fn run(activation: &Activation) -> Result<()> {
    let etc = activation.at("/etc");
    let plan = &activation.plan.etc;
    files::make_folder(&etc)?;
    files::link(&plan.source, &activation.at(STATIC))?;
    let mut wanted = BTreeSet::new();
    let copies: BTreeSet<&str> = plan.copies.iter().map(|copy| copy.path.as_str()).collect();
    let direct: BTreeSet<&str> = plan.direct.iter().map(String::as_str).collect();
    for place in leaves(&plan.source)? {
        let name = place.to_string_lossy();
        if copies.contains(name.as_ref()) {
            continue;
        }
        let target = if direct.contains(name.as_ref()) {
            read_link(&plan.source.join(&place))?
        } else {
            Path::new(STATIC).join(&place)
        };
        place_link(&etc, &place, &target)?;
        wanted.insert(place);
    }
    let names = Names::of(activation)?;
    for copy in &plan.copies {
        place_copy(&etc, &plan.source, copy, &names)?;
    }
    clean(&etc, &wanted, &copies)
}

/// Paths of all files and links below `folder`, relative to it.
fn leaves(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(place) = pending.pop() {
        for entry in files::entries(&folder.join(&place))? {
            let below = place.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => pending.push(below),
                _ => found.push(below),
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read_link(path: &Path) -> Result<PathBuf> {
    fs::read_link(path).map_err(|err| Error::io("read the link", path, &err))
}

/// Makes the folders above `place` real ones: an earlier system may have had a link there.
fn ready(etc: &Path, place: &Path) -> Result<()> {
    let parents: Vec<_> = place.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()).collect();
    for parent in parents.iter().rev() {
        let folder = etc.join(parent);
        if folder.is_symlink() && leads_to_static(&folder) {
            files::remove(&folder)?;
        }
    }
    files::make_folder(&etc.join(place.parent().unwrap_or(Path::new(""))))
}

fn place_link(etc: &Path, place: &Path, target: &Path) -> Result<()> {
    ready(etc, place)?;
    let path = etc.join(place);
    if path.is_dir() && !path.is_symlink() {
        // A folder where the system has a link to one: it goes if only our own links are in it.
        remove_own(&path)?;
    }
    files::link(target, &path)
}

/// Removes links to static files below `folder`, then the folder if it is empty.
fn remove_own(folder: &Path) -> Result<()> {
    for entry in files::entries(folder)? {
        let path = entry.path();
        if path.is_symlink() {
            if leads_to_static(&path) {
                files::remove(&path)?;
            }
        } else if path.is_dir() {
            remove_own(&path)?;
        }
    }
    let _ = fs::remove_dir(folder);
    Ok(())
}

fn leads_to_static(path: &Path) -> bool {
    fs::read_link(path).is_ok_and(|target| target.starts_with(STATIC))
}

struct Names {
    users: Ids,
    groups: Ids,
}

impl Names {
    fn of(activation: &Activation) -> Result<Self> {
        Ok(Self {
            users: ids::by_name(&activation.at("/etc/passwd"))?,
            groups: ids::by_name(&activation.at("/etc/group"))?,
        })
    }
}

fn place_copy(etc: &Path, source: &Path, copy: &Copy, names: &Names) -> Result<()> {
    let mode = u32::from_str_radix(&copy.mode, 8).map_err(|_| {
        Error::new(format!("'{}' is no access mode for /etc/{}", copy.mode, copy.path))
    })?;
    let from = source.join(&copy.path);
    let content = fs::read(&from).map_err(|err| Error::io("read", &from, &err))?;
    ready(etc, Path::new(&copy.path))?;
    let path = etc.join(&copy.path);
    files::write_atomic(&path, &content, mode)?;
    let uid = ids::resolve(&copy.user, &names.users).ok_or_else(|| {
        Error::new(format!("/etc/{}: there is no user '{}'", copy.path, copy.user))
    })?;
    let gid = ids::resolve(&copy.group, &names.groups).ok_or_else(|| {
        Error::new(format!("/etc/{}: there is no group '{}'", copy.path, copy.group))
    })?;
    files::own(&path, uid, gid)?;
    files::set_mode(&path, mode)
}

/// Removes links of earlier systems and copies that are wanted no more.
fn clean(etc: &Path, wanted: &BTreeSet<PathBuf>, copies: &BTreeSet<&str>) -> Result<()> {
    clean_links(etc, Path::new(""), wanted)?;
    let list = etc.join(COPIES);
    let before = files::read_text_if_there(&list)?.unwrap_or_default();
    for old in before.lines().filter(|old| !copies.contains(old)) {
        if !wanted.contains(Path::new(old)) {
            files::remove(&etc.join(old))?;
        }
    }
    let now: String = copies.iter().map(|name| format!("{name}\n")).collect();
    if now == before { Ok(()) } else { files::write_atomic(&list, now.as_bytes(), 0o644) }
}

fn clean_links(etc: &Path, place: &Path, wanted: &BTreeSet<PathBuf>) -> Result<()> {
    let folder = etc.join(place);
    for entry in files::entries(&folder)? {
        let below = place.join(entry.file_name());
        let path = entry.path();
        if path.is_symlink() {
            if leads_to_static(&path) && !wanted.contains(&below) {
                files::remove(&path)?;
            }
        } else if path.is_dir() {
            clean_links(etc, &below, wanted)?;
            if place.as_os_str().is_empty() && !wanted.iter().any(|w| w.starts_with(&below)) {
                let _ = fs::remove_dir(&path);
            }
        }
    }
    Ok(())
}
