//! `firn flake clone`: a flake's repository, or a copy of its tree, to work on.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;
use firn_fetch::input::{Input, repository_url};

use super::reference;
use super::template::Copy;
use crate::arguments::{EvaluationArguments, GlobalArguments, LockingArguments};
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::input_failure;
use crate::interrupt;

/// Which flake, and where it goes.
#[derive(Args)]
pub struct Arguments {
    /// The flake
    flake: String,
    /// The folder that is made
    #[arg(short = 'f', long, value_name = "PATH")]
    dest: PathBuf,
    #[command(flatten)]
    locking: LockingArguments,
    #[command(flatten)]
    _evaluation: EvaluationArguments,
}

/// Clones.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let flakes = arguments.locking.flakes(&context)?;
    let original = reference(&context, &arguments.flake)?;
    let resolved = flakes.registries().resolve(&original, false).map_err(input_failure)?;
    if arguments.dest.exists() {
        return Err(Failure::new(format!(
            "error: cannot clone into existing path '{}'",
            arguments.dest.display()
        )));
    }
    match repository_url(&resolved.input).map_err(input_failure)? {
        Some(url) => clone(&context, &resolved.input, &url, &arguments.dest)?,
        None => {
            let _deadline = interrupt::deadline();
            let fetched = flakes.fetch(&resolved.input).map_err(input_failure)?;
            let tree = context.store()?.to_real_path(&fetched.store_path).ok_or_else(|| {
                Failure::new(format!("error: the tree of '{resolved}' is not on this machine"))
            })?;
            Copy::default().quietly().folder(&tree, &std::path::absolute(&arguments.dest)?)?;
        }
    }
    context.display.finish();
    Ok(ExitCode::SUCCESS)
}

/// Clones with git, and checks out what the reference names.
fn clone(context: &Context, input: &Input, url: &str, dest: &Path) -> Result<(), Failure> {
    let branch = input.attrs().text("ref").map_err(input_failure)?;
    let mut command = Command::new("git");
    command.arg("clone");
    if let Some(branch) = branch {
        command.args(["--branch", branch.trim_start_matches("refs/heads/")]);
    }
    // Without an authority git takes `file` for a host.
    let url = match url.strip_prefix("file:") {
        Some(path) if !path.starts_with("//") => path,
        _ => url,
    };
    command.args(["--", url]).arg(dest);
    git(context, command)?;
    if let Some(rev) = input.rev() {
        let mut command = Command::new("git");
        command.arg("-C").arg(dest).args(["checkout", "--quiet", rev]);
        git(context, command)?;
    }
    Ok(())
}

fn git(context: &Context, mut command: Command) -> Result<(), Failure> {
    context.display.finish();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!("error: 'git' failed ({status})"))),
        Err(error) => Err(Failure::new(format!("error: cannot run 'git': {error}"))),
    }
}
