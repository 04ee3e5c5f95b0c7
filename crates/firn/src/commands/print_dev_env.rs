//! `firn print-dev-env`: the build environment of a package as shell code.

use std::process::ExitCode;

use clap::Args;

use super::develop::ShellArguments;
use crate::arguments::{GlobalArguments, JsonArguments};
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::SourceArguments;

/// Which package.
#[derive(Args)]
pub struct Arguments {
    /// The package, or a development shell of a flake
    #[arg(default_value = ".")]
    installable: String,
    #[command(flatten)]
    json: JsonArguments,
    #[command(flatten)]
    shell: ShellArguments,
    #[command(flatten)]
    source: SourceArguments,
}

/// Prints.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let source = &arguments.source;
    let shell = arguments.shell.shell_of(&context, source, &arguments.installable)?;
    context.display.finish();
    if arguments.json.wanted {
        arguments.json.print(&serde_json::to_value(&shell.environment)?);
        return Ok(ExitCode::SUCCESS);
    }
    // Whoever reads this code may do so later, so that its files stay.
    let scratch = std::env::temp_dir().join(format!("nix-develop-{}", std::process::id()));
    if shell.environment.structured.is_some() {
        std::fs::create_dir_all(&scratch)?;
    }
    print!("{}", arguments.shell.code(&context, source, &shell.environment, &scratch)?);
    Ok(ExitCode::SUCCESS)
}
