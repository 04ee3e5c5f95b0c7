//! `firn flake check`: evaluate every output of a flake as its kind demands, and build its checks.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use firn_build::{BuildFailures, FailureKind};
use firn_events::{Activity, Level};
use firn_flake::schema::{self, Finding};
use firn_formats::StoreDir;
use firn_store::{BuildMode, Realised, StoreError};

use super::reference;
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::{Evaluation, SourceArguments};

/// What to check.
#[derive(Args)]
pub struct Arguments {
    /// The flake
    #[arg(default_value = ".")]
    flake: String,
    /// Evaluate only
    #[arg(long)]
    no_build: bool,
    /// Check the outputs of all systems
    #[arg(long)]
    all_systems: bool,
    /// Run checks again whose results are in the store
    #[arg(long)]
    rebuild: bool,
    /// Print the paths of the checks' results
    #[arg(long)]
    print_out_paths: bool,
    /// Make links of this name to the results
    #[arg(short, long, value_name = "PATH")]
    out_link: Option<PathBuf>,
    /// Run the nodes of tests in virtual machines or in containers, whatever the tests choose
    #[arg(long, value_name = "vm|container", value_parser = ["vm", "container"])]
    backend: Option<String>,
    #[command(flatten)]
    source: SourceArguments,
}

/// Checks.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let mut evaluation = Evaluation::new(&context, &arguments.source)?;
    let reference = reference(&context, &arguments.flake)?;
    let flake = evaluation.flake(&reference)?;
    let options = schema::Options {
        system: context.settings.text("system").to_owned(),
        all_systems: arguments.all_systems,
        keep_going: context.settings.flag("keep-going"),
        backend: backend(&context, arguments.backend.clone()),
    };
    let reporter = context.reporter.clone();
    // What is being checked now, for who looks on.
    let mut now = None;
    let report = evaluation.run(|m| {
        schema::check(m, flake, &options, &mut |finding| match finding {
            Finding::Warning(text) => reporter.message(Level::Warning, text),
            Finding::Checking(what) => {
                now = Some(reporter.start(Activity::Evaluate { what }));
            }
        })
    })?;
    drop(now);
    if !arguments.no_build && !report.builds.is_empty() {
        let built = build(&context, &report.builds, arguments.rebuild)?;
        context.display.finish();
        let store = context.store()?;
        if let Some(base) = &arguments.out_link {
            crate::commands::build::link(&*store, &built, base)?;
        }
        for path in built.iter().flat_map(|one| one.outputs.values()) {
            if arguments.print_out_paths {
                println!("{}", store.store_dir().display(path));
            }
        }
    }
    context.reporter.message(Level::Info, "all checks passed!");
    context.display.finish();
    if !report.omitted_systems.is_empty() {
        let systems: Vec<_> = report.omitted_systems.into_iter().collect();
        context.warn(&format!(
            "The check omitted these incompatible systems: {}\nUse '--all-systems' to check all.",
            systems.join(", ")
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The backend that the user forces, or virtual machines where containers are impossible.
pub fn backend(context: &Context, forced: Option<String>) -> Option<String> {
    if forced.is_some() {
        return forced;
    }
    let reason = firn_machine::container::check_possible().err()?;
    context.reporter.message(
        Level::Info,
        format!("tests run in virtual machines, because containers are impossible here: {reason}"),
    );
    Some("vm".to_owned())
}

fn build(
    context: &Context,
    checks: &[(String, String)],
    rebuild: bool,
) -> Result<Vec<Realised>, Failure> {
    let store = context.store()?;
    let count = match checks.len() {
        1 => "1 flake check".to_owned(),
        count => format!("{count} flake checks"),
    };
    context.reporter.message(Level::Info, format!("running {count}..."));
    let wanted = checks
        .iter()
        .map(|(_, path)| {
            let drv = store.store_dir().parse(path)?;
            Ok(firn_formats::DerivedPath::built(drv, firn_formats::OutputsSpec::All))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let realiser = context.realiser()?;
    let results = if rebuild {
        crate::building::rebuild(&*realiser, &*store, &wanted)
    } else {
        realiser.realise(&wanted, BuildMode::Normal)
    };
    results.map_err(|error| crate::building::failure(named(store.store_dir(), error, checks)))
}

/// Failed builds with the attributes that they belong to.
fn named(dir: &StoreDir, error: StoreError, checks: &[(String, String)]) -> StoreError {
    let StoreError::Callback(cause) = error else { return error };
    let failures = match cause.downcast::<BuildFailures>() {
        Ok(failures) => failures,
        Err(cause) => return StoreError::Callback(cause),
    };
    let mut failures = *failures;
    for failure in &mut failures.0 {
        if failure.kind == FailureKind::Several {
            continue;
        }
        let drv = dir.display(&failure.path);
        if let Some((path, _)) = checks.iter().find(|(_, known)| *known == drv) {
            failure.message = format!(
                "failed to build attribute '{path}', build of '{drv}^*' failed: {}",
                failure.message
            );
        }
    }
    StoreError::Callback(Box::new(failures))
}
