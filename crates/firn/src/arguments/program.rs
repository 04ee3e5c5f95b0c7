//! Arguments of commands that start a program: what it sees of the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::Args;

use crate::exit::Failure;

/// The environment of the program.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options that change environment variables")]
pub struct EnvironmentArguments {
    /// Begin with an empty environment
    #[arg(short, long = "ignore-env", alias = "ignore-environment")]
    ignore: bool,
    /// Keep a variable in spite of --ignore-env
    #[arg(short, long = "keep-env-var", alias = "keep", value_name = "NAME", requires = "ignore")]
    keep: Vec<String>,
    /// Take a variable away
    #[arg(short, long = "unset-env-var", alias = "unset", value_name = "NAME")]
    unset: Vec<String>,
    /// Set a variable
    #[arg(short, long = "set-env-var", num_args = 2, value_names = ["NAME", "VALUE"], action = clap::ArgAction::Append)]
    set: Vec<String>,
}

impl EnvironmentArguments {
    /// The environment that remains of this process's.
    ///
    /// # Errors
    /// A variable is both kept and taken away, or set and taken away.
    pub fn environment(&self) -> Result<BTreeMap<OsString, OsString>, Failure> {
        let set: Vec<&String> = self.set.iter().step_by(2).collect();
        if let Some(name) = self.unset.iter().find(|n| self.keep.contains(n) || set.contains(n)) {
            return Err(Failure::new(format!(
                "error: the variable '{name}' is to be taken away, and kept or set as well"
            )));
        }
        let kept = |name: &OsString| match self.ignore {
            true => self.keep.iter().any(|kept| kept.as_str() == name),
            false => !self.unset.iter().any(|unset| unset.as_str() == name),
        };
        let mut environment: BTreeMap<_, _> =
            std::env::vars_os().filter(|(name, _)| kept(name)).collect();
        for pair in self.set.chunks_exact(2) {
            environment.insert(pair[0].clone().into(), pair[1].clone().into());
        }
        Ok(environment)
    }
}
