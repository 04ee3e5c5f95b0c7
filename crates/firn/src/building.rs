//! Putting the builder together: store, sandbox helper, builtin builders.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use firn_build::{
    BuildFailures, BuildOptions, Builder, Cancel, FailureKind, PostBuildHook, SandboxMode,
    SandboxPath, ShellCommand,
};
use firn_formats::{DerivedPath, OutputsSpec, SingleDerivedPath, StorePath};
use firn_settings::Settings;
use firn_store::{BuildMode, BuiltinBuilder, Realise, Realised, Store, StoreError, StoreResult};
use firn_store_disk::LocalStore;

use crate::context::Context;
use crate::exit::Failure;

/// The builders that derivations reach as `builtin:NAME` (ARCHITECTURE.md, "Builtin builders").
static BUILTINS: &[&dyn BuiltinBuilder] = &[
    &firn_build::BuildEnv,
    &firn_build::Lacking,
    &firn_debian::builders::DebianBuilder,
    &firn_debian::builders::DebianUsrBuilder,
    &firn_fetch::FetchUrl,
    &firn_system::initrd::InitrdBuilder,
    &firn_system::bootloader::grub::image::GrubFolderBuilder,
    &firn_system::bootloader::image::EspImageBuilder,
    &firn_system::tree::TreeBuilder,
    &firn_system::units::UnitsBuilder,
    &firn_testdriver::NixosTest,
    &firn_testdriver::SavedBootBuilder,
    &firn_testdriver::StoreImage,
];

/// `firn __sandbox`: the helper process of the sandbox.
pub fn sandbox_helper(_arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    firn_build::sandbox_helper(BUILTINS)
}

/// Who builds into a store on disk.
///
/// # Errors
/// A setting can't be read, or descriptors run out.
pub fn realiser(context: &Context, store: Arc<LocalStore>) -> Result<Arc<dyn Realise>, Failure> {
    Ok(Arc::new(builder(context, store)?))
}

/// The same, for what only a builder can do.
///
/// # Errors
/// A setting can't be read, or descriptors run out.
pub fn builder(context: &Context, store: Arc<LocalStore>) -> Result<Builder, Failure> {
    let cancel = Cancel::new()?;
    throw_when(context.interrupted.clone(), cancel.clone());
    Ok(Builder {
        store,
        options: options(context)?,
        launcher: firn_sandbox::Launcher::default(),
        reporter: context.reporter.clone(),
        substituter: None,
        cancel,
    })
}

/// Throws the switch of builds once the user asks to stop.
fn throw_when(interrupted: Arc<AtomicBool>, cancel: Cancel) {
    // The signal handler can only set a flag; builds wait for a descriptor.
    std::thread::spawn(move || {
        while !interrupted.load(Ordering::Relaxed) {
            std::thread::park_timeout(Duration::from_millis(50));
        }
        cancel.cancel();
    });
}

fn options(context: &Context) -> Result<BuildOptions, Failure> {
    let settings = &context.effective_settings()?;
    let defaults = BuildOptions::default();
    let count = |name: &str| usize::try_from(settings.number(name)).unwrap_or(usize::MAX);
    let sandbox_paths =
        settings.list("sandbox-paths").map(SandboxPath::parse).collect::<Result<_, _>>();
    Ok(BuildOptions {
        max_jobs: match settings.text("max-jobs") {
            "auto" => None,
            _ => Some(count("max-jobs")),
        },
        max_memory: match settings.text("max-build-memory") {
            "auto" => None,
            _ => Some(settings.number("max-build-memory")),
        },
        cores: count("cores"),
        keep_failed: settings.flag("keep-failed"),
        artefacts: Some(context.environment.cache.join("failed")),
        keep_going: settings.flag("keep-going"),
        keep_log: settings.flag("keep-build-log"),
        compress_log: settings.flag("compress-build-log"),
        // What was shown as it came is not shown again.
        log_lines: if context.display.shows_builds() { 0 } else { count("log-lines") },
        max_log_size: settings.number("max-build-log-size"),
        timeout: settings.number("timeout"),
        max_silent_time: settings.number("max-silent-time"),
        sandbox: SandboxMode::parse(settings.text("sandbox")),
        sandbox_paths: sandbox_paths
            .map_err(|error: String| Failure::new(format!("error: {error}")))?,
        shell: Some(shell(context, settings)),
        sandbox_dev_shm_size: settings.text("sandbox-dev-shm-size").to_owned(),
        sandbox_build_dir: settings.text("sandbox-build-dir").to_owned(),
        system: settings.text("system").to_owned(),
        extra_platforms: settings.list("extra-platforms").map(str::to_owned).collect(),
        system_features: settings.list("system-features").map(str::to_owned).collect(),
        substitute: settings.flag("substitute"),
        fallback: settings.flag("fallback"),
        fetch: context.fetch_options(),
        impure_env: impure_env(context),
        post_build_hook: post_build_hook(context, settings),
        build_dir: Some(settings.text("build-dir")).filter(|dir| !dir.is_empty()).map(Into::into),
        ..defaults
    })
}

/// The program of the setting `post-build-hook`, which finds all settings in its environment.
fn post_build_hook(context: &Context, settings: &Settings) -> Option<PostBuildHook> {
    let program = Some(settings.text("post-build-hook")).filter(|text| !text.is_empty())?;
    let environment = environment_with(context, settings);
    Some(PostBuildHook { program: program.into(), environment })
}

/// The distribution's own shell, by another process of this program.
fn shell(context: &Context, settings: &Settings) -> ShellCommand {
    let arguments = ["build", "base#busybox", "--no-link", "--print-out-paths"];
    let environment = environment_with(context, settings);
    ShellCommand::new("/proc/self/exe".into(), &arguments, environment, "bin/busybox")
}

/// The process environment with all settings in it, for programs that act for this one.
fn environment_with(context: &Context, settings: &Settings) -> BTreeMap<String, String> {
    let mut environment = text_variables(context);
    let lines = settings.all().map(|(setting, value)| format!("{} = {value}\n", setting.name));
    environment.insert("NIX_CONFIG".to_owned(), lines.collect());
    environment
}

/// The variables of the process whose values are text.
fn text_variables(context: &Context) -> BTreeMap<String, String> {
    let variables = context.variables().into_iter();
    variables.filter_map(|(name, value)| Some((name, String::from_utf8(value).ok()?))).collect()
}

/// The process environment, over which the setting `impure-env` is laid.
fn impure_env(context: &Context) -> BTreeMap<String, String> {
    let mut env = text_variables(context);
    for pair in context.settings.list("impure-env") {
        if let Some((name, value)) = pair.split_once('=') {
            env.insert(name.to_owned(), value.to_owned());
        }
    }
    env
}

/// A failed build as the program's failure.
pub fn failure(error: StoreError) -> Failure {
    let status = match &error {
        StoreError::Callback(cause) => cause
            .downcast_ref::<firn_build::BuildFailures>()
            .map(firn_build::BuildFailures::exit_status),
        _ => None,
    };
    Failure::new(format!("error: {error}")).of_build(status.unwrap_or(1))
}

/// Builds what is missing, then builds again what was there, and compares.
pub fn rebuild(
    realiser: &dyn Realise,
    store: &dyn Store,
    wanted: &[DerivedPath],
) -> StoreResult<Vec<Realised>> {
    let mut present = Vec::new();
    for path in wanted {
        if is_built(store, path)? {
            present.push(path.clone());
        }
    }
    realiser.realise(wanted, BuildMode::Normal)?;
    realiser.realise(&present, BuildMode::Check)
}

/// As [`rebuild`], for tests: whether they pass counts, not whether pictures and times in their outputs are
/// the same again.
pub fn run_again(
    realiser: &dyn Realise,
    store: &dyn Store,
    wanted: &[DerivedPath],
) -> StoreResult<()> {
    match rebuild(realiser, store, wanted) {
        Err(StoreError::Callback(cause))
            if cause.downcast_ref::<BuildFailures>().is_some_and(only_differences) =>
        {
            Ok(())
        }
        result => result.map(drop),
    }
}

fn only_differences(failures: &BuildFailures) -> bool {
    failures.0.iter().all(|failure| failure.kind == FailureKind::NotDeterministic)
}

fn is_built(store: &dyn Store, path: &DerivedPath) -> StoreResult<bool> {
    if matches!(path, DerivedPath::Built { drv, .. } if first_output(drv).is_some()) {
        return Ok(false);
    }
    for output in store.derivation_outputs(path.base())?.into_values() {
        match output {
            Some(output) if store.is_valid(&output)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Says on standard error what has to be built before `wanted` is there.
///
/// # Errors
/// A derivation can't be read.
pub fn print_missing(context: &Context, wanted: &[DerivedPath]) -> Result<(), Failure> {
    let store = context.store()?;
    let missing = missing(&*store, wanted)?;
    context.display.finish();
    match missing.len() {
        0 => {}
        1 => eprintln!("this derivation will be built:"),
        count => eprintln!("these {count} derivations will be built:"),
    }
    for path in missing {
        eprintln!("  {}", store.store_dir().display(&path));
    }
    Ok(())
}

/// The derivations that have to be built before `wanted` is there, each after what it needs.
///
/// # Errors
/// A derivation can't be read.
pub fn missing(store: &dyn Store, wanted: &[DerivedPath]) -> StoreResult<Vec<StorePath>> {
    let mut search = Missing { store, seen: BTreeSet::new(), found: Vec::new() };
    for path in wanted {
        if let DerivedPath::Built { drv, outputs } = path {
            let names = match outputs {
                OutputsSpec::All => None,
                OutputsSpec::Names(names) => Some(names),
            };
            match first_output(drv) {
                // What a derivation needs that is itself built, nobody knows yet.
                Some(output) => search.visit(drv.base(), Some(&[output.clone()].into()))?,
                None => search.visit(drv.base(), names)?,
            }
        }
    }
    Ok(search.found)
}

/// Of a derivation that is itself built: the output of the first in the chain.
fn first_output(drv: &SingleDerivedPath) -> Option<&String> {
    match drv {
        SingleDerivedPath::Opaque(_) => None,
        SingleDerivedPath::Built { drv, output } => first_output(drv).or(Some(output)),
    }
}

struct Missing<'s> {
    store: &'s dyn Store,
    seen: BTreeSet<StorePath>,
    found: Vec<StorePath>,
}

impl Missing<'_> {
    /// Looks at a derivation of which these outputs are wanted; all when no names are given.
    fn visit(&mut self, drv: &StorePath, names: Option<&BTreeSet<String>>) -> StoreResult<()> {
        if self.seen.contains(drv) || self.has_outputs(drv, names)? {
            return Ok(());
        }
        self.seen.insert(drv.clone());
        for (input, node) in &self.store.read_derivation(drv)?.input_drvs {
            let names = node.outputs.iter().chain(node.dynamic.keys()).cloned().collect();
            self.visit(input, Some(&names))?;
        }
        self.found.push(drv.clone());
        Ok(())
    }

    fn has_outputs(&self, drv: &StorePath, names: Option<&BTreeSet<String>>) -> StoreResult<bool> {
        for (name, path) in self.store.derivation_outputs(drv)? {
            let wanted = names.is_none_or(|names| names.contains(&name));
            if wanted && !path.map_or(Ok(false), |path| self.store.is_valid(&path))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
