//! The command line of `firn` itself: `firn SUB…` takes the sub-commands of the reference's `nix`.
//!
//! Sub-commands are a table. A run of one of them makes the flags of that one alone, and of the
//! settings' flags those that were given: all of them take longer than small evaluations.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};

use crate::arguments::{self, GlobalArguments};
use crate::exit::Failure;
use crate::{commands, completion, old_names, shebang};

/// A sub-command; each is a file under `commands/`.
struct Entry {
    name: &'static str,
    about: &'static str,
    /// Gives the command its arguments.
    arguments: fn(Command) -> Command,
    run: fn(&ArgMatches, &GlobalArguments) -> Result<ExitCode, Failure>,
}

/// A sub-command with arguments: name, what it does, its file.
macro_rules! command {
    ($name:literal, $about:literal, $module:ident) => {
        Entry {
            name: $name,
            about: $about,
            arguments: <commands::$module::Arguments as Args>::augment_args,
            run: |matches, global| {
                commands::$module::run(FromArgMatches::from_arg_matches(matches)?, global)
            },
        }
    };
}

/// A sub-command that has sub-commands: name, what it is about, its file.
macro_rules! group {
    ($name:literal, $about:literal, $module:ident) => {
        group!($name, $about, $module, run)
    };
    ($name:literal, $about:literal, $module:ident, $run:ident) => {
        Entry {
            name: $name,
            about: $about,
            arguments: |command| {
                <commands::$module::Command as Subcommand>::augment_subcommands(command)
                    .subcommand_required(true)
                    .arg_required_else_help(true)
            },
            run: |matches, global| {
                commands::$module::$run(FromArgMatches::from_arg_matches(matches)?, global)
            },
        }
    };
}

/// The sub-commands. One line each.
const COMMANDS: &[Entry] = &[
    command!("build", "Build what installables name", build),
    command!("bundle", "Make of a package what works without the store", bundle),
    command!("completion", "Print a shell completion script", completion),
    group!("config", "Show settings", config),
    command!("debian", "Debian packages that the distribution is made of", debian),
    group!("derivation", "Look into derivations", derivation),
    command!("develop", "Start a shell in the build environment of a package", develop),
    command!("edit", "Open the source of a package in an editor", edit),
    group!("env", "Work with environments of programs", shell, environment),
    command!("eval", "Evaluate and print a value", eval),
    group!("flake", "Work with flakes", flake),
    command!("fmt", "Format the sources of the flake here: reformat your code", fmt),
    group!(
        "formatter",
        "Work with formatters: build or run the formatter of the flake here",
        fmt,
        formatter
    ),
    command!("functions", "Look up functions of a library, or print their manual", functions),
    group!("hash", "Compute and convert hashes", hash),
    group!("key", "Make and convert keys that sign store paths", key),
    command!("log", "Print what builds wrote", log),
    group!("nar", "Look into archives", nar),
    command!("options", "Look up options of NixOS modules", options),
    command!("path-info", "Print what the store knows about paths", path_info),
    command!(
        "print-dev-env",
        "Print shell code that makes the build environment of a package",
        print_dev_env
    ),
    group!("registry", "Give flakes short names", registry),
    command!("repl", "Evaluate expressions at a prompt", repl),
    command!("run", "Run a program of a package", run),
    command!("search", "Look up packages", search),
    command!("shell", "Start a shell that finds the programs of packages", shell),
    group!("store", "Work with the store", store),
    group!("test", "Run NixOS tests", test),
    command!("why-depends", "Show why a package needs another", why_depends),
];

/// Runs `firn` with the process's arguments.
pub fn main(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let arguments = old_names::expand(shebang::expand(arguments)?);
    if let Some(word) = completion::wanted() {
        return completion::run(whole(), &arguments, word);
    }
    if let Some(failure) = old_names::missing(&arguments) {
        return Err(failure);
    }
    if arguments.get(1).is_some_and(|first| first == "__dump-cli") {
        println!("{}", completion::dump(&mut whole()));
        return Ok(ExitCode::SUCCESS);
    }
    let matches = match parse(&arguments) {
        Ok(matches) => matches,
        Err(error) => return crate::exit::usage(&error),
    };
    // Evaluation may nest deeply, so that commands run on a thread with a large stack.
    firn_eval::stack::run(move || run(&matches))?
}

fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let global = GlobalArguments::from_arg_matches(matches)?;
    let Some((name, matches)) = matches.subcommand() else { return Ok(ExitCode::SUCCESS) };
    match find(name) {
        // Which build failed for which reason is told by the older programs' statuses alone.
        Some(entry) => (entry.run)(matches, &global).map_err(Failure::without_reason),
        None => Ok(ExitCode::SUCCESS),
    }
}

fn find(name: &str) -> Option<&'static Entry> {
    COMMANDS.iter().find(|entry| entry.name == name)
}

/// Parses with what is needed for it; where that fails with everything, whose messages know all names.
fn parse(arguments: &[OsString]) -> Result<ArgMatches, clap::Error> {
    if let Some(entry) = arguments.get(1).and_then(|name| find(name.to_str()?)) {
        let needed = arguments::flags_of(root(), Some(arguments)).subcommand(built(entry));
        if let Ok(matches) = needed.try_get_matches_from(arguments) {
            return Ok(matches);
        }
    }
    whole().try_get_matches_from(arguments)
}

fn root() -> Command {
    Command::new("firn")
        .about(
            "A complete Nix in one static program, with an operating system distribution built in",
        )
        .version(env!("CARGO_PKG_VERSION"))
        .args_override_self(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
}

fn built(entry: &Entry) -> Command {
    let command = (entry.arguments)(Command::new(entry.name));
    crate::examples::add(command.about(entry.about).long_about(None), entry.name)
}

/// The command line with all that it may hold.
pub(crate) fn whole() -> Command {
    arguments::flags_of(root(), None).subcommands(COMMANDS.iter().map(built))
}

#[cfg(test)]
mod tests {
    #[test]
    fn flags_do_not_contradict_each_other() {
        super::whole().debug_assert();
    }
}
