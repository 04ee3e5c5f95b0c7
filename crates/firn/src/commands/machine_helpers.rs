//! `firn __container`, `firn __agent`, `firn __kvm-probe` and `nixos-test-driver`: the processes that machines and tests consist
//! of.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use firn_events::{Null, Reporter};
use firn_testdriver::{Config, Log, Mode, RunOptions, parse_backend, run_test};

use crate::exit::Failure;

/// Makes and supervises one container; see `firn_machine::container`.
pub fn container(_arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let status = firn_machine::container::run_helper();
    Ok(ExitCode::from(u8::try_from(status).unwrap_or(255)))
}

/// Runs a guest of three instructions; see `firn_machine::qemu::probe`.
pub fn kvm_probe(_arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let status = firn_machine::qemu::probe::run_probe();
    Ok(ExitCode::from(u8::try_from(status).unwrap_or(255)))
}

/// The agent inside a machine: `firn __agent SHELL [initrd]`.
pub fn agent(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let shell = arguments.get(2).map_or_else(|| PathBuf::from("/bin/bash"), PathBuf::from);
    let initrd = arguments.get(3).is_some_and(|word| word == "initrd");
    firn_machine::agent::run_agent(shell, initrd)?;
    Ok(ExitCode::SUCCESS)
}

/// Runs a test outside a build, as the `driver` attribute of a test does.
#[derive(Parser)]
#[command(name = "nixos-test-driver")]
struct DriverArguments {
    /// The driver's configuration (JSON)
    #[arg(short, long, env = "driverConfig")]
    config: PathBuf,
    /// Use this script instead of the configuration's
    #[arg(long)]
    test_script: Option<PathBuf>,
    /// Where the test's files go
    #[arg(short, long, default_value = ".")]
    output_directory: PathBuf,
    /// Start a Python prompt instead of running the script
    #[arg(short = 'I', long)]
    interactive: bool,
    /// Only look for mistakes in the script
    #[arg(long)]
    check: bool,
    /// Run every node this way: vm, container or auto
    #[arg(long)]
    backend: Option<String>,
}

/// Runs `nixos-test-driver` with the process's arguments.
pub fn test_driver(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let arguments = match DriverArguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let mut config = Config::read(&arguments.config).map_err(Failure::new)?;
    if let Some(script) = arguments.test_script {
        config.test_script = script;
    }
    if let Some(backend) = &arguments.backend {
        config.backend = Some(parse_backend(backend).map_err(Failure::new)?);
    }
    let folder = std::env::temp_dir().join(format!("firn-t{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let mode = match (arguments.check, arguments.interactive) {
        (true, _) => Mode::Check,
        (_, true) => Mode::Interactive,
        _ => Mode::Run,
    };
    let options = RunOptions {
        out_dir: std::fs::canonicalize(&arguments.output_directory)?,
        folder: folder.clone(),
        program: PathBuf::from("/proc/self/exe"),
        mode,
    };
    let log = Log::new(std::io::stderr(), Reporter::new(Arc::new(Null)));
    let result = run_test(config, log, &options);
    let _ = std::fs::remove_dir_all(&folder);
    // The log has told why already.
    result.map(|()| ExitCode::SUCCESS).map_err(|_| Failure::new(""))
}
