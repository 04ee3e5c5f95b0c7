//! `firn store …`: what is in the store.

mod add;
mod collect;
mod content;
mod content_address;
mod diff_closures;
mod info;
mod prefetch_file;
mod repair;
mod verify;

pub use add::base_name;
pub use collect::optimise;
pub use repair::mend;
pub use verify::check_content;

use std::process::ExitCode;

use clap::Subcommand;

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;

/// The sub-commands of `firn store`.
#[derive(Subcommand)]
pub enum Command {
    /// Add a file or folder to the store
    Add(add::Arguments),
    /// Add a file to the store, addressed by its bytes
    AddFile(add::Arguments),
    /// Add a file or folder to the store
    AddPath(add::Arguments),
    /// Print a file in the store
    Cat(content::CatArguments),
    /// Delete paths that nothing needs
    Delete(collect::DeleteArguments),
    /// Show what differs between the closures of two paths
    DiffClosures(Box<diff_closures::Arguments>),
    /// Write the NAR of a path
    DumpPath(content::DumpArguments),
    /// Delete everything that no root needs
    Gc(collect::GcArguments),
    /// Say which store this is
    #[command(alias = "ping")]
    Info(info::Arguments),
    /// List a folder in the store
    Ls(content::LsArguments),
    /// Make copies of paths that are named by their contents
    MakeContentAddressed(Box<content_address::Arguments>),
    /// Replace equal files by hard links
    #[command(alias = "optimize")]
    Optimise(collect::OptimiseArguments),
    /// Print the path that a hash begins
    PathFromHashPart(info::HashPartArguments),
    /// Fetch a file into the store
    PrefetchFile(prefetch_file::Arguments),
    /// Build paths again that are damaged
    Repair(repair::Arguments),
    /// Sign paths
    Sign(info::SignArguments),
    /// Check that contents are what was registered
    Verify(verify::Arguments),
}

/// Runs a sub-command.
pub fn run(command: Command, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    match command {
        Command::Add(arguments) => add::add(&arguments, &context),
        Command::AddFile(arguments) => add::add_file(&arguments, &context),
        Command::AddPath(arguments) => add::add(&arguments, &context),
        Command::Cat(arguments) => content::cat(&arguments, &context),
        Command::Delete(arguments) => collect::delete(&arguments, &context),
        Command::DiffClosures(arguments) => diff_closures::run(&arguments, &context),
        Command::DumpPath(arguments) => content::dump(&arguments, &context),
        Command::Gc(arguments) => collect::gc(&arguments, &context),
        Command::Info(arguments) => info::run(&arguments, &context),
        Command::Ls(arguments) => content::ls(&arguments, &context),
        Command::MakeContentAddressed(arguments) => content_address::run(&arguments, &context),
        Command::Optimise(_) => collect::optimise(&context),
        Command::PathFromHashPart(arguments) => info::path_from_hash_part(&arguments, &context),
        Command::PrefetchFile(arguments) => prefetch_file::run(&arguments, &context),
        Command::Repair(arguments) => repair::run(&arguments, &context),
        Command::Sign(arguments) => info::sign(&arguments, &context),
        Command::Verify(arguments) => verify::run(&arguments, &context),
    }
}
