//! The program that runs after each build (`post-build-hook`; Nix manual, "Using the
//! post-build-hook").

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use firn_events::{Level, Reporter};

/// The program, and what it is told beside paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostBuildHook {
    /// The program.
    pub program: PathBuf,
    /// Its environment, to which `DRV_PATH` and `OUT_PATHS` are added.
    pub environment: BTreeMap<String, String>,
}

impl PostBuildHook {
    /// Runs it for one derivation and the outputs that were built; its lines go to the user.
    ///
    /// # Errors
    /// It can't be started or does not succeed: what happened, as text.
    pub fn run(&self, drv: &str, outputs: &[String], reporter: &Reporter) -> Result<(), String> {
        let shown = self.program.display();
        reporter.message(Level::Debug, format!("running post-build-hook '{shown}'..."));
        let (read, write) =
            std::io::pipe().map_err(|error| format!("cannot make a pipe: {error}"))?;
        let started = write.try_clone().and_then(|copy| {
            Command::new(&self.program)
                .env_clear()
                .envs(&self.environment)
                .env("DRV_PATH", drv)
                .env("OUT_PATHS", outputs.join(" "))
                .stdin(Stdio::null())
                .stdout(copy)
                .stderr(write)
                .spawn()
        });
        let mut child = started
            .map_err(|error| format!("cannot run the post-build-hook '{shown}': {error}"))?;
        for line in BufReader::new(read).lines().map_while(Result::ok) {
            reporter.message(Level::Info, format!("post-build-hook: {line}"));
        }
        match child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("program '{shown}' failed: {status}")),
            Err(error) => Err(format!("cannot wait for the post-build-hook '{shown}': {error}")),
        }
    }
}
