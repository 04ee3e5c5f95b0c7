//! The builtin builders `builtin:debian` and `builtin:debian-usr`.

use crate::closure::StoreDir;
use crate::relocate::{self, Job, Summary};
use crate::usr::{self, Usr};
use firn_store::{BuiltinBuilder, BuiltinJob};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Version of what the builders do. Derivations carry it as `relocation`, so that their output
/// paths change when the builders' results do.
pub const RELOCATION: &str = "2";

/// `builtin:debian`: unpacks and relocates the packages of one group.
///
/// Attributes: `debs` (the packages), `dependencies` (store paths of all groups that it may
/// point into, nearest first), `links` (symlinks to add, an object), `relocation` ([`RELOCATION`]).
#[derive(Debug, Default, Clone, Copy)]
pub struct DebianBuilder;

impl BuiltinBuilder for DebianBuilder {
    fn name(&self) -> &'static str {
        "debian"
    }

    fn build(&self, job: &BuiltinJob) -> Result<(), String> {
        check_version(job)?;
        let out = output(job)?;
        let summary = relocate::build(&Job {
            debs: list(job, "debs")?.into_iter().map(PathBuf::from).collect(),
            out: StoreDir { path: out.display().to_string(), dir: out },
            dependencies: list(job, "dependencies")?.into_iter().map(StoreDir::real).collect(),
            links: links(job)?,
            run_programs: true,
        })
        .map_err(|err| err.to_string())?;
        report(&summary);
        Ok(())
    }
}

/// `builtin:debian-usr`: the merged `/usr` of a system.
///
/// Attributes: `paths` (store paths), `wrappers` (names of programs with privileges),
/// `osRelease` (text), `links` (symlinks to add, an object), `relocation`.
#[derive(Debug, Default, Clone, Copy)]
pub struct DebianUsrBuilder;

impl BuiltinBuilder for DebianUsrBuilder {
    fn name(&self) -> &'static str {
        "debian-usr"
    }

    fn build(&self, job: &BuiltinJob) -> Result<(), String> {
        check_version(job)?;
        let usr = Usr {
            paths: list(job, "paths")?.into_iter().map(PathBuf::from).collect(),
            wrappers: list(job, "wrappers")?,
            links: links(job)?,
            os_release: job.text("osRelease").filter(|text| !text.is_empty()).map(str::to_owned),
        };
        let collisions = usr::build(&usr, &output(job)?).map_err(|err| err.to_string())?;
        for place in collisions {
            eprintln!("more than one package has '{place}'; the first one is used");
        }
        Ok(())
    }
}

fn check_version(job: &BuiltinJob) -> Result<(), String> {
    match job.require("relocation")? {
        RELOCATION => Ok(()),
        other => Err(format!(
            "derivation '{}' wants version {other} of builtin:{}, this program has {RELOCATION}; \
             use the distribution that belongs to the program",
            job.name, job.builder
        )),
    }
}

fn output(job: &BuiltinJob) -> Result<PathBuf, String> {
    job.outputs
        .get("out")
        .cloned()
        .ok_or_else(|| format!("derivation '{}' has no output 'out'", job.name))
}

/// An attribute that is a list of words; absent means empty.
fn list(job: &BuiltinJob, name: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("attribute '{name}' of derivation '{}' is no list of strings", job.name);
    let Some(attrs) = &job.structured_attrs else {
        let words = job.text(name).unwrap_or_default().split_whitespace();
        return Ok(words.map(str::to_owned).collect());
    };
    let Some(value) = attrs.get(name) else { return Ok(Vec::new()) };
    let items = value.as_array().ok_or_else(wrong)?;
    items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

/// The attribute `links`: an object of texts. Only structured attributes can hold it.
fn links(job: &BuiltinJob) -> Result<BTreeMap<String, String>, String> {
    let Some(value) = job.structured_attrs.as_ref().and_then(|attrs| attrs.get("links")) else {
        return Ok(BTreeMap::new());
    };
    serde_json::from_value(value.clone())
        .map_err(|err| format!("attribute 'links' of derivation '{}' is wrong: {err}", job.name))
}

fn report(summary: &Summary) {
    eprintln!(
        "{} files, {} programs and libraries and {} scripts relocated",
        summary.files, summary.elf, summary.scripts
    );
    for (place, name) in &summary.missing {
        eprintln!("warning: {place} needs {name}, which no dependency has");
    }
    for (place, reason) in &summary.malformed {
        eprintln!("warning: {place} stays as it is: {reason}");
    }
}
