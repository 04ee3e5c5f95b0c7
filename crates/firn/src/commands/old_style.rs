//! What the programs with names of their own (`nix-env`, `nix-instantiate`, …) have in common.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;

/// The version of the reference that the program answers as, also to scripts which ask for it.
pub const NIX_VERSION: &str = "2.34.8";

/// Programs of the reference that are not there, and what helps instead.
const MISSING: &[(&str, &str)] = &[
    (
        "nix-channel",
        "'NIX_PATH', '-I' and flake references name sources; '<nixpkgs>' is the built-in distribution",
    ),
    (
        "nix-copy-closure",
        "'nix-store --export' and 'nix-store --import' take paths to another machine",
    ),
    ("nix-daemon", "every user has a store of their own: '--store ~/.local/share/nix/root'"),
];

/// A program of the reference that is not there: says so.
pub fn missing(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let name = program_name(&arguments);
    let help = MISSING.iter().find(|(known, _)| *known == name).map_or("", |(_, help)| help);
    Err(Failure::new(format!("error: firn has no '{name}' yet\nhelp: {help}")))
}

/// The name by which the program was called.
fn program_name(arguments: &[OsString]) -> String {
    let called = arguments.first().map(Path::new).and_then(Path::file_name);
    called.map_or_else(|| "nix".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Answers `--version`, in more detail after `--verbose`; false when nobody asked.
///
/// # Errors
/// Details are wanted and the configuration can't be read.
pub fn answers_version(arguments: &[OsString]) -> Result<bool, Failure> {
    let before = |flag: &OsString| *flag != "--" && *flag != "--run" && *flag != "--command";
    let mut asked = arguments.iter().skip(1).take_while(|flag| before(flag));
    if !asked.clone().any(|argument| argument == "--version") {
        return Ok(false);
    }
    println!("{} (Nix) {NIX_VERSION}", program_name(arguments));
    if asked.any(|flag| flag == "--verbose" || flag.to_string_lossy().starts_with("-v")) {
        print_details()?;
    }
    Ok(true)
}

/// Systems and places, in the words of the reference.
fn print_details() -> Result<(), Failure> {
    let context = Context::new(&GlobalArguments::default())?;
    let files = &context.environment.config_files;
    let shown: Vec<_> = files.iter().map(|file| file.to_string_lossy()).collect();
    let (system, user) =
        shown.split_first().map_or(("", &shown[..]), |(first, rest)| (first, rest));
    let user: Vec<_> = user.iter().rev().map(|file| &**file).collect();
    println!("System type: {}", context.settings.text("system"));
    let platforms: Vec<_> = context.settings.list("extra-platforms").collect();
    println!("Additional system types: {}", platforms.join(", "));
    println!("Features: signed-caches");
    println!("System configuration file: {system}");
    println!("User configuration files: {}", user.join(":"));
    println!("Store directory: {}", context.store()?.store_dir());
    println!("Program: firn {}", env!("CARGO_PKG_VERSION"));
    Ok(())
}
