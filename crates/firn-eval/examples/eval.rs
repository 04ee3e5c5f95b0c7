//! Evaluates a file strictly and prints it: `eval FILE…`, or `eval -E EXPRESSION`.

use std::io::Write;
use std::process::ExitCode;
use std::rc::Rc;

use firn_eval::{Machine, Pos, Settings};

#[path = "../tests/support/host.rs"]
mod host;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    firn_eval::stack::run(|| run(&arguments)).unwrap_or(ExitCode::FAILURE)
}

fn run(arguments: &[String]) -> ExitCode {
    let settings = Settings { features: vec!["pipe-operators".into()], ..Settings::default() };
    let mut m = Machine::new(Rc::new(host::FileHost), settings, &[]);
    let result = match arguments {
        [flag, text] if flag == "-E" => {
            m.eval_text(firn_source::Origin::String, text.as_bytes(), "/")
        }
        [path, ..] => {
            let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
            m.eval_file(path.to_string_lossy().as_bytes(), Pos::NONE)
        }
        [] => return ExitCode::FAILURE,
    };
    let text = result.and_then(|v| m.force_deep(v)).and_then(|v| m.print_ambiguous(v));
    match text {
        Ok(text) => {
            let mut out = std::io::stdout().lock();
            let done = out.write_all(&text).and_then(|()| out.write_all(b"\n"));
            if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(raised) => {
            let error = m.take_error(raised);
            eprintln!("{}", m.render_error(&error, true));
            ExitCode::FAILURE
        }
    }
}
