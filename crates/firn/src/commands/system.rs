//! The programs that a system's folder reaches: `init`, `activate`, `switch-to-configuration`.
//! What they do is in `firn-system`; the folder is the one they are called from.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use firn_system::activate::{Action, Activation};
use firn_system::{stage1, stage2, switch};

use crate::exit::Failure;

/// `init`: the first process, of the initial file system or of the machine.
pub fn init(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let result = if stage1::is_here() { stage1::main() } else { stage2::main(&arguments) };
    match result {
        Ok(never) => match never {},
        Err(err) => Err(err.into()),
    }
}

/// `activate`: makes the machine's files what the system says, and touches no service.
pub fn activate(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let activation = Activation::new(&folder(&arguments, 1), Path::new("/"), Action::Switch)?;
    let failures = activation.run();
    for err in &failures {
        eprintln!("error: {err}");
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `bin/switch-to-configuration`: brings the running machine to the system.
pub fn switch_to_configuration(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let word = arguments.get(1).map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    let verb = switch::Verb::parse(&word)?;
    let _lock = switch::lock()?;
    let report = switch::run(&folder(&arguments, 2), verb, &mut |line| eprintln!("{line}"))?;
    for line in &report.failures {
        eprintln!("warning: {line}");
    }
    // 4 is what NixOS' program answers when units failed.
    Ok(if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(4) })
}

/// The system's folder, so many steps above the program.
fn folder(arguments: &[OsString], steps: usize) -> PathBuf {
    let called = arguments.first().map(PathBuf::from).unwrap_or_default();
    called.ancestors().nth(steps).map(Path::to_owned).unwrap_or_default()
}
