//! `nix-instantiate`: evaluate, parse or instantiate expressions.

mod host;
mod run;

use std::ffi::OsString;
use std::process::ExitCode;
use std::rc::Rc;

use firn_eval::Settings;

use crate::exit::Failure;

/// Runs `nix-instantiate` with the process's arguments.
pub fn main(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let arguments: Vec<String> =
        arguments.iter().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    let options =
        run::Options::read(&arguments).map_err(|e| Failure::new(format!("error: {e}")))?;
    if !options.eval && !options.parse {
        return Err(Failure::new("error: nix-instantiate without --eval is not there yet"));
    }
    let (status, text) = firn_eval::stack::run(|| {
        let settings = run::settings(&options, Settings::default());
        run::run(&options, Rc::new(host::FileHost), settings, &[])
    })?;
    if !text.is_empty() {
        eprintln!("{text}");
    }
    Ok(ExitCode::from(status))
}
