//! Activation: makes the machine's files what its configuration says, at boot and at each switch.
//!
//! Every step can run again without harm. A step that fails is reported and the others go on, for
//! a machine that half starts can be mended and one that stops can't.

mod accounts;
mod etc;
mod home;
mod ids;
mod layout;
mod password;
mod plan;
mod snippets;
mod users;
mod wrappers;

pub use plan::Plan;

use crate::{Error, Result};
use plan::Step;
use std::path::{Path, PathBuf};

/// What an activation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The machine starts.
    Boot,
    /// The running machine changes to this system.
    Switch,
    /// Only what would happen is said.
    Dry,
}

impl Action {
    /// What snippets see as `NIXOS_ACTION`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Switch => "switch",
            Self::Dry => "dry-activate",
        }
    }
}

/// One activation.
#[derive(Debug)]
pub struct Activation {
    /// Folder of the system.
    pub toplevel: PathBuf,
    /// Root of the machine's files; `/` but in tests.
    pub root: PathBuf,
    /// Why it happens.
    pub action: Action,
    /// What to do.
    pub plan: Plan,
}

impl Activation {
    /// An activation of the system in `toplevel`.
    ///
    /// # Errors
    /// When its plan can't be read.
    pub fn new(toplevel: &Path, root: &Path, action: Action) -> Result<Self> {
        let plan = Plan::of(toplevel)?;
        Ok(Self { toplevel: toplevel.to_owned(), root: root.to_owned(), action, plan })
    }

    /// `place`, an absolute path of the machine, below the root.
    fn at(&self, place: &str) -> PathBuf {
        self.root.join(place.trim_start_matches('/'))
    }

    /// Runs all steps; returns what failed.
    pub fn run(&self) -> Vec<Error> {
        let mut failures = Vec::new();
        let mut rest = self.plan.steps.as_slice();
        while let Some(step) = rest.first() {
            let result = match step {
                Step::Builtin { builtin } => {
                    rest = &rest[1..];
                    self.builtin(builtin).map_err(|err| err.within(format!("step '{builtin}'")))
                }
                Step::Snippet { .. } => {
                    let count =
                        rest.iter().take_while(|s| matches!(s, Step::Snippet { .. })).count();
                    let (now, later) = rest.split_at(count);
                    rest = later;
                    snippets::run(self, now)
                }
            };
            failures.extend(result.err());
        }
        if self.action != Action::Dry {
            failures.extend(self.finish().err());
        }
        failures
    }

    fn builtin(&self, name: &str) -> Result<()> {
        if self.action == Action::Dry {
            return Ok(());
        }
        match STEPS.iter().find(|(known, _)| *known == name) {
            Some((_, step)) => step(self),
            None => Err(Error::new("this program has no such step")
                .with_help("activate the system with its own program")),
        }
    }

    /// Marks the system as the current one, and at boot as the booted one.
    fn finish(&self) -> Result<()> {
        crate::files::make_folder(&self.at("/run"))?;
        crate::files::link(&self.toplevel, &self.at("/run/current-system"))?;
        if self.action == Action::Boot {
            crate::files::link(&self.toplevel, &self.at("/run/booted-system"))?;
        }
        let roots = self.at("/nix/var/nix/gcroots");
        if roots.is_dir() {
            crate::files::link(Path::new("/run/current-system"), &roots.join("current-system"))?;
        }
        Ok(())
    }
}

type StepFunction = fn(&Activation) -> Result<()>;

/// Steps by name. Some names are only places in the order for snippets to refer to.
const STEPS: &[(&str, StepFunction)] = &[
    ("binsh", nothing),
    ("domain", nothing),
    ("etc", etc::run),
    ("groups", nothing),
    ("hostname", layout::host_name),
    ("modprobe", layout::modprobe),
    ("specialfs", nothing),
    ("stdio", nothing),
    ("udevd", nothing),
    ("users", users::run),
    ("usr", layout::usr),
    ("usrbinenv", nothing),
    ("var", layout::folders),
    ("wrappers", wrappers::run),
];

fn nothing(_: &Activation) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
