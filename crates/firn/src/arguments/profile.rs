//! Arguments of commands that update a profile (Nix manual, "Profiles").

use std::path::{Path, PathBuf};

use clap::Args;
use firn_formats::StorePath;
use firn_store::{Realised, Store};

use crate::commands::nix_env::add_generation;
use crate::context::Context;
use crate::exit::Failure;

/// The profile that a command updates.
#[derive(Args, Clone, Debug, Default)]
pub struct ProfileArguments {
    /// Make the result the next generation of this profile
    #[arg(long, value_name = "PATH")]
    profile: Option<PathBuf>,
}

impl ProfileArguments {
    /// Makes a path the newest generation, if a profile was named.
    ///
    /// # Errors
    /// A link can't be made.
    pub fn update(&self, context: &Context, path: &StorePath) -> Result<(), Failure> {
        let Some(profile) = &self.profile else { return Ok(()) };
        let store = context.local_store()?;
        let shown = store.store_dir().display(path);
        add_generation(&store, std::path::absolute(profile)?, Path::new(&shown))
    }

    /// The same with what was built, which has to be one path.
    ///
    /// # Errors
    /// It is several; a link can't be made.
    pub fn update_with(&self, context: &Context, built: &[Realised]) -> Result<(), Failure> {
        if self.profile.is_none() {
            return Ok(());
        }
        let paths: Vec<_> = built.iter().flat_map(|one| one.outputs.values()).collect();
        match paths.as_slice() {
            [path] => self.update(context, path),
            paths => Err(Failure::new(format!(
                "error: '--profile' requires that the arguments produce a single store path, but there are {}",
                paths.len()
            ))),
        }
    }
}
