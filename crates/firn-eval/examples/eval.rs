//! `nix-instantiate --eval` with no store and nothing of the program around it: quick to build, for
//! measuring. Without options a file is evaluated strictly.

use std::process::ExitCode;
use std::rc::Rc;

#[path = "../tests/support/host.rs"]
mod host;
#[path = "../../firn/src/commands/nix_instantiate/run.rs"]
mod run;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut options = match run::Options::read(&arguments) {
        Ok(options) => options,
        Err(e) => {
            eprintln!("error: {e}");
            return ExitCode::FAILURE;
        }
    };
    options.show_trace |= std::env::var_os("SHOW_TRACE").is_some();
    options.strict |= !options.eval;
    let done = firn_eval::stack::run(|| {
        let settings = run::settings(&options, firn_eval::Settings::default());
        run::run(&options, Rc::new(host::FileHost), settings, &[])
    });
    let Ok((status, text)) = done else { return ExitCode::FAILURE };
    if !text.is_empty() {
        eprintln!("{text}");
    }
    ExitCode::from(status)
}
