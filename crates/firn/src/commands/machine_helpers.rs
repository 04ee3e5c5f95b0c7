//! `firn __container`, `firn __agent`, `firn __kvm-probe`, `firn __partitioned-disk` and `nixos-test-driver`: the
//! processes that machines and tests consist of.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use firn_events::{Null, Reporter};
use firn_machine::image::disk::{DiskContent, DiskPlan};
use firn_testdriver::{Config, Junit, Log, Mode, RunOptions, XmlLog, parse_backend, run_test};

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

/// Connects its standard streams to a port: `firn __connect HOST PORT`. QEMU starts it for each connection
/// of a machine that leads to its host.
pub fn connect(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let word = |at: usize| arguments.get(at).map(|word| word.to_string_lossy().into_owned());
    let (Some(host), Some(port)) = (word(2), word(3)) else {
        return Err(Failure::new("error: __connect needs a host and a port"));
    };
    let mut reader = std::net::TcpStream::connect(format!("{host}:{port}"))?;
    let mut writer = reader.try_clone()?;
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut writer);
        let _ = writer.shutdown(std::net::Shutdown::Write);
    });
    std::io::copy(&mut reader, &mut std::io::stdout().lock())?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a disk with a root that firmware starts: `firn __partitioned-disk FILE MIB LOADER MKFS ROOT`, for the script
/// that starts a machine (`system.build.vmWithBootLoader`). The loader is an image of an EFI system partition, or for
/// BIOS a folder with GRUB's `boot.img` and `core.img`.
pub fn partitioned_disk(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let [_, _, file, size, loader, mkfs, root] = arguments.as_slice() else {
        return Err(Failure::new(
            "error: __partitioned-disk needs a file, MiB, a loader, mkfs and a root",
        ));
    };
    let size = size.to_string_lossy();
    let size = size.parse().map_err(|_| Failure::new(format!("error: '{size}' are no MiB")))?;
    let [file, loader, mkfs, root] = [file, loader, mkfs, root].map(PathBuf::from);
    let root = Some(root);
    let content = if loader.is_dir() {
        let [sector, core] = ["boot.img", "core.img"].map(|name| loader.join(name));
        DiskContent::Bios { size, sector, core, mkfs, root }
    } else {
        DiskContent::Partitioned { size, boot: loader, mkfs, root }
    };
    let made = DiskPlan { file, content }.make();
    made.map_err(|error| Failure::new(format!("error: {}", error.message)))?;
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
    #[arg(value_name = "SCRIPT")]
    script: Option<PathBuf>,
    /// The same
    #[arg(long, value_name = "SCRIPT")]
    test_script: Option<PathBuf>,
    /// Where the test's files go
    #[arg(short, long, alias = "output_directory", default_value = ".", value_name = "FOLDER")]
    output_directory: PathBuf,
    /// Start a Python prompt instead of running the script
    #[arg(short = 'I', long, overrides_with = "no_interactive")]
    interactive: bool,
    /// Run the script, also where the driver was made for a prompt
    #[arg(long)]
    no_interactive: bool,
    /// Seconds after which the script fails
    #[arg(long, value_name = "SECONDS")]
    global_timeout: Option<u64>,
    /// Run every node this way: vm, container or auto
    #[arg(long)]
    backend: Option<String>,
    /// Write the results as JUnit XML to this file
    #[arg(long, value_name = "FILE")]
    junit_xml: Option<PathBuf>,
    /// Keep the machines' folders with their disks, and go on with those of an earlier run
    #[arg(short = 'K', long, visible_alias = "keep-vm-state")]
    keep_machine_state: bool,
    /// Leave out the driver's own lines below this level: debug, info, warning or error
    #[arg(long, env = "logLevel")]
    log_level: Option<String>,
    /// Accepted for scripts of other drivers
    #[arg(long, hide = true, num_args = 1)]
    debug_hook_attach: Option<String>,
    /// The same: the configuration says it
    #[arg(long, hide = true, num_args = 1..)]
    start_scripts: Vec<String>,
    /// The same
    #[arg(long, hide = true, num_args = 1..)]
    vlans: Vec<String>,
    /// The same
    #[arg(long, hide = true, num_args = 1)]
    dump_vsocks: Option<u32>,
}

/// Runs `nixos-test-driver` with the process's arguments.
pub fn test_driver(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let arguments = match DriverArguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let mut config = Config::read(&arguments.config).map_err(Failure::new)?;
    if let Some(script) = arguments.test_script.or(arguments.script) {
        config.test_script = script;
    }
    if let Some(backend) = &arguments.backend {
        config.backend = Some(parse_backend(backend).map_err(Failure::new)?);
    }
    if let Some(seconds) = arguments.global_timeout {
        config.global_timeout = seconds;
    }
    let folder = std::env::temp_dir().join(format!("firn-t{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let states = arguments.keep_machine_state.then(std::env::temp_dir);
    if let Some(level) = arguments.log_level.as_deref().filter(|level| !level.is_empty()) {
        config.log_level = level.parse().map_err(Failure::new)?;
    }
    let interactive = arguments.interactive && !arguments.no_interactive;
    let mode = if interactive { Mode::Interactive } else { Mode::Run };
    let options = RunOptions {
        out_dir: std::fs::canonicalize(&arguments.output_directory)?,
        folder: folder.clone(),
        states: states.clone(),
        program: PathBuf::from("/proc/self/exe"),
        mode,
    };
    let junit = Arc::new(Junit::new(Arc::new(Null)));
    let log = Log::new(std::io::stderr(), Reporter::new(junit.clone()));
    if let Some(file) = std::env::var_os("LOGFILE").filter(|file| !file.is_empty()) {
        log.also_to(XmlLog::new(std::fs::File::create(file)?));
    }
    let result = run_test(config, log.clone(), &options);
    log.end_xml();
    if let Some(file) = arguments.junit_xml {
        std::fs::write(file, junit.to_xml())?;
    }
    if let Some(states) = states {
        eprintln!("note: the machines' folders are '{}/vm-state-*'", states.display());
    }
    let _ = std::fs::remove_dir_all(&folder);
    let failed = |text| Failure::new(format!("error: {text}"));
    result.map(|()| ExitCode::SUCCESS).map_err(failed)
}
