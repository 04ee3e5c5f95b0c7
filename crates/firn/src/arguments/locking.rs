//! Arguments of commands that use a flake's lock file.

use std::path::PathBuf;

use clap::Args;
use firn_flake::lock::InputPath;
use firn_flake::locked::{LockRequest, Write};
use firn_flake::locking::LockOptions;
use firn_flake::reference::{Base, FlakeRef};

use crate::exit::Failure;

/// What may happen to the lock file.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of flakes and their lock files")]
pub struct LockingArguments {
    /// Take an input from another flake, such as `--override-input nixpkgs base`
    #[arg(long, num_args = 2, value_names = ["INPUT", "FLAKE"], action = clap::ArgAction::Append)]
    override_input: Vec<String>,
    /// Lock an input anew
    #[arg(long, value_name = "INPUT", hide = true)]
    update_input: Vec<String>,
    /// Use the new lock file without writing it
    #[arg(long)]
    no_write_lock_file: bool,
    /// Fail where the lock file would have to change
    #[arg(long)]
    no_update_lock_file: bool,
    /// Lock all inputs anew
    #[arg(long)]
    recreate_lock_file: bool,
    /// Commit the lock file where it changes
    #[arg(long)]
    commit_lock_file: bool,
    /// Compute the lock file from this one instead of the flake's
    #[arg(long, value_name = "PATH")]
    reference_lock_file: Option<PathBuf>,
    /// Write the lock file there instead of into the flake
    #[arg(long, value_name = "PATH")]
    output_lock_file: Option<PathBuf>,
    /// Look no names up in registries
    #[arg(long)]
    pub no_registries: bool,
}

impl LockingArguments {
    /// The request that the arguments make. `folder` is what relative paths start from.
    ///
    /// # Errors
    /// A reference or the name of an input can't be read; flags contradict each other.
    pub fn request(
        &self,
        folder: &std::path::Path,
        only_locked: bool,
    ) -> Result<LockRequest, Failure> {
        let mut options = LockOptions {
            recreate: self.recreate_lock_file,
            only_locked,
            ..LockOptions::default()
        };
        for pair in self.override_input.chunks_exact(2) {
            let reference =
                FlakeRef::parse_input(&pair[1], Base::Folder(folder), true).map_err(|error| {
                    Failure::new(format!(
                        "error: in '--override-input {} {}': {error}",
                        pair[0], pair[1]
                    ))
                })?;
            options.overrides.insert(input_path(&pair[0])?, reference);
        }
        for input in &self.update_input {
            options.updates.insert(input_path(input)?);
        }
        Ok(LockRequest {
            // An override is for this run only.
            write: self.write(!options.overrides.is_empty())?,
            options,
            output: self.output_lock_file.clone(),
            reference: self.reference_lock_file.clone(),
            allow_dirty: false,
        })
    }

    fn write(&self, has_overrides: bool) -> Result<Write, Failure> {
        match (self.commit_lock_file, self.no_write_lock_file, self.no_update_lock_file) {
            (true, true, _) | (true, _, true) => Err(Failure::new(
                "error: '--commit-lock-file' does not go together with '--no-write-lock-file' or '--no-update-lock-file'",
            )),
            (_, true, _) => Ok(Write::No),
            (_, _, true) => Ok(Write::Refuse),
            (true, _, _) => Ok(Write::Commit(String::new())),
            _ if has_overrides => Ok(Write::No),
            _ => Ok(Write::Yes),
        }
    }
}

/// Reads `a/b`: the input `b` of the input `a`.
pub fn input_path(text: &str) -> Result<InputPath, Failure> {
    let names: InputPath =
        text.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    match names.iter().find(|name| !firn_fetch::input::is_flake_id(name)) {
        Some(bad) => {
            Err(Failure::new(format!("error: invalid flake input attribute path element '{bad}'")))
        }
        None if names.is_empty() => Err(Failure::new("error: the name of an input is empty")),
        None => Ok(names),
    }
}
