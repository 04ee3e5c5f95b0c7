//! The programs that a system's folder reaches: `init`, `prepare-root`, `activate`,
//! `switch-to-configuration`.
//! What they do is in `firn-system`; the folder is the one they are called from.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use firn_system::activate::{Action, Activation};
use firn_system::{stage1, stage2, switch};

use crate::exit::Failure;

const ACTIVATE_HELP: &str = "\
Make this machine's files what the system says, and touch no service

Usage: activate

  The system is the folder that the program is called from.
";

const SWITCH_HELP: &str = "\
Bring the running machine to the system

Usage: switch-to-configuration ACTION

  switch                  Take the system into use now, and at every start from now on
  boot                    Take it into use at the next start
  test                    Take it into use now, until the next start
  dry-activate            Say what would change
  check                   Say whether it could be taken into use

  The system is the folder above the program.
";

/// `init`: the first process, of the initial file system or of the machine.
pub fn init(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let result = if stage1::is_here() { stage1::main() } else { stage2::main(&arguments) };
    match result {
        Ok(never) => match never {},
        Err(err) => Err(err.into()),
    }
}

/// `prepare-root`: what `init` does before the service manager starts, for an initial file system whose own
/// service manager goes on in the machine.
pub fn prepare_root(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    stage2::prepare(&folder(&arguments, 1))?;
    Ok(ExitCode::SUCCESS)
}

/// `activate`: makes the machine's files what the system says, and touches no service.
pub fn activate(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    match arguments.get(1) {
        Some(word) if word == "--help" => {
            print!("{ACTIVATE_HELP}");
            return Ok(ExitCode::SUCCESS);
        }
        Some(word) if word.as_encoded_bytes().starts_with(b"-") => {
            let word = word.to_string_lossy();
            let text = format!("error: unrecognised flag '{word}'\nTry 'activate --help'.");
            return Err(Failure::new(text));
        }
        _ => {}
    }
    let activation = Activation::new(&folder(&arguments, 1), Path::new("/"), Action::Switch)?;
    let failures = activation.run();
    for err in &failures {
        eprintln!("error: {err}");
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `bin/switch-to-configuration`: brings the running machine to the system.
pub fn switch_to_configuration(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    if arguments.get(1).is_some_and(|word| word == "--help") {
        print!("{SWITCH_HELP}");
        return Ok(ExitCode::SUCCESS);
    }
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
