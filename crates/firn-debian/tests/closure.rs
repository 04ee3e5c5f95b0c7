//! End to end: packages of the committed lock, fetched from the machine's mirror, run with nothing
//! but each other, and no library of theirs is found outside.
//!
//! Needs the network. Without it the test fails if `FIRN_REQUIRE_E2E` is set, else it says that it
//! was skipped.
#![allow(clippy::unwrap_used)]

use firn_debian::closure::StoreDir;
use firn_debian::elf::Elf;
use firn_debian::lock::Lock;
use firn_debian::{layout, relocate};
use firn_events::{Activity, Null, Reporter};
use firn_fetch::{FetchOptions, Fetcher, mirrors};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

struct World {
    folder: tempfile::TempDir,
    lock: Lock,
    fetcher: Fetcher,
    made: Vec<String>,
}

impl World {
    fn new() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nix/pkgs/debian/lock.json");
        let options = FetchOptions {
            debian_mirrors: mirrors::bases(&[], Path::new("/etc/apt")),
            attempts: 2,
            ..FetchOptions::default()
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            lock: Lock::parse(&fs::read_to_string(file).unwrap()).unwrap(),
            fetcher: Fetcher::new(options),
            made: Vec::new(),
        }
    }

    fn needs(&self, name: &str) -> Vec<String> {
        let mut needs = self.lock.groups[name].needs.clone();
        // As the distribution does it: what all may use, but for what those need themselves.
        let inner = ["glibc", "libtinfo6", "libcrypt1"];
        if !inner.contains(&name) {
            let before = self.lock.implicit.iter().take_while(|i| *i != name);
            needs.extend(before.cloned());
        }
        needs
    }

    fn closure(&self, name: &str) -> Vec<String> {
        let mut queue = VecDeque::from(self.needs(name));
        let mut seen = Vec::new();
        while let Some(next) = queue.pop_front() {
            if next != name && !seen.contains(&next) {
                queue.extend(self.needs(&next));
                seen.push(next);
            }
        }
        seen
    }

    fn dir(&self, name: &str) -> StoreDir {
        let dir = self.folder.path().join(name);
        StoreDir { path: dir.to_str().unwrap().to_owned(), dir }
    }

    fn fetch(&self, path: &str, size: u64) -> Result<PathBuf, String> {
        let file = self.folder.path().join(layout::base(path));
        let mut to =
            File::options().create(true).truncate(true).read(true).write(true).open(&file).unwrap();
        let url = format!("mirror://debian/{path}");
        let activity = Activity::Fetch { url: url.clone(), name: path.to_owned() };
        let span = Reporter::new(Arc::new(Null)).start(activity);
        self.fetcher.fetch(&url, &mut to, &span).map_err(|err| err.to_string())?;
        assert_eq!(fs::metadata(&file).unwrap().len(), size, "{path}");
        Ok(file)
    }

    fn make(&mut self, name: &str) -> Result<(), String> {
        if self.made.iter().any(|made| made == name) {
            return Ok(());
        }
        let closure = self.closure(name);
        for need in &closure {
            self.make(need)?;
        }
        let group = self.lock.groups[name].clone();
        let debs = group.debs.iter().map(|deb| self.fetch(&deb.2, deb.4));
        let summary = relocate::build(&relocate::Job {
            debs: debs.collect::<Result<_, _>>()?,
            out: self.dir(name),
            dependencies: closure.iter().map(|need| self.dir(need)).collect(),
            links: group.links,
            run_programs: true,
        })
        .unwrap();
        assert_eq!(summary.malformed, [], "{name}");
        assert_eq!(summary.missing, [], "{name}");
        self.made.push(name.to_owned());
        Ok(())
    }

    fn run(&self, group: &str, program: &str, args: &[&str]) -> String {
        let output =
            Command::new(self.dir(group).dir.join(program)).args(args).env_clear().output();
        let output = output.unwrap();
        assert!(output.status.success(), "{program}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Asks the dynamic linker where it finds what a file needs.
    fn check_libraries(&self, file: &Path) {
        let linker = self.dir("glibc").dir.join(layout::LINKER);
        let output = Command::new(linker)
            .args(["--inhibit-cache", "--list"])
            .arg(file)
            .env_clear()
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {output:?}", file.display());
        for line in text.lines() {
            if let Some((_, found)) = line.split_once(" => ") {
                let inside = found.starts_with(self.folder.path().to_str().unwrap());
                assert!(inside, "{}: {line}", file.display());
            }
        }
    }
}

fn programs(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            programs(&entry.path(), found);
        } else if kind.is_file() && !entry.path().ends_with(layout::LINKER) {
            let data = fs::read(entry.path()).unwrap();
            if let Ok(Some(elf)) = Elf::parse(&data)
                && elf.dynamic.is_some()
                && !elf.needed().is_empty()
            {
                found.push(entry.path());
            }
        }
    }
}

#[test]
fn a_closure_runs_with_nothing_but_itself() {
    let mut world = World::new();
    for name in ["curl", "python3", "perl-base"] {
        if let Err(reason) = world.make(name) {
            assert!(std::env::var_os("FIRN_REQUIRE_E2E").is_none(), "{reason}");
            eprintln!("skipped: {reason}");
            return;
        }
    }
    let mut files = Vec::new();
    for name in &world.made {
        programs(&world.dir(name).dir, &mut files);
    }
    assert!(files.len() > 200, "{}", files.len());
    for file in files {
        world.check_libraries(&file);
    }
    assert!(world.run("curl", "bin/curl", &["--version"]).contains("https"));
    assert_eq!(world.run("bash", "bin/sh", &["-c", "echo $((6 * 7))"]), "42\n");
    let script = "import http.server, ssl, sqlite3, ctypes; print(http.server.__cached__)";
    let cached = world.run("python3", "bin/python3", &["-c", script]);
    assert!(Path::new(cached.trim()).exists(), "{cached} was compiled beforehand");
}
