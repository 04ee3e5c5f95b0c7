//! `firn repl`: expressions typed one after the other, over a scope that grows.
//!
//! Nix manual, "nix repl". [`input`] reads, [`directives`] are the commands that begin with a colon,
//! [`session`] holds the scope.

mod building;
mod completion;
pub mod debugger;
mod directives;
mod documentation;
mod editor;
mod input;
mod loading;
mod session;

use std::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;

use clap::Args;
use firn_eval::Resume;

use crate::arguments::GlobalArguments;
use crate::exit::Failure;
use crate::installable::SourceArguments;
use input::{Input, Line};
use session::Session;

/// What to begin with.
#[derive(Args)]
pub struct Arguments {
    /// Flakes, or attributes of the file or expression, whose attributes are variables
    installables: Vec<String>,
    #[command(flatten)]
    source: SourceArguments,
}

/// What a line leads to.
pub enum Next {
    /// Another line.
    Prompt,
    /// More lines of the same input: it is not complete.
    More,
    /// The end.
    Quit,
    /// The end of a stop of the debugger.
    Continue(Resume),
}

/// Reads, evaluates and prints until the end of input.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let session = Session::new(&arguments, global)?;
    let session = Rc::new(RefCell::new(session));
    greet();
    session.borrow_mut().load_all();
    prompt(Input::new(&session)?, &session)?;
    Ok(ExitCode::SUCCESS)
}

/// Takes lines until something ends the session: says what.
fn prompt(mut input: Input, session: &Rc<RefCell<Session>>) -> Result<Next, Failure> {
    let mut text = String::new();
    loop {
        match input.line(text.is_empty())? {
            Line::End => {
                println!();
                return Ok(Next::Quit);
            }
            Line::Interrupted => {
                text.clear();
                continue;
            }
            Line::Text(line) => {
                text += &line;
                text.push('\n');
            }
        }
        let next = session.borrow_mut().take(&text);
        match next {
            end @ (Next::Quit | Next::Continue(_)) => return Ok(end),
            Next::More => continue,
            Next::Prompt => {}
        }
        text.clear();
        println!();
    }
}

fn greet() {
    let called = std::env::args().next().unwrap_or_default();
    let version = super::old_style::NIX_VERSION;
    match called.rsplit('/').next() {
        Some("nix") => eprintln!("Nix {version}"),
        _ => eprintln!("firn {} (Nix {version})", env!("CARGO_PKG_VERSION")),
    }
    eprintln!("Type :? for help.");
}
