//! `firn test`: run NixOS tests.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::{Args, Subcommand};
use firn_build::INTERACTIVE_FOLDER;
use firn_eval::Pos;
use firn_events::{Level, Reporter};
use firn_flake::schema;
use firn_settings::Origin;
use firn_store::{BuildMode, BuiltinJob, Realise, Store, StoreResult};
use firn_testdriver::Junit;

use crate::arguments::GlobalArguments;
use crate::building;
use crate::context::Context;
use crate::derived;
use crate::exit::Failure;
use crate::installable::{Evaluation, Found, Lookup, SourceArguments};

/// The commands on tests.
#[derive(Subcommand)]
pub enum Command {
    /// Run tests
    Run(RunArguments),
    /// Start a test's machines by hand, at a Python prompt
    Shell(ShellArguments),
}

/// Which tests to run, and how.
#[derive(Args)]
pub struct RunArguments {
    /// The tests, such as .#http-server; checks.SYSTEM.default when none is named
    tests: Vec<String>,
    /// Run the nodes in virtual machines or in containers, whatever the tests choose
    #[arg(long, value_name = "vm|container", value_parser = ["vm", "container"])]
    backend: Option<String>,
    /// Let virtual machines go on from saved boots instead of booting; containers are not affected
    #[arg(long)]
    saved_boot: bool,
    /// Run so many times, also when the result is in the store
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: Option<u32>,
    /// Keep the machines' disks when a test fails
    #[arg(long)]
    keep: bool,
    /// Write the results as JUnit XML to this file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArguments,
}

/// Which test's machines to start.
#[derive(Args)]
pub struct ShellArguments {
    /// The test, such as .#http-server
    #[arg(default_value = ".")]
    test: String,
    /// Run the nodes in virtual machines or in containers, whatever the test chooses
    #[arg(long, value_name = "vm|container", value_parser = ["vm", "container"])]
    backend: Option<String>,
    /// Let virtual machines go on from saved boots instead of booting; containers are not affected
    #[arg(long)]
    saved_boot: bool,
    /// Keep the folder of the session at its end: the machines' disks, and the files of the script
    #[arg(long)]
    keep: bool,
    /// Go on in the folder of an earlier session that was kept, or in a new one by this name, and keep it
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArguments,
}

/// How the user wants the nodes run.
struct Variant {
    backend: Option<String>,
    saved_boot: bool,
}

impl RunArguments {
    fn variant(&self) -> Variant {
        Variant { backend: self.backend.clone(), saved_boot: self.saved_boot }
    }
}

/// Runs one.
pub fn run(command: Command, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    match command {
        Command::Run(arguments) => run_tests(arguments, global),
        Command::Shell(arguments) => shell(arguments, global),
    }
}

fn run_tests(arguments: RunArguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let mut context = Context::new(global)?;
    if arguments.keep {
        let set = context.settings.set("keep-failed", "true", Origin::CommandLine);
        set.map_err(|error| Failure::new(format!("error: {error}")))?;
    }
    let junit = arguments.junit.as_ref().map(|_| Arc::new(Junit::new(context.display.clone())));
    if let Some(junit) = &junit {
        context.reporter = Reporter::new(junit.clone());
    }
    let result = run_wanted(&context, &arguments);
    if let (Some(junit), Some(file)) = (junit, &arguments.junit) {
        std::fs::write(file, junit.to_xml()).map_err(|error| {
            Failure::new(format!("error: cannot write '{}': {error}", file.display()))
        })?;
    }
    result
}

fn run_wanted(context: &Context, arguments: &RunArguments) -> Result<ExitCode, Failure> {
    let tests = derived::or_here(&arguments.tests);
    let mut evaluation = Evaluation::new(context, &arguments.source)?;
    let mut wanted = Vec::new();
    for text in tests {
        let found = find(context, &mut evaluation, text, arguments.variant())?;
        wanted.push(evaluation.derived_path(&found)?);
    }
    drop(evaluation);
    let store = context.store()?;
    let realiser = context.realiser()?;
    if let Some(count) = arguments.repeat {
        repeat(context, count, || building::run_again(&*realiser, &*store, &wanted))?;
    }
    let built = realiser.realise(&wanted, BuildMode::Normal).map_err(building::failure)?;
    context.display.finish();
    for path in built.iter().flat_map(|one| one.outputs.values()) {
        println!("{}", store.store_dir().display(path));
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs tests so often, whether they pass or not, and tells how often they did. What ran before runs again; what
/// did not, runs for the first time.
fn repeat(context: &Context, count: u32, run: impl Fn() -> StoreResult<()>) -> Result<(), Failure> {
    let (mut failures, mut latest) = (0, None);
    for number in 1..=count {
        context.reporter.message(Level::Info, format!("run {number} of {count}"));
        if let Err(error) = run() {
            if crate::interrupt::flag().load(Ordering::Relaxed) {
                return Err(building::failure(error));
            }
            failures += 1;
            latest = Some(error);
        }
    }
    let text = format!("{count} runs: {} passed, {failures} failed", count - failures);
    context.reporter.message(Level::Info, text);
    latest.map_or(Ok(()), |error| Err(building::failure(error)))
}

/// A test, with its nodes run as the user wants.
fn find(
    context: &Context,
    evaluation: &mut Evaluation<'_>,
    text: &str,
    variant: Variant,
) -> Result<Found, Failure> {
    let system = context.settings.text("system");
    let lookup = Lookup {
        prefixes: ["checks", "packages", "legacyPackages"]
            .map(|output| format!("{output}.{system}"))
            .to_vec(),
        defaults: vec![format!("checks.{system}.default")],
    };
    let Variant { backend, saved_boot } = variant;
    let backend = super::flake::backend(context, backend);
    let saved = saved_boot.then_some(schema::SAVED_BOOT);
    let found = evaluation.find(text, &lookup)?;
    if backend.is_none() && saved.is_none() {
        return Ok(found);
    }
    let value = evaluation.value(&found)?;
    let test = evaluation.run(|m| {
        let test = schema::in_backend(m, value, backend.as_deref(), Pos::NONE)?;
        schema::in_backend(m, test, saved, Pos::NONE)
    })?;
    let mut test = Found::value(test, found.path);
    test.outputs = found.outputs;
    Ok(test)
}

/// The configuration of the test's variant for work by hand, as an attribute of the test.
const INTERACTIVE_CONFIG: &str = "config.interactive.driverConfigurationFile";

fn shell(arguments: ShellArguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let mut evaluation = Evaluation::new(&context, &arguments.source)?;
    let variant = Variant { backend: arguments.backend, saved_boot: arguments.saved_boot };
    let test = find(&context, &mut evaluation, &arguments.test, variant)?;
    let value = evaluation.value(&test)?;
    let config = evaluation.run(|m| m.select_auto(value, INTERACTIVE_CONFIG, m.empty_attrs()))?;
    let found = Found::value(config, format!("{}.{INTERACTIVE_CONFIG}", test.path));
    let wanted = [evaluation.derived_path(&found)?];
    drop(evaluation);
    let store = context.local_store()?;
    let builder = building::builder(&context, store.clone())?;
    let built = builder.realise(&wanted, BuildMode::Normal).map_err(building::failure)?;
    context.display.close();
    let file = built.iter().flat_map(|one| one.outputs.values()).next();
    let file = file.ok_or_else(|| Failure::new("error: the test has no configuration"))?;
    let folder = SessionFolder::make(arguments.state, arguments.keep)?;
    let (path, until) = (folder.path(), if folder.is_kept() { "" } else { " until the end" });
    let text = format!("files of the script go to '{}'{until}", path.display());
    context.reporter.message(Level::Info, text);
    let config = store.store_dir().display(file);
    let job = shell_job(config, store.store_dir().as_str(), folder.is_kept());
    let history = History { kept: context.environment.cache.join("test-history"), folder: path };
    history.lay_out();
    let status = builder.run_interactive(&job, path).map_err(building::failure)?;
    history.keep();
    if folder.is_kept() {
        let text = format!("the session is kept; `--state {}` goes on with it", path.display());
        context.reporter.message(Level::Info, text);
    }
    Ok(ExitCode::from(u8::try_from(status).unwrap_or(1)))
}

/// Where a session has its files.
enum SessionFolder {
    /// As long as it lasts.
    Temporary(tempfile::TempDir),
    /// Beyond its end.
    Kept(PathBuf),
}

impl SessionFolder {
    fn make(named: Option<PathBuf>, keep: bool) -> std::io::Result<Self> {
        if let Some(folder) = named {
            std::fs::create_dir_all(&folder)?;
            return Ok(Self::Kept(std::fs::canonicalize(folder)?));
        }
        let folder = tempfile::Builder::new().prefix("firn-test-").tempdir()?;
        Ok(if keep { Self::Kept(folder.keep()) } else { Self::Temporary(folder) })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }

    fn is_kept(&self) -> bool {
        matches!(self, Self::Kept(_))
    }
}

/// What was typed at the prompt, from one session to the next. Without it a session is as good.
struct History<'a> {
    kept: PathBuf,
    folder: &'a Path,
}

impl History<'_> {
    /// The driver's name of it.
    const FILE: &'static str = ".nixos-test-history";

    fn lay_out(&self) {
        let file = self.folder.join(Self::FILE);
        if std::fs::copy(&self.kept, &file).is_ok() {
            // In the sandbox it belongs to somebody else.
            let _ = std::fs::set_permissions(&file, Permissions::from_mode(0o666));
        }
    }

    fn keep(&self) {
        if let Ok(text) = std::fs::read(self.folder.join(Self::FILE)) {
            let _ = std::fs::write(&self.kept, text);
        }
    }
}

fn shell_job(config: String, store_dir: &str, keep: bool) -> BuiltinJob {
    let text = |text: &str| text.to_owned();
    BuiltinJob {
        name: text("test-shell"),
        builder: text("nixos-test"),
        args: Vec::new(),
        env: [
            (text("driverConfig"), config),
            (text("mode"), text("shell")),
            (text("keep"), text(if keep { "1" } else { "" })),
        ]
        .into(),
        structured_attrs: None,
        outputs: [(text("out"), PathBuf::from(INTERACTIVE_FOLDER).join("out"))].into(),
        store_dir: text(store_dir),
        tmp_dir: INTERACTIVE_FOLDER.into(),
    }
}
