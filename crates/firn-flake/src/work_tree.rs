//! The repository around a flake on this machine's disk, as far as lock files are written into it.

use std::path::{Path, PathBuf};
use std::process::Command;

use firn_fetch::input::{Input, InputError};

use crate::flakes::Flakes;

/// A work tree of Git or Mercurial.
pub(crate) struct WorkTree {
    program: PathBuf,
    root: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Git,
    Mercurial,
}

impl WorkTree {
    /// The work tree that an input is, if it is one.
    pub(crate) fn of(flakes: &Flakes, input: &Input) -> Option<Self> {
        let (kind, program) = match input.kind() {
            "git" => (Kind::Git, &flakes.fetcher().git.0),
            "hg" => (Kind::Mercurial, &flakes.fetcher().hg.0),
            _ => return None,
        };
        Some(WorkTree { program: program.clone(), root: input.source_path()?, kind })
    }

    /// Its uppermost folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Makes the repository know a file.
    ///
    /// # Errors
    /// The program can't be run, or fails.
    pub(crate) fn add(&self, file: &Path) -> Result<(), InputError> {
        let file = file.to_string_lossy();
        match self.kind {
            Kind::Git => self.run(&["add", "--force", "--intent-to-add", "--", &file]),
            Kind::Mercurial => self.run(&["add", "--quiet", "--", &file]),
        }
    }

    /// Commits one file, named relative to the root.
    ///
    /// # Errors
    /// The program can't be run, or fails.
    pub(crate) fn commit(&self, file: &str, message: &str) -> Result<(), InputError> {
        self.run(&["commit", "--quiet", "--message", message, "--", file])
    }

    fn run(&self, arguments: &[&str]) -> Result<(), InputError> {
        let mut command = Command::new(&self.program);
        match self.kind {
            Kind::Git => command.arg("-C").arg(&self.root),
            // The root is a folder to work in, so that names are relative to it.
            Kind::Mercurial => command.arg("--cwd").arg(&self.root).env("HGPLAIN", ""),
        };
        let text = match command.args(arguments).output() {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        Err(InputError::new(format!(
            "cannot run '{} {}': {text}",
            self.program.display(),
            arguments.join(" ")
        )))
    }
}
