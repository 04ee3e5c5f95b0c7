//! `firn store repair`: build damaged or missing paths again.

use std::process::ExitCode;

use clap::Args;
use firn_formats::{DerivedPath, OutputsSpec, StorePath};
use firn_store::BuildMode;

use crate::arguments::PathsArguments;
use crate::context::Context;
use crate::exit::Failure;

/// What to mend.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    paths: PathsArguments,
}

/// Mends.
pub fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    mend(context, arguments.paths.paths(context)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds what made these paths again, and replaces what differs.
///
/// # Errors
/// Nobody knows what made a path, or its build fails.
pub fn mend(context: &Context, paths: impl IntoIterator<Item = StorePath>) -> Result<(), Failure> {
    let store = context.store()?;
    for path in paths {
        let shown = store.store_dir().display(&path);
        let deriver = store.require_path_info(&path)?.deriver.clone();
        let deriver = deriver.filter(|drv| store.is_valid(drv).unwrap_or(false));
        let Some(deriver) = deriver else {
            return Err(Failure::new(format!(
                "error: cannot repair path '{shown}': what made it is not in the store"
            )));
        };
        context.realise(&[DerivedPath::built(deriver, OutputsSpec::All)], BuildMode::Repair)?;
    }
    context.display.finish();
    Ok(())
}
