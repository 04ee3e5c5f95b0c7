//! One build, from its locks to its registered outputs.

mod verdict;

use crate::cancel::Cancel;
use crate::copy::copy_tree;
use crate::drv_options::DrvOptions;
use crate::env::{BuilderEnv, EnvInputs, Rewrites, builder_env};
use crate::failure::{BuildFailure, FailureKind};
use crate::ids::{UserSlot, may_give_away};
use crate::log::{BuildLog, LogFile};
use crate::options::{BuildOptions, SandboxMode};
use crate::outputs::Finished;
use crate::run::{Bounds, run};
use crate::sandbox::{SandboxInputs, host_ids, is_open, specification};
use crate::scratch::Scratch;
use crate::sweeper::{Leftovers, Sweeper};
use firn_events::{Activity, Level, Outcome, Reporter, Span};
use firn_fetch::OPTIONS_FILE;
use firn_formats::{
    Derivation, DerivationType, Hash, HashAlgo, StorePath, StorePathSet, hash_placeholder,
    output_path_name,
};
use firn_sandbox::{Launcher, SandboxSpec};
use firn_store::{ARTEFACTS, BuildMode, Store, StoreError, StoreResult, closure};
use firn_store_disk::{LocalStore, PathLocks, delete_path};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What all builds of one request share.
pub struct Shared {
    /// Where results go.
    pub store: std::sync::Arc<LocalStore>,
    /// How builds run.
    pub options: BuildOptions,
    /// How a sandbox is started.
    pub launcher: Launcher,
    /// Where events go.
    pub reporter: Reporter,
    /// Switches that end everything: the caller's, and that of a failure elsewhere.
    pub cancel: Vec<Cancel>,
    /// Clears up.
    pub sweeper: Sweeper,
}

/// One derivation that is to be built now: all it needs is valid.
pub struct Job {
    /// The path by which it is known.
    pub drv_path: StorePath,
    /// The derivation, resolved.
    pub drv: Derivation,
    /// All store paths it needs, without their closures.
    pub inputs: StorePathSet,
    /// What to do.
    pub mode: BuildMode,
    /// Whether to show it as a fetch only.
    pub quiet: bool,
}

/// Outputs by name.
pub type Built = BTreeMap<String, StorePath>;

impl Shared {
    /// The folder of build folders.
    pub fn builds(&self) -> PathBuf {
        let default = || self.store.layout().state.join("builds");
        self.options.build_dir.clone().unwrap_or_else(default)
    }

    fn cancelled(&self) -> bool {
        self.cancel.iter().any(Cancel::is_cancelled)
    }

    /// Builds, or finds that another process has just done so.
    ///
    /// # Errors
    /// The failure, with a message for the user.
    pub fn build(&self, job: &Job) -> Result<Built, BuildFailure> {
        let store = |e: StoreError| BuildFailure::store(&job.drv_path, &e);
        let kind = job.drv.kind().map_err(|e| store(e.into()))?;
        let dir = self.store.store_dir();
        let options = DrvOptions::of(&job.drv, dir).map_err(|text| {
            let text = format!("while parsing derivation '{}': {text}", dir.display(&job.drv_path));
            BuildFailure::new(&job.drv_path, FailureKind::InputRejected, text)
        })?;
        if let Some(text) = &options.warning {
            self.reporter.message(firn_events::Level::Warning, text);
        }
        self.check_possible(job, &options)?;
        let known = job.drv.output_paths(dir).map_err(|e| store(e.into()))?;
        let locks = self.lock(job, &known)?;
        if job.mode == BuildMode::Normal
            && let Some(built) = self.already(&known).map_err(store)?
        {
            return Ok(built);
        }
        let slot = self.user_slot(job)?;
        let mut build = OneBuild { shared: self, job, kind, options, slot, scratch: None };
        let built = build.run(&known);
        let (scratch, slot) = (build.scratch.take(), build.slot.take());
        self.sweeper.sweep(Leftovers { scratch, slot, locks });
        built
    }

    fn check_possible(&self, job: &Job, options: &DrvOptions) -> Result<(), BuildFailure> {
        let shown = self.store.store_dir().display(&job.drv_path);
        let reject = |text| Err(BuildFailure::new(&job.drv_path, FailureKind::InputRejected, text));
        if options.no_chroot && self.options.sandbox == SandboxMode::Always {
            return reject(format!(
                "derivation '{shown}' has '__noChroot' set, but that's not allowed when 'sandbox' \
                 is '{}'",
                self.options.sandbox.text()
            ));
        }
        if let Some(path) = options.impure_host_deps.first() {
            return reject(format!(
                "derivation '{shown}' requested impure path '{path}', but it was not in \
                 allowed-impure-host-deps"
            ));
        }
        let platform = &job.drv.platform;
        let machine = &self.options;
        if *platform != machine.system
            && !machine.extra_platforms.contains(platform)
            && !job.drv.is_builtin()
        {
            return reject(format!(
                "Cannot build '{shown}'.\nReason: platform mismatch\nRequired system: \
                 '{platform}'\nCurrent system: '{}'",
                machine.system
            ));
        }
        let available = &machine.system_features;
        if !options.required_features.is_subset(available) {
            let list = |set: &std::collections::BTreeSet<String>| {
                set.iter().cloned().collect::<Vec<_>>().join(", ")
            };
            return reject(format!(
                "Cannot build '{shown}'.\nReason: missing system features\nRequired features: \
                 {{{}}}\nAvailable features: {{{}}}\nhelp: add what this machine really has to \
                 the setting 'system-features'",
                list(&options.required_features),
                list(available)
            ));
        }
        Ok(())
    }

    /// Locks the outputs, or the derivation where their paths are not known.
    fn lock(
        &self,
        job: &Job,
        known: &BTreeMap<String, Option<StorePath>>,
    ) -> Result<PathLocks, BuildFailure> {
        let store = |e: StoreError| BuildFailure::store(&job.drv_path, &e);
        let mut paths = Vec::new();
        for (name, path) in known {
            paths.push(match path {
                Some(path) => {
                    self.store.add_temp_root(path).map_err(store)?;
                    self.store.real_path(path)
                }
                None => self.store.layout().real_store.join(format!("{}.{name}", job.drv_path)),
            });
        }
        if let Some(locks) = PathLocks::try_take(&paths).map_err(store)? {
            return Ok(locks);
        }
        let what = format!("lock on '{}'", paths[0].display());
        let waiting = self.reporter.start(Activity::Wait { what });
        loop {
            if self.cancelled() {
                return Err(cancelled(&job.drv_path));
            }
            std::thread::sleep(Duration::from_millis(50));
            if let Some(locks) = PathLocks::try_take(&paths).map_err(store)? {
                waiting.stop(Outcome::Ok, None);
                return Ok(locks);
            }
        }
    }

    /// All outputs, if all are valid; what lies at invalid ones is removed.
    fn already(&self, known: &BTreeMap<String, Option<StorePath>>) -> StoreResult<Option<Built>> {
        let mut built = Built::new();
        for (name, path) in known {
            let Some(path) = path else { return Ok(None) };
            if self.store.is_valid(path)? {
                built.insert(name.clone(), path.clone());
            } else {
                delete_path(&self.store.real_path(path))?;
            }
        }
        Ok((built.len() == known.len()).then_some(built))
    }

    fn user_slot(&self, job: &Job) -> Result<Option<UserSlot>, BuildFailure> {
        if !may_give_away(self.options.start_id, self.options.id_count) {
            return Ok(None);
        }
        let state = &self.store.layout().state;
        loop {
            let slot = UserSlot::take(state, self.options.start_id, self.options.id_count)
                .map_err(|e| BuildFailure::store(&job.drv_path, &e))?;
            if slot.is_some() {
                return Ok(slot);
            }
            if self.cancelled() {
                return Err(cancelled(&job.drv_path));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// What a cancelled build gives.
pub fn cancelled(path: &StorePath) -> BuildFailure {
    BuildFailure::new(path, FailureKind::Cancelled, "interrupted")
}

struct OneBuild<'a> {
    shared: &'a Shared,
    job: &'a Job,
    kind: DerivationType,
    options: DrvOptions,
    slot: Option<UserSlot>,
    scratch: Option<Scratch>,
}

impl OneBuild<'_> {
    fn failure(&self, error: &StoreError) -> BuildFailure {
        BuildFailure::store(&self.job.drv_path, error)
    }

    fn shown(&self) -> String {
        self.shared.store.store_dir().display(&self.job.drv_path)
    }

    fn run(&mut self, known: &BTreeMap<String, Option<StorePath>>) -> Result<Built, BuildFailure> {
        let shared = self.shared;
        let job = self.job;
        let span = (!job.quiet).then(|| {
            shared.reporter.start(Activity::Build {
                drv: self.shown(),
                name: job.drv.name.clone(),
                check: job.mode == BuildMode::Check,
            })
        });
        let started = Instant::now();
        let result = self.run_reported(known, span.as_ref());
        if let Some(span) = span {
            let millis = u64::try_from(started.elapsed().as_millis()).ok();
            let outcome = match &result {
                Ok(_) => Outcome::Ok,
                Err(e) if e.kind == FailureKind::Cancelled => Outcome::Cancelled,
                Err(e) => Outcome::Failed {
                    message: e.message.lines().next().unwrap_or_default().to_owned(),
                },
            };
            span.stop(outcome, millis);
        }
        result
    }

    fn run_reported(
        &mut self,
        known: &BTreeMap<String, Option<StorePath>>,
        span: Option<&Span>,
    ) -> Result<Built, BuildFailure> {
        let shared = self.shared;
        let store = &*shared.store;
        let inputs = closure(store, &self.job.inputs).map_err(|e| self.failure(&e))?;
        let made = self.scratch_paths(known)?;
        let owner = self.slot.is_some().then(|| host_ids(self.slot.as_ref()));
        let mut scratch = Scratch::create(store, &shared.builds(), &self.job.drv_path, owner)
            .map_err(|e| self.failure(&e))?;
        let ended = self.execute(&inputs, &made, &scratch, owner, span);
        let registered = ended.and_then(|()| {
            let finished = Finished {
                store,
                drv_path: &self.job.drv_path,
                drv: &self.job.drv,
                options: &self.options,
                inputs: &inputs,
                made: &made,
                scratch: &scratch,
                builder: match self.options.requires("uid-range") {
                    true => None,
                    false => Some(host_ids(self.slot.as_ref()).0),
                },
                trusted: self.job.drv.is_builtin(),
                mode: self.job.mode,
                keep_failed: shared.options.keep_failed,
            };
            finished.register()
        });
        let registered = registered.and_then(|built| self.tell_hook(built));
        if registered.is_err() {
            let left = self.save_artefacts(&scratch);
            // Builtin builders may leave credentials behind; not those that leave artefacts.
            if shared.options.keep_failed && (left || !self.job.drv.is_builtin()) {
                self.keep(&mut scratch);
            }
        }
        self.scratch = Some(scratch);
        registered
    }

    /// Runs the program that wants to know of builds.
    fn tell_hook(&self, built: Built) -> Result<Built, BuildFailure> {
        let Some(hook) = &self.shared.options.post_build_hook else { return Ok(built) };
        let dir = self.shared.store.store_dir();
        let outputs: Vec<_> = built.values().map(|path| dir.display(path)).collect();
        hook.run(&self.shown(), &outputs, &self.shared.reporter)
            .map_err(|text| BuildFailure::new(&self.job.drv_path, FailureKind::Misc, text))?;
        Ok(built)
    }

    /// Copies what a failed builtin builder left for the user out of its folder; says whether there was
    /// something.
    fn save_artefacts(&self, scratch: &Scratch) -> bool {
        let from = scratch.build.join(ARTEFACTS);
        if !self.job.drv.is_builtin() || !from.is_dir() {
            return false;
        }
        let Some(all) = &self.shared.options.artefacts else { return true };
        let to = all.join(self.job.drv.name.as_str());
        let copied =
            std::fs::create_dir_all(all).and_then(|()| match std::fs::remove_dir_all(&to) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => copy_tree(&from, &to),
            });
        let (level, text) = match copied {
            Ok(()) => (Level::Info, format!("note: log and files are in '{}'", to.display())),
            Err(error) => (Level::Warning, format!("cannot keep '{}': {error}", from.display())),
        };
        self.shared.reporter.message(level, text);
        true
    }

    fn keep(&self, scratch: &mut Scratch) {
        let name = format!("{}.drv", self.job.drv.name);
        let kept = match self.is_open() {
            true => scratch.keep_in_place(),
            false => scratch.keep_build_folder(&name),
        };
        let (level, text) = match kept {
            Ok(path) => {
                (Level::Info, format!("note: keeping build directory '{}'", path.display()))
            }
            Err(e) => (Level::Warning, e.to_string()),
        };
        self.shared.reporter.message(level, text);
    }

    /// Where each output is made: at its own path if that is known, else at one that nothing can
    /// refer to.
    fn scratch_paths(
        &self,
        known: &BTreeMap<String, Option<StorePath>>,
    ) -> Result<BTreeMap<String, StorePath>, BuildFailure> {
        let dir = self.shared.store.store_dir();
        let mut made = BTreeMap::new();
        for (name, path) in known {
            let path = match path {
                Some(path) => Ok(path.clone()),
                None => dir.make_path(
                    &format!("rewrite:{}:name:{name}", self.job.drv_path),
                    &Hash::zero(HashAlgo::Sha256),
                    &output_path_name(&self.job.drv.name, name),
                ),
            };
            made.insert(name.clone(), path.map_err(|e| self.failure(&e.into()))?);
        }
        Ok(made)
    }

    fn execute(
        &self,
        inputs: &StorePathSet,
        made: &BTreeMap<String, StorePath>,
        scratch: &Scratch,
        owner: Option<(u32, u32)>,
        span: Option<&Span>,
    ) -> Result<(), BuildFailure> {
        let (options, store, drv) = (&self.shared.options, &*self.shared.store, &self.job.drv);
        let dir = store.store_dir();
        let rewrites =
            Rewrites::new(made.iter().map(|(n, p)| (hash_placeholder(n), dir.display(p))));
        let build_dir = self.build_dir(scratch).map_err(|e| self.failure(&e))?;
        self.check_build_dir(&build_dir)?;
        let env_inputs = EnvInputs {
            store,
            drv,
            options: &self.options,
            kind: self.kind,
            inputs,
            build_dir: &build_dir,
            cores: if options.cores == 0 { options.processors } else { options.cores },
            impure: &options.impure_env,
        };
        let env = builder_env(&env_inputs, &rewrites).map_err(|e| self.failure(&e))?;
        self.write_files(&env, scratch, owner).map_err(|e| self.failure(&e))?;
        let builder = String::from_utf8_lossy(drv.builder.as_ref());
        self.shared.reporter.message(Level::Debug, format!("executing builder '{builder}'"));
        let spec = specification(&SandboxInputs {
            store,
            options,
            drv,
            drv_options: &self.options,
            kind: self.kind,
            inputs,
            outputs: made,
            scratch,
            slot: self.slot.as_ref(),
            build_dir: &build_dir,
            env: &env,
            rewrites: &rewrites,
            reporter: span.map_or(&self.shared.reporter, Span::reporter),
        })
        .map_err(|e| self.failure(&e))?;
        self.run_builder(&spec, scratch, owner, span)
    }

    /// The store must not be seen inside of the build folder, where the builder could write to it.
    fn check_build_dir(&self, build_dir: &str) -> Result<(), BuildFailure> {
        let dir = self.shared.store.store_dir();
        if !Path::new(dir.as_str()).starts_with(build_dir) {
            return Ok(());
        }
        let text = format!(
            "`sandbox-build-dir` must not contain the storeDir: '{dir}' is in '{build_dir}'\nhelp: \
             set 'sandbox-build-dir' to another folder"
        );
        Err(BuildFailure::new(&self.job.drv_path, FailureKind::Permanent, text))
    }

    /// Writes the files that the builder's environment names into the build folder, and for
    /// `builtin:fetchurl` the options of transfers.
    fn write_files(
        &self,
        env: &BuilderEnv,
        scratch: &Scratch,
        owner: Option<(u32, u32)>,
    ) -> StoreResult<()> {
        for (name, contents) in &env.files {
            write_file(&scratch.build.join(name), contents, owner)?;
        }
        if self.job.drv.builtin_name() == Some("fetchurl") {
            let mut fetch = self.shared.options.fetch.clone();
            fetch.ca_file = fetch.ca_file.map(|_| "/etc/ssl/certs/ca-certificates.crt".into());
            let json = serde_json::to_vec(&fetch).unwrap_or_default();
            write_file(&scratch.build.join(OPTIONS_FILE), &json, owner)?;
        }
        Ok(())
    }

    /// Runs the builder in its sandbox to its end, keeps its log, and judges how it ended.
    fn run_builder(
        &self,
        spec: &SandboxSpec,
        scratch: &Scratch,
        owner: Option<(u32, u32)>,
        span: Option<&Span>,
    ) -> Result<(), BuildFailure> {
        let (shared, options) = (self.shared, &self.shared.options);
        let mut log = self.open_log(span)?;
        let bounds = Bounds {
            timeout: options.timeout,
            max_silent: options.max_silent_time,
            cancel: &shared.cancel,
        };
        let is_program = !self.job.drv.is_builtin();
        let ended = run(&shared.launcher, spec, is_program, owner, &bounds, |bytes| {
            log.bytes(bytes);
            Ok(options.max_log_size == 0 || log.size() <= options.max_log_size)
        });
        let tail = log.finish();
        let ended = ended.map_err(|e| {
            let text = format!("cannot build '{}': {e}", self.shown());
            BuildFailure::new(&self.job.drv_path, FailureKind::Transient, text)
        })?;
        self.judge(ended, &tail, scratch)
    }

    fn is_open(&self) -> bool {
        let (shared, drv) = (self.shared, &self.job.drv);
        is_open(&shared.store, &shared.options, drv, &self.options, self.kind)
    }

    /// Where the build folder is for the builder: a builder that sees this machine's files sees it where it
    /// lies, so that what it writes down of it can be found.
    fn build_dir(&self, scratch: &Scratch) -> StoreResult<String> {
        if !self.is_open() {
            return Ok(self.shared.options.sandbox_build_dir.clone());
        }
        scratch.open_way()?;
        Ok(scratch.build.to_string_lossy().into_owned())
    }

    fn open_log(&self, span: Option<&Span>) -> Result<BuildLog, BuildFailure> {
        let options = &self.shared.options;
        let folder = &self.shared.store.layout().log;
        let mut file = options
            .keep_log
            .then(|| LogFile::new(folder, &self.job.drv_path, options.compress_log));
        // Builtin builders say little; what says nothing needs no file.
        if let Some(file) = file.as_mut().filter(|_| !self.job.drv.is_builtin()) {
            file.open()
                .map_err(|e| self.failure(&StoreError::io("write the build log in", folder)(e)))?;
        }
        let reporter = span.map_or(&self.shared.reporter, Span::reporter);
        Ok(BuildLog::new(file, reporter, span.map(Span::id), options.log_lines))
    }
}

/// The list of output paths in error messages.
pub fn known_outputs(drv: &Derivation, store: &LocalStore) -> String {
    let dir = store.store_dir();
    let mut text = String::new();
    for path in drv.output_paths(dir).unwrap_or_default().into_values().flatten() {
        if text.is_empty() {
            text += "\nOutput paths:";
        }
        text += &format!("\n  {}", dir.display(&path));
    }
    text
}

fn write_file(path: &Path, contents: &[u8], owner: Option<(u32, u32)>) -> StoreResult<()> {
    let secret = path.file_name().is_some_and(|name| name == OPTIONS_FILE);
    let mode = if secret { 0o600 } else { 0o644 };
    let mut open = OpenOptions::new();
    let file = open.write(true).create_new(true).mode(mode).open(path);
    let mut file = file.map_err(StoreError::io("create", path))?;
    file.write_all(contents).map_err(StoreError::io("write", path))?;
    match owner {
        Some((uid, gid)) => {
            fchown(&file, Some(uid), Some(gid)).map_err(StoreError::io("give away the file", path))
        }
        None => Ok(()),
    }
}
