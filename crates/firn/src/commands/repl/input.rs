//! Reading lines: with an editor on a terminal, else as they come.

use std::cell::RefCell;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::rc::Rc;

use rustyline::error::ReadlineError;
use rustyline::history::{History, MemHistory, SearchDirection};
use rustyline::{Config, Editor};

use super::completion::Completion;
use super::session::Session;
use crate::exit::Failure;

const PROMPT: &str = "nix-repl> ";
const CONTINUATION: &str = "        > ";

/// Lines of history that are kept.
const KEPT: usize = 1000;

/// What the user did.
pub enum Line {
    /// A line.
    Text(String),
    /// Ctrl-C: what was typed is forgotten.
    Interrupted,
    /// The end of input.
    End,
}

/// Where lines come from.
pub enum Input {
    /// A person.
    Terminal(Box<Editor<Completion, MemHistory>>, PathBuf),
    /// A file or pipe; whether lines are repeated behind their prompts.
    Plain { echo: bool },
}

impl Input {
    /// Input as the process has it.
    ///
    /// # Errors
    /// The terminal can't be set up.
    pub fn new(session: &Rc<RefCell<Session>>) -> Result<Input, Failure> {
        if !std::io::stdin().is_terminal() {
            // The reference's own tests compare sessions with prompts.
            let echo = std::env::var("_NIX_TEST_REPL_ECHO").is_ok_and(|flag| flag == "1");
            return Ok(Input::Plain { echo });
        }
        let config = Config::builder().max_history_size(KEPT)?.auto_add_history(false).build();
        let mut editor = Editor::with_history(config, MemHistory::new())?;
        editor.set_helper(Some(Completion::new(session.clone())));
        let file = session.borrow().context.environment.data.join("nix/repl-history");
        for line in std::fs::read_to_string(&file).unwrap_or_default().lines() {
            editor.add_history_entry(line)?;
        }
        Ok(Input::Terminal(Box::new(editor), file))
    }

    /// The next line; `first` unless it continues the line before.
    pub fn line(&mut self, first: bool) -> Result<Line, Failure> {
        let prompt = if first { PROMPT } else { CONTINUATION };
        match self {
            Input::Plain { echo } => {
                let mut line = Vec::new();
                if std::io::stdin().lock().read_until(b'\n', &mut line)? == 0 {
                    return Ok(Line::End);
                }
                let line = String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned();
                if *echo {
                    println!("{prompt}{line}");
                }
                Ok(Line::Text(line))
            }
            Input::Terminal(editor, _) => match editor.readline(prompt) {
                Ok(line) => {
                    if !line.trim().is_empty() {
                        editor.add_history_entry(&line)?;
                    }
                    Ok(Line::Text(line))
                }
                Err(ReadlineError::Interrupted) => Ok(Line::Interrupted),
                Err(ReadlineError::Eof) => Ok(Line::End),
                Err(error) => Err(error.into()),
            },
        }
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        let Input::Terminal(editor, file) = self else { return };
        let history = editor.history();
        let line = |index| history.get(index, SearchDirection::Forward).ok().flatten();
        let lines = (0..history.len()).filter_map(line);
        let lines: String =
            lines.map(|found| format!("{}\n", found.entry.replace('\n', " "))).collect();
        // A history that can't be kept is no reason to complain when a session ends.
        let folder = file.parent().map(std::fs::create_dir_all);
        if matches!(folder, Some(Ok(()))) && history.len() > 0 {
            let _ = std::fs::write(file, lines);
        }
    }
}
