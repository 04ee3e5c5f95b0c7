//! Arguments of commands that start a program: what it sees of the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::exit::Failure;

/// The environment of the program.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentArguments {
    flags: Flags,
    /// A variable is taken away before one is set, as far as the command line goes.
    unset_first: bool,
}

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options that change environment variables")]
struct Flags {
    /// Begin with an empty environment
    #[arg(short, long = "ignore-env", alias = "ignore-environment")]
    ignore: bool,
    /// Keep a variable in spite of --ignore-env
    #[arg(short, long = "keep-env-var", alias = "keep", value_name = "NAME")]
    keep: Vec<String>,
    /// Take a variable away
    #[arg(short, long = "unset-env-var", alias = "unset", value_name = "NAME")]
    unset: Vec<String>,
    /// Set a variable
    #[arg(short, long = "set-env-var", num_args = 2, value_names = ["NAME", "VALUE"], action = clap::ArgAction::Append)]
    set: Vec<String>,
}

impl Args for EnvironmentArguments {
    fn augment_args(command: Command) -> Command {
        Flags::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Flags::augment_args_for_update(command)
    }
}

impl FromArgMatches for EnvironmentArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let first = |name| matches.indices_of(name).and_then(|mut indices| indices.next());
        let unset_first = match (first("unset"), first("set")) {
            (Some(unset), Some(set)) => unset < set,
            _ => false,
        };
        Ok(EnvironmentArguments { flags: Flags::from_arg_matches(matches)?, unset_first })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl EnvironmentArguments {
    /// The environment that remains of this process's.
    ///
    /// # Errors
    /// The arguments contradict each other.
    pub fn environment(&self) -> Result<BTreeMap<OsString, OsString>, Failure> {
        if let Some(contradiction) = self.contradiction() {
            return Err(Failure::new(format!("error: {contradiction}")));
        }
        let kept = |name: &OsString| match self.flags.ignore {
            true => self.flags.keep.iter().any(|kept| kept.as_str() == name),
            false => !self.flags.unset.iter().any(|unset| unset.as_str() == name),
        };
        let mut environment: BTreeMap<_, _> =
            std::env::vars_os().filter(|(name, _)| kept(name)).collect();
        for pair in self.flags.set.chunks_exact(2) {
            environment.insert(pair[0].clone().into(), pair[1].clone().into());
        }
        Ok(environment)
    }

    /// What is wrong with the arguments, in the words of the reference.
    fn contradiction(&self) -> Option<String> {
        if self.flags.ignore && !self.flags.unset.is_empty() {
            return Some("--unset-env-var does not make sense with --ignore-env".to_owned());
        }
        if !self.flags.ignore && !self.flags.keep.is_empty() {
            return Some("--keep-env-var does not make sense without --ignore-env".to_owned());
        }
        let mut seen = std::collections::BTreeSet::new();
        let names = self.flags.set.iter().step_by(2);
        if let Some(name) = names.clone().find(|name| !seen.insert(*name)) {
            return Some(format!(
                "Duplicate definition of environment variable '{name}' with '--set-env-var' is ambiguous"
            ));
        }
        let name = names.clone().find(|name| self.flags.unset.contains(name))?;
        Some(match self.unset_first {
            true => format!(
                "Cannot set environment variable '{name}' that is unset with '--unset-env-var'"
            ),
            false => format!(
                "Cannot unset environment variable '{name}' that is set with '--set-env-var'"
            ),
        })
    }
}
