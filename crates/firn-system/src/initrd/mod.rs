//! `builtin:initrd`: the initial file system of a machine, an uncompressed cpio archive.
//!
//! There are two kinds. One holds the program as `/init`, kernel modules, and a plan for
//! [`crate::stage1`]: it boots fastest. The other one (`systemd` in the plan) has the service manager
//! as `/init`, with units, programs and kernel modules where the machine itself would have them.
//!
//! Attributes: `program` (the static program), `plan` (JSON, see [`Request`]), `kernelModules` and
//! `extraModules` (folders like `/lib/modules`).

pub mod contents;
pub mod cpio;
pub mod modules;
pub mod plan;
mod systemd;

use crate::{Error, Result, files, tree};
use contents::Collector;
use cpio::Archive;
use firn_store::{BuiltinBuilder, BuiltinJob};
use modules::Index;
use plan::{Loadable, Mount, Plan};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What the machine's configuration asks for.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub struct Request {
    /// Names of modules that are always loaded.
    pub modules: Vec<String>,
    /// Names of modules that are loaded when their device is found.
    pub available: Vec<String>,
    /// File systems, in the order of mounting.
    pub mounts: Vec<Mount>,
    /// Whether it says what it does.
    pub verbose: bool,
    /// The program that formats empty devices, when one may have to be.
    pub formatter: Option<PathBuf>,
    /// The program that checks file systems, when one is to be checked.
    pub checker: Option<PathBuf>,
    /// Whether modules come without their signatures, which take the kernel time to verify.
    pub unsigned: bool,
    /// Further files by path.
    pub files: BTreeMap<String, PathBuf>,
    /// What an initial file system with the service manager consists of.
    pub systemd: Option<systemd::Contents>,
}

/// The builder.
#[derive(Debug, Default, Clone, Copy)]
pub struct InitrdBuilder;

impl BuiltinBuilder for InitrdBuilder {
    fn name(&self) -> &'static str {
        "initrd"
    }

    fn build(&self, job: &BuiltinJob) -> Result<(), String> {
        let request: Request = serde_json::from_str(job.require("plan")?).map_err(|err| {
            format!("the attribute 'plan' is no plan of an initial file system: {err}")
        })?;
        let extra = job.text("extraModules").unwrap_or_default();
        let folders: Vec<PathBuf> = std::iter::once(job.require("kernelModules")?)
            .chain(extra.split_whitespace())
            .map(PathBuf::from)
            .collect();
        let program = Path::new(job.require("program")?);
        let out = tree::output(job)?;
        match &request.systemd {
            None => build(&request, &folders, program, &job.store_dir, out),
            Some(contents) => systemd::build(&request, contents, &folders, &job.store_dir, out),
        }
        .map_err(|err| err.to_string())
    }
}

/// Makes `out/initrd`.
///
/// # Errors
/// When the program or a module can't be read, or the archive can't be written.
pub fn build(
    request: &Request,
    folders: &[PathBuf],
    program: &Path,
    store: &str,
    out: &Path,
) -> Result<()> {
    let index = Index::of(folders)?;
    let mut archive = Archive::new();
    for folder in ["dev", "proc", "run", "sys", "sysroot", "modules", "etc"] {
        archive.folder(folder, 0o755);
    }
    archive.device("dev/console", 0o600, 5, 1);
    let mut shipped = Shipped::default();
    let modules = shipped.always(&index, &request.modules)?;
    let available = shipped.available(&index, &request.available)?;
    for (name, path) in &shipped.files {
        let file = read(path)?;
        let shipped = if request.unsigned { modules::without_signature(&file) } else { &file };
        archive.file(&format!("modules/{name}"), 0o444, shipped);
    }
    let plan = Plan {
        modules,
        available,
        mounts: request.mounts.clone(),
        verbose: request.verbose,
        formatter: request.formatter.clone(),
        checker: request.checker.clone(),
        program: program.to_owned(),
    };
    let programs: Vec<_> = request.formatter.iter().chain(&request.checker).collect();
    if !programs.is_empty() {
        let mut collector = Collector::new(&mut archive, Path::new(store));
        programs.into_iter().for_each(|program| collector.add(program));
        collector.finish()?;
    }
    let text = serde_json::to_string(&plan).map_err(|err| Error::new(err.to_string()))?;
    archive.file("initrd.json", 0o444, text.as_bytes());
    archive.file("etc/initrd-release", 0o444, b"NAME=firn\nID=firn\n");
    for (place, source) in &request.files {
        archive.file(place.trim_start_matches('/'), 0o444, &read(source)?);
    }
    archive.file("init", 0o555, &read(program)?);
    write(archive, out)
}

fn write(archive: Archive, out: &Path) -> Result<()> {
    files::make_folder(out)?;
    let path = out.join("initrd");
    fs::write(&path, archive.finish()).map_err(|err| Error::io("write", &path, &err))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|err| Error::io("read", path, &err))
}

/// Modules that go into the archive, by file name.
#[derive(Default)]
struct Shipped {
    files: BTreeMap<String, PathBuf>,
}

impl Shipped {
    /// Files of the modules and what they depend on, in the order of loading.
    fn closure(&mut self, index: &Index, name: &str) -> Result<Vec<String>> {
        let mut order = Vec::new();
        for path in index.with_dependencies(name)? {
            let file =
                path.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
            self.files.insert(file.clone(), path);
            order.push(file);
        }
        Ok(order)
    }

    fn always(&mut self, index: &Index, names: &[String]) -> Result<Vec<String>> {
        let mut order: Vec<String> = Vec::new();
        for name in names {
            if !index.knows(name) {
                eprintln!("warning: the kernel has no module '{name}'");
            }
            for file in self.closure(index, name)? {
                if !order.contains(&file) {
                    order.push(file);
                }
            }
        }
        Ok(order)
    }

    fn available(&mut self, index: &Index, names: &[String]) -> Result<Vec<Loadable>> {
        let mut found = Vec::new();
        for name in names {
            let files = self.closure(index, name)?;
            let Some(path) = index.path(name) else { continue };
            let aliases = modules::Info::read(path)?.aliases;
            found.push(Loadable { files, aliases });
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_archive_without_modules_is_made() {
        let scratch = tempfile::tempdir().unwrap();
        let program = scratch.path().join("program");
        fs::write(&program, "P").unwrap();
        let modules = scratch.path().join("modules");
        fs::create_dir(&modules).unwrap();
        let request: Request = serde_json::from_str(
            r#"{"modules": ["absent"], "mounts": [{"device": "tmpfs", "mountPoint": "/",
                "fsType": "tmpfs", "options": ["defaults"]}]}"#,
        )
        .unwrap();
        let out = scratch.path().join("out");
        build(&request, &[modules], &program, "/nix/store", &out).unwrap();
        let bytes = fs::read(out.join("initrd")).unwrap();
        assert!(bytes.starts_with(b"070701"));
        assert_eq!(bytes.len() % 4, 0);
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("TRAILER!!!") && text.contains(r#""fsType":"tmpfs""#));
    }
}
