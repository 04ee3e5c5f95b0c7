//! `firn flake check`: evaluate every output of a flake as its kind demands, and build its checks.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use clap::Args;
use firn_build::{BuildFailures, FailureKind};
use firn_events::{Activity, Level};
use firn_flake::eval_cache::Answer;
use firn_flake::schema::{self, Finding};
use firn_formats::{ContextElement, StoreDir};
use firn_store::{BuildMode, Realised, StoreError};
use serde::{Deserialize, Serialize};

use super::reference;
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::flake_outputs::FlakeOutputs;
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
    let flake = evaluation.outputs(&reference)?;
    let options = schema::Options {
        system: context.settings.text("system").to_owned(),
        all_systems: arguments.all_systems,
        keep_going: context.settings.flag("keep-going"),
        backend: backend(&context, arguments.backend.clone()),
    };
    let report = Checked::known_or_found(&mut evaluation, &flake, &options)?;
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

/// What a check of the outputs found, as it is kept in the evaluation cache.
#[derive(Default, Serialize, Deserialize)]
struct Checked {
    warnings: Vec<String>,
    /// Attribute paths and derivations.
    builds: Vec<(String, String)>,
    omitted_systems: BTreeSet<String>,
}

impl Checked {
    fn known_or_found(
        evaluation: &mut Evaluation<'_>,
        flake: &FlakeOutputs,
        options: &schema::Options,
    ) -> Result<Self, Failure> {
        let schema::Options { system, all_systems, backend, .. } = options;
        let question = format!("checks {system} {all_systems} {backend:?}");
        let known = evaluation.known(flake, &question, "")?;
        let context = evaluation.context();
        if let Some(known) = known.and_then(|known| serde_json::from_str::<Self>(&known.text).ok())
        {
            known.warnings.iter().for_each(|text| context.warn(text));
            return Ok(known);
        }
        let found = Self::find(evaluation, flake, options)?;
        // Who checks a flake wants to see what evaluation says, each time.
        if !context.evaluation_spoke.load(Ordering::Relaxed) {
            flake.keep(&question, "", found.answer(context.store()?.store_dir())?);
        }
        Ok(found)
    }

    fn find(
        evaluation: &mut Evaluation<'_>,
        flake: &FlakeOutputs,
        options: &schema::Options,
    ) -> Result<Self, Failure> {
        let value = evaluation.flake_value(flake)?;
        let reporter = evaluation.context().reporter.clone();
        let mut warnings = Vec::new();
        // What is being checked now, for who looks on.
        let mut now = None;
        let report = evaluation.run(|m| {
            schema::check(m, value, options, &mut |finding| match finding {
                Finding::Warning(text) => {
                    reporter.message(Level::Warning, text.clone());
                    warnings.push(text);
                }
                Finding::Checking(what) => {
                    now = Some(reporter.start(Activity::Evaluate { what }));
                }
            })
        })?;
        let schema::Report { builds, omitted_systems } = report;
        Ok(Checked { warnings, builds, omitted_systems })
    }

    fn answer(&self, dir: &StoreDir) -> Result<Answer, Failure> {
        let context =
            self.builds.iter().map(|(_, drv)| Ok(ContextElement::Opaque(dir.parse(drv)?)));
        let context = context.collect::<Result<_, Failure>>()?;
        Ok(Answer { text: serde_json::to_string(self).unwrap_or_default(), context })
    }
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
