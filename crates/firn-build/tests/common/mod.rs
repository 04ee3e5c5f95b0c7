//! A store of its own for each test, derivations in few words, and a way to run everything again
//! as an ordinary user.
#![allow(dead_code)]

use firn_build::{BuildFailures, BuildOptions, Builder, Cancel};
use firn_events::{Collect, Event, Level, Reporter};
use firn_formats::{
    ContentAddress, ContentAddressMethod, Derivation, DerivationOutput, DerivedPath, Hash,
    HashAlgo, InputNode, ModuloMemo, OutputsSpec, StoreDir, StorePath, StorePathSet,
    hash_placeholder,
};
use firn_sandbox::Launcher;
use firn_store::{BuildMode, Content, Store, StoreError, add_text};
use firn_store_disk::{Layout, LocalStore, StoreOptions};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The probe, copied to where every user can run it.
pub fn probe() -> PathBuf {
    match std::env::var_os("FIRN_TEST_PROBE") {
        Some(path) => path.into(),
        None => env!("CARGO_BIN_EXE_firn-build-probe").into(),
    }
}

pub struct World {
    pub dir: tempfile::TempDir,
    pub store: Arc<LocalStore>,
    pub options: BuildOptions,
    pub sink: Arc<Collect>,
    pub cancel: Cancel,
    /// The probe as a store path.
    pub probe: StorePath,
}

/// A derivation that is described step by step.
pub struct Drv<'a> {
    world: &'a World,
    pub drv: Derivation,
}

impl Drop for World {
    /// Objects are read-only, so an ordinary user can't just remove their folder.
    fn drop(&mut self) {
        let _ = firn_store_disk::delete_path(self.dir.path());
    }
}

impl World {
    pub fn new() -> World {
        World::below(Path::new("/tmp"))
    }

    /// With its store in a new folder below `parent`.
    pub fn below(parent: &Path) -> World {
        let dir = tempfile::tempdir_in(parent).unwrap();
        let layout = Layout::chroot(dir.path());
        World::with(dir, layout)
    }

    /// With a store that builds see where it is, in a new folder below `parent`.
    pub fn in_place(parent: &Path) -> World {
        let dir = tempfile::tempdir_in(parent).unwrap();
        let real_store = dir.path().join("store");
        let store_dir = StoreDir::new(&real_store.to_string_lossy()).unwrap();
        let (state, log) = (dir.path().join("state"), dir.path().join("log"));
        World::with(dir, Layout { store_dir, real_store, state, log })
    }

    fn with(dir: tempfile::TempDir, layout: Layout) -> World {
        let store = LocalStore::open(layout, StoreOptions::default()).unwrap();
        let method = ContentAddressMethod::Nar;
        let none = StorePathSet::new();
        let probe =
            store.add("probe", Content::Tree(&probe()), method, HashAlgo::Sha256, &none).unwrap();
        World {
            dir,
            store: Arc::new(store),
            options: BuildOptions { max_jobs: Some(2), ..BuildOptions::default() },
            sink: Arc::default(),
            cancel: Cancel::new().unwrap(),
            probe,
        }
    }

    pub fn show(&self, path: &StorePath) -> String {
        self.store.store_dir().display(path)
    }

    /// A derivation built by the probe with these statements, and an input-addressed `out`.
    pub fn drv(&self, name: &str, statements: &[&str]) -> Drv<'_> {
        let drv = Derivation {
            name: name.into(),
            outputs: [("out".to_owned(), DerivationOutput::Deferred)].into(),
            input_srcs: [self.probe.clone()].into(),
            platform: self.options.system.clone(),
            builder: self.show(&self.probe).into_bytes(),
            args: statements.iter().map(|s| s.as_bytes().to_vec()).collect(),
            ..Derivation::default()
        };
        Drv { world: self, drv }
    }

    pub fn builder(&self) -> Builder {
        Builder {
            store: self.store.clone(),
            options: self.options.clone(),
            launcher: Launcher { program: probe(), args: vec!["__sandbox".into()] },
            reporter: Reporter::new(self.sink.clone()),
            substituter: None,
            cancel: self.cancel.clone(),
        }
    }

    /// Builds all outputs of one derivation.
    pub fn build(&self, drv: &StorePath) -> Result<BTreeMap<String, StorePath>, BuildFailures> {
        self.build_mode(drv, BuildMode::Normal)
    }

    pub fn build_mode(
        &self,
        drv: &StorePath,
        mode: BuildMode,
    ) -> Result<BTreeMap<String, StorePath>, BuildFailures> {
        let wanted = DerivedPath::built(drv.clone(), OutputsSpec::All);
        let result = self.builder().build(&[wanted], mode);
        assert_eq!(self.leftovers(), Vec::<String>::new());
        result.map(|mut all| all.remove(0).outputs)
    }

    /// The contents of a file of an output.
    pub fn read(&self, path: &StorePath, inner: &str) -> String {
        String::from_utf8(self.store.read_file(path, inner).unwrap()).unwrap()
    }

    /// What is said to people who did not ask for more.
    pub fn messages(&self) -> Vec<String> {
        let text = |event| match event {
            Event::Message { level: Level::Debug, .. } => None,
            Event::Message { text, .. } => Some(text),
            _ => None,
        };
        self.sink.take().into_iter().filter_map(text).collect()
    }

    /// Folders that a build should have removed.
    pub fn leftovers(&self) -> Vec<String> {
        let layout = self.store.layout();
        let names = |dir: &Path| -> Vec<String> {
            let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
            entries.map(|e| e.file_name().into_string().unwrap()).collect()
        };
        let mut left = names(&layout.state.join("builds"));
        left.retain(|name| !name.starts_with("nix-build-"));
        left.extend(names(&layout.real_store).into_iter().filter(|n| n.ends_with(".chroot")));
        left
    }
}

impl Drv<'_> {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.drv.env.insert(name.into(), value.into());
        self
    }

    pub fn builtin(mut self, name: &str) -> Self {
        self.drv.builder = format!("builtin:{name}").into_bytes();
        self
    }

    pub fn outputs(mut self, names: &[&str]) -> Self {
        self.drv.outputs =
            names.iter().map(|n| ((*n).to_owned(), DerivationOutput::Deferred)).collect();
        self
    }

    pub fn input(mut self, drv: &StorePath, output: &str) -> Self {
        let node: &mut InputNode = self.drv.input_drvs.entry(drv.clone()).or_default();
        node.outputs.insert(output.to_owned());
        self
    }

    pub fn source(mut self, path: &StorePath) -> Self {
        self.drv.input_srcs.insert(path.clone());
        self
    }

    pub fn fixed(mut self, method: ContentAddressMethod, hash: Hash) -> Self {
        let mode = if method == ContentAddressMethod::Flat { "flat" } else { "recursive" };
        let attrs = [
            ("outputHash", hash.base16()),
            ("outputHashAlgo", hash.algo().to_string()),
            ("outputHashMode", mode.to_owned()),
        ];
        for (name, value) in attrs {
            self = self.env(name, &value);
        }
        let output = DerivationOutput::Fixed(ContentAddress { method, hash });
        self.drv.outputs = [("out".to_owned(), output)].into();
        self
    }

    pub fn floating(mut self) -> Self {
        let output = DerivationOutput::Floating {
            method: ContentAddressMethod::Nar,
            algo: HashAlgo::Sha256,
        };
        for (name, kind) in &mut self.drv.outputs {
            *kind = output.clone();
            self.drv.env.insert(name.clone().into_bytes(), hash_placeholder(name).into_bytes());
        }
        self
    }

    /// Writes it to the store, with its output paths filled in.
    pub fn add(mut self) -> StorePath {
        let store = &self.world.store;
        let mut memo = ModuloMemo::new();
        let mut load = |path: &StorePath| store.read_derivation(path);
        let mut lookup = |path: &StorePath| -> Result<_, StoreError> {
            memo.of(store.store_dir(), path, &mut load)
        };
        self.drv.fill_outputs(store.store_dir(), &mut lookup).unwrap();
        let text = self.drv.to_aterm(store.store_dir()).unwrap();
        let name = format!("{}.drv", self.drv.name);
        add_text(&**store, &name, &text, &self.drv.references()).unwrap()
    }
}

/// Runs the named tests of this test program again as nobody.
pub fn again_as_nobody() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    if !rustix::process::geteuid().is_root() || std::env::var_os("FIRN_TEST_PROBE").is_some() {
        return;
    }
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(dir.path(), open).unwrap();
    let copy = |from: &Path, name: &str| {
        let to = dir.path().join(name);
        std::fs::copy(from, &to).unwrap();
        to
    };
    let tests = copy(&std::env::current_exe().unwrap(), "tests");
    let probe = copy(&probe(), "probe");
    let status = std::process::Command::new(tests)
        .env_clear()
        .env("FIRN_TEST_PROBE", probe)
        .current_dir("/")
        .uid(65534)
        .gid(65534)
        .status()
        .unwrap();
    assert!(status.success());
}
