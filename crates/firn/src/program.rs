//! Which program this is: firn answers to several names, as the reference does.
//!
//! The name is the last component of `argv[0]`. Names of the reference's programs
//! (`nix-instantiate`, …) select that program; `init`, `prepare-root`, `activate` and `switch-to-configuration`
//! are reached through a system closure; anything else is `firn` itself (and `nix` is its synonym).
//! A first argument that begins with two underscores is firn calling itself for a helper process.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use crate::exit::Failure;
use crate::{cli, commands};

/// What every program and helper looks like: all arguments, `argv[0]` included.
pub type Entry = fn(Vec<OsString>) -> Result<ExitCode, Failure>;

/// Programs by name. One line each.
const PROGRAMS: &[(&str, Entry)] = &[
    ("activate", commands::system::activate),
    ("init", commands::system::init),
    ("nix-build", commands::nix_build::main),
    ("nix-channel", commands::old_style::missing),
    ("nix-collect-garbage", commands::nix_collect_garbage::main),
    ("nix-copy-closure", commands::old_style::missing),
    ("nix-daemon", commands::old_style::missing),
    ("nix-env", commands::nix_env::main),
    ("nix-hash", commands::nix_hash::main),
    ("nix-instantiate", commands::nix_instantiate::main),
    ("nix-prefetch-url", commands::nix_prefetch_url::main),
    ("nix-shell", commands::nix_shell::main),
    ("nix-store", commands::nix_store::main),
    ("nixos-test-driver", commands::machine_helpers::test_driver),
    ("prepare-root", commands::system::prepare_root),
    ("switch-to-configuration", commands::system::switch_to_configuration),
];

/// Helper processes by their first argument (ARCHITECTURE.md, "Helper process"). One line each.
const HELPERS: &[(&str, Entry)] = &[
    ("__agent", commands::machine_helpers::agent),
    (firn_testdriver::CONNECT_COMMAND, commands::machine_helpers::connect),
    ("__container", commands::machine_helpers::container),
    ("__enter", crate::enter::helper),
    ("__sandbox", crate::building::sandbox_helper),
    ("__kvm-probe", commands::machine_helpers::kvm_probe),
    ("__partitioned-disk", commands::machine_helpers::partitioned_disk),
];

/// Runs the program that the arguments name.
pub fn run(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    if let Some(entry) = helper(&arguments) {
        return entry(arguments);
    }
    if asks_for_version(&arguments) && commands::old_style::answers_version(&arguments)? {
        return Ok(ExitCode::SUCCESS);
    }
    named_program(&arguments).unwrap_or(cli::main)(arguments)
}

/// Whether `--version` could be meant for a program of the reference: not for firn under its own name,
/// for a sub-command, or for the script that this interprets.
fn asks_for_version(arguments: &[OsString]) -> bool {
    let first = arguments.get(1).and_then(|first| first.to_str()).unwrap_or_default();
    first.starts_with('-') && arguments.first().is_some_and(|called| is_of_reference(called))
}

fn is_of_reference(called: &std::ffi::OsStr) -> bool {
    let name = Path::new(called).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name == "nix" || (name.starts_with("nix-") && find(PROGRAMS, name).is_some())
}

fn named_program(arguments: &[OsString]) -> Option<Entry> {
    let name = Path::new(arguments.first()?).file_name()?.to_str()?;
    find(PROGRAMS, name)
}

fn helper(arguments: &[OsString]) -> Option<Entry> {
    let name = arguments.get(1)?.to_str().filter(|name| name.starts_with("__"))?;
    find(HELPERS, name)
}

fn find(table: &[(&str, Entry)], name: &str) -> Option<Entry> {
    table.iter().find(|(known, _)| *known == name).map(|(_, entry)| *entry)
}

/// Whether this was called by a name, such as `nix`.
pub fn is_called(name: &str) -> bool {
    let called = std::env::args_os().next();
    called.is_some_and(|called| Path::new(&called).file_name().is_some_and(|own| own == name))
}
