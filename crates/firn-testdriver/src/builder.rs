//! `builtin:nixos-test`: the builder of a test derivation.

use crate::artefacts::Artefacts;
use crate::config::{BackendChoice, Config};
use crate::folder::ShortFolder;
use crate::log::Log;
use crate::rpc::Mode;
use crate::run::{RunOptions, run_test};
use firn_events::wire::LineSink;
use firn_events::{Null, Reporter};
use firn_store::{ARTEFACTS, BuiltinBuilder, BuiltinJob};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs the test that the attribute `driverConfig` describes; the output holds what the script put there.
///
/// Attributes: `driverConfig`, the path of the JSON file; `mode`, `run` (default) or
/// `shell` (a prompt at the terminal); `backend`, `vm` or `container` to override what nodes say; `keep`, not empty
/// to have the machines' folders in the scratch folder of a shell, and leave them there.
pub struct NixosTest;

impl BuiltinBuilder for NixosTest {
    fn name(&self) -> &'static str {
        "nixos-test"
    }

    fn build(&self, job: &BuiltinJob) -> Result<(), String> {
        let mut config = Config::read(Path::new(job.require("driverConfig")?))?;
        if let Some(backend) = job.text("backend").filter(|text| !text.is_empty()) {
            config.backend = Some(parse_backend(backend)?);
        }
        let mode = match job.text("mode") {
            Some("shell") => return shell(config, job),
            _ => Mode::Run,
        };
        let out_dir = job.outputs.get("out").ok_or("a test needs the output `out`")?;
        std::fs::create_dir_all(out_dir)
            .map_err(|error| format!("cannot make {}: {error}", out_dir.display()))?;
        let artefacts = Artefacts::new(job.tmp_dir.join(ARTEFACTS))
            .map_err(|error| format!("cannot make a folder for artefacts: {error}"))?;
        let folder = ShortFolder::new(&job.tmp_dir)?;
        let options = RunOptions {
            out_dir: out_dir.clone(),
            folder: folder.path.clone(),
            states: None,
            program: PathBuf::from("/proc/self/exe"),
            mode,
        };
        let events = Reporter::new(Arc::new(LineSink::new(std::io::stderr())));
        let out = artefacts
            .log_to(std::io::stderr())
            .map_err(|error| format!("cannot write the log: {error}"))?;
        let result = run_test(config, Log::new(out, events), &options);
        if result.is_err() {
            artefacts.take(out_dir);
            folder.keep();
        }
        result
    }
}

/// A prompt at the terminal; files of the script go to the scratch folder.
fn shell(config: Config, job: &BuiltinJob) -> Result<(), String> {
    let folder = ShortFolder::new(&job.tmp_dir)?;
    let options = RunOptions {
        out_dir: job.tmp_dir.clone(),
        folder: folder.path.clone(),
        states: job.text("keep").filter(|text| !text.is_empty()).map(|_| job.tmp_dir.clone()),
        program: PathBuf::from("/proc/self/exe"),
        mode: Mode::Interactive,
    };
    run_test(config, Log::new(std::io::stderr(), Reporter::new(Arc::new(Null))), &options)
}

/// Reads the name of a backend.
pub fn parse_backend(text: &str) -> Result<BackendChoice, String> {
    match text {
        "auto" => Ok(BackendChoice::Auto),
        "vm" => Ok(BackendChoice::Vm),
        "container" => Ok(BackendChoice::Container),
        other => Err(format!("'{other}' is no backend; there are `auto`, `vm` and `container`")),
    }
}
