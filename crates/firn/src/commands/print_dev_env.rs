//! `firn print-dev-env`: the build environment of a package as shell code.

use std::process::ExitCode;

use clap::Args;

use super::develop;
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::dev_shell::script;
use crate::exit::Failure;
use crate::installable::SourceArguments;
use crate::output;

/// Which package.
#[derive(Args)]
pub struct Arguments {
    /// The package, or a development shell of a flake
    #[arg(default_value = ".")]
    installable: String,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: SourceArguments,
}

/// Prints.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let shell = develop::shell_of(&context, &arguments.source, &arguments.installable)?;
    context.display.finish();
    if arguments.json {
        output::print_json(&serde_json::to_value(&shell.environment)?);
        return Ok(ExitCode::SUCCESS);
    }
    let outputs = context.current_folder()?.join("outputs");
    // Whoever reads this code may do so later, so that its files stay.
    let scratch = std::env::temp_dir().join(format!("nix-develop-{}", std::process::id()));
    if shell.environment.structured.is_some() {
        std::fs::create_dir_all(&scratch)?;
    }
    print!("{}", script::of(&shell.environment, Some(&outputs), &scratch)?);
    Ok(ExitCode::SUCCESS)
}
