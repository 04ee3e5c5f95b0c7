//! The command line of `firn` itself: `firn SUB…` takes the sub-commands of the reference's `nix`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::arguments::GlobalArguments;
use crate::commands;
use crate::exit::Failure;
use crate::shebang;

/// A complete Nix in one static program, with an operating system distribution built in.
#[derive(Parser)]
#[command(
    name = "firn",
    version,
    disable_help_subcommand = false,
    infer_subcommands = false,
    args_override_self = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: GlobalArguments,
}

/// The sub-commands; each is a file under `commands/`.
#[derive(Subcommand)]
enum Command {
    /// Build what installables name
    Build(commands::build::Arguments),
    /// Make of a package what works without the store
    Bundle(commands::bundle::Arguments),
    /// Print a shell completion script
    Completion(commands::completion::Arguments),
    /// Show settings
    #[command(subcommand)]
    Config(commands::config::Command),
    /// Debian packages that the distribution is made of
    Debian(commands::debian::Arguments),
    /// Look into derivations
    #[command(subcommand)]
    Derivation(commands::derivation::Command),
    /// Start a shell in the build environment of a package
    Develop(commands::develop::Arguments),
    /// Open the source of a package in an editor
    Edit(commands::edit::Arguments),
    /// Evaluate and print a value
    Eval(commands::eval::Arguments),
    /// Work with flakes
    #[command(subcommand)]
    Flake(commands::flake::Command),
    /// Format the sources of the flake here
    Fmt(commands::fmt::Arguments),
    /// Work with the formatter of the flake here
    #[command(subcommand)]
    Formatter(commands::fmt::Command),
    /// Compute and convert hashes
    #[command(subcommand)]
    Hash(commands::hash::Command),
    /// Make and convert keys that sign store paths
    #[command(subcommand)]
    Key(commands::key::Command),
    /// Print what builds wrote
    Log(commands::log::Arguments),
    /// Look into archives
    #[command(subcommand)]
    Nar(commands::nar::Command),
    /// Look up options of NixOS modules
    Options(commands::options::Arguments),
    /// Print what the store knows about paths
    PathInfo(commands::path_info::Arguments),
    /// Print shell code that makes the build environment of a package
    PrintDevEnv(commands::print_dev_env::Arguments),
    /// Give flakes short names
    #[command(subcommand)]
    Registry(commands::registry::Command),
    /// Run a program of a package
    Run(commands::run::Arguments),
    /// Look up packages
    Search(commands::search::Arguments),
    /// Evaluate expressions at a prompt
    Repl(commands::repl::Arguments),
    /// Start a shell that finds the programs of packages
    Shell(commands::shell::Arguments),
    /// Work with the store
    #[command(subcommand)]
    Store(commands::store::Command),
    /// Run NixOS tests
    #[command(subcommand)]
    Test(commands::test::Command),
}

/// Runs `firn` with the process's arguments.
pub fn main(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let arguments = shebang::expand(arguments)?;
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let status = u8::from(error.use_stderr());
            error.print()?;
            return Ok(ExitCode::from(status));
        }
    };
    // Evaluation may nest deeply, so that commands run on a thread with a large stack.
    firn_eval::stack::run(move || run(cli))?
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let global = cli.global;
    match cli.command {
        Command::Build(arguments) => commands::build::run(arguments, &global),
        Command::Bundle(arguments) => commands::bundle::run(arguments, &global),
        Command::Completion(arguments) => commands::completion::run(arguments),
        Command::Config(command) => commands::config::run(command, &global),
        Command::Debian(arguments) => commands::debian::run(arguments),
        Command::Derivation(command) => commands::derivation::run(command, &global),
        Command::Develop(arguments) => commands::develop::run(arguments, &global),
        Command::Edit(arguments) => commands::edit::run(arguments, &global),
        Command::Eval(arguments) => commands::eval::run(arguments, &global),
        Command::Flake(command) => commands::flake::run(command, &global),
        Command::Fmt(arguments) => commands::fmt::run(arguments, &global),
        Command::Formatter(command) => commands::fmt::formatter(command, &global),
        Command::Hash(command) => commands::hash::run(command),
        Command::Key(command) => commands::key::run(command),
        Command::Log(arguments) => commands::log::run(arguments, &global),
        Command::Nar(command) => commands::nar::run(command),
        Command::Options(arguments) => commands::options::run(arguments, &global),
        Command::PathInfo(arguments) => commands::path_info::run(arguments, &global),
        Command::PrintDevEnv(arguments) => commands::print_dev_env::run(arguments, &global),
        Command::Registry(command) => commands::registry::run(command, &global),
        Command::Run(arguments) => commands::run::run(arguments, &global),
        Command::Search(arguments) => commands::search::run(arguments, &global),
        Command::Repl(arguments) => commands::repl::run(arguments, &global),
        Command::Shell(arguments) => commands::shell::run(arguments, &global),
        Command::Store(command) => commands::store::run(command, &global),
        Command::Test(command) => commands::test::run(command, &global),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn flags_do_not_contradict_each_other() {
        super::Cli::command().debug_assert();
    }
}
