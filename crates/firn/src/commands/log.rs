//! `firn log`: what builds wrote.

use std::process::ExitCode;

use clap::Args;
use firn_formats::StorePath;

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::SourceArguments;

/// Whose logs.
#[derive(Args)]
pub struct Arguments {
    /// What was built: flake outputs, derivations, results
    installables: Vec<String>,
    #[command(flatten)]
    source: SourceArguments,
}

/// Prints.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let drvs =
        super::derivation::derivations(&context, &arguments.installables, &arguments.source)?;
    context.display.finish();
    for drv in drvs {
        show(&context, &drv)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what the build of a derivation wrote.
///
/// # Errors
/// There is no log of it.
pub fn show(context: &Context, drv: &StorePath) -> Result<(), Failure> {
    let store = context.local_store()?;
    let Some(mut log) = firn_build::open_log(&store.layout().log, drv)? else {
        return Err(Failure::new(format!(
            "error: build log of '{}' is not available\n\
             help: logs are kept of what was built in this store",
            firn_store::Store::store_dir(&*store).display(drv)
        )));
    };
    std::io::copy(&mut log, &mut std::io::stdout().lock())?;
    Ok(())
}
