//! Arguments of commands that work on store paths.

use clap::Args;
use firn_formats::StorePathSet;
use firn_store::closure;

use crate::context::Context;
use crate::derived;
use crate::exit::Failure;
use crate::installable::SourceArguments;

/// Which store paths.
#[derive(Args)]
pub struct PathsArguments {
    /// Store paths, links to them, or packages that were built
    pub installables: Vec<String>,
    /// Every path in the store
    #[arg(long)]
    pub all: bool,
    /// Everything that the paths need too
    #[arg(short, long)]
    pub recursive: bool,
    /// The derivations themselves, not what they make
    #[arg(long)]
    pub derivation: bool,
    #[command(flatten)]
    pub source: SourceArguments,
}

impl PathsArguments {
    /// The paths; nothing is built.
    ///
    /// # Errors
    /// An installable can't be evaluated, or is not known before it is built.
    pub fn paths(&self, context: &Context) -> Result<StorePathSet, Failure> {
        let store = context.store()?;
        if self.all {
            return match self.installables.is_empty() {
                true => Ok(store.all_valid()?),
                false => Err(Failure::new("error: '--all' does not expect arguments")),
            };
        }
        let paths = derived::paths(context, &self.source, &self.installables, self.derivation)?;
        if self.recursive { Ok(closure(&*store, &paths)?) } else { Ok(paths) }
    }
}
