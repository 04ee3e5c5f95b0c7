//! `firn nar …`: archives as files.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use firn_formats::nar::{self, NarNode};

use super::listing::{self, ListOptions};
use crate::arguments::GlobalArguments;
use crate::exit::Failure;

/// The sub-commands of `firn nar`.
#[derive(Subcommand)]
pub enum Command {
    /// Print a file in an archive
    Cat(CatArguments),
    /// List an archive
    Ls(LsArguments),
    /// Write the archive of a file or folder
    #[command(alias = "dump-path")]
    Pack(PackArguments),
}

/// Which file to print.
#[derive(Args)]
pub struct CatArguments {
    /// The archive
    nar: PathBuf,
    /// The path in it
    path: String,
}

/// What to list.
#[derive(Args)]
pub struct LsArguments {
    /// The archive
    nar: PathBuf,
    /// The path in it
    path: String,
    #[command(flatten)]
    options: ListOptions,
}

/// What to pack.
#[derive(Args)]
pub struct PackArguments {
    /// The file or folder
    path: PathBuf,
}

/// Runs a sub-command.
pub fn run(command: Command, _global: &GlobalArguments) -> Result<ExitCode, Failure> {
    match command {
        Command::Cat(arguments) => cat(&arguments),
        Command::Ls(arguments) => ls(&arguments),
        Command::Pack(arguments) => pack(&arguments.path),
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path)
        .map_err(|e| Failure::new(format!("error: cannot open '{}': {e}", path.display())))
}

fn list(file: &File) -> Result<NarNode, Failure> {
    Ok(nar::list(BufReader::with_capacity(256 * 1024, file))?)
}

fn cat(arguments: &CatArguments) -> Result<ExitCode, Failure> {
    let mut file = open(&arguments.nar)?;
    let tree = list(&file)?;
    let Some(NarNode::File { size, offset, .. }) = tree.get(&arguments.path) else {
        return Err(Failure::new(format!(
            "error: NAR does not contain regular file '{}'",
            arguments.path
        )));
    };
    file.seek(SeekFrom::Start(*offset))?;
    std::io::copy(&mut file.take(*size), &mut std::io::stdout().lock())?;
    Ok(ExitCode::SUCCESS)
}

fn ls(arguments: &LsArguments) -> Result<ExitCode, Failure> {
    let tree = list(&open(&arguments.nar)?)?;
    let Some(node) = tree.get(&arguments.path) else {
        return Err(Failure::new(format!("error: path '{}' does not exist", arguments.path)));
    };
    listing::print(node, &arguments.path, &arguments.options, true)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the archive of a tree to standard output.
pub fn pack(path: &Path) -> Result<ExitCode, Failure> {
    let mut out = BufWriter::with_capacity(256 * 1024, std::io::stdout().lock());
    nar::dump_path(path, &mut out)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
