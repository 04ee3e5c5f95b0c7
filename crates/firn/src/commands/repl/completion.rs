//! Completing what was begun: commands, paths, variables, attributes.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use super::directives;
use super::session::Session;

/// Completes over a session.
pub struct Completion {
    session: Rc<RefCell<Session>>,
}

impl Completion {
    /// For a session.
    pub fn new(session: Rc<RefCell<Session>>) -> Self {
        Completion { session }
    }
}

impl Helper for Completion {}
impl Highlighter for Completion {}
impl Validator for Completion {}

impl Hinter for Completion {
    type Hint = String;
}

impl Completer for Completion {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let before = &line[..at];
        if before.starts_with(':') && !before.contains(' ') {
            let names = directives::names().filter(|name| name.starts_with(before));
            return Ok((0, names.map(str::to_owned).collect()));
        }
        let start = before.rfind(|c: char| " \n\r\t(){}[]".contains(c)).map_or(0, |i| i + 1);
        let word = &before[start..];
        let found = match self.session.try_borrow_mut() {
            Ok(mut session) => session.completions(word),
            Err(_) => BTreeSet::new(),
        };
        Ok((start, found.into_iter().collect()))
    }
}

impl Session {
    /// What a word may go on to be.
    pub fn completions(&mut self, word: &str) -> BTreeSet<String> {
        if let Some((folder, name)) = word.rsplit_once('/') {
            return in_folder(folder, name);
        }
        match word.rsplit_once('.') {
            Some((set, name)) => self.attributes(set, name),
            None => self.variables(word),
        }
    }

    fn variables(&mut self, begun: &str) -> BTreeSet<String> {
        let scope = self.scope;
        let own = self.names(scope);
        let globals = self.machine.global_variables();
        own.into_iter().chain(globals).filter(|name| name.starts_with(begun)).collect()
    }

    /// Attributes of what an expression evaluates to; errors on the way are nobody's business.
    fn attributes(&mut self, expression: &str, begun: &str) -> BTreeSet<String> {
        let Ok(value) = self.evaluate(expression) else { return BTreeSet::new() };
        let Some(set) = value.as_attrs() else { return BTreeSet::new() };
        let names = self.names(set).into_iter().filter(|name| name.starts_with(begun));
        names.map(|name| format!("{expression}.{name}")).collect()
    }
}

fn in_folder(folder: &str, begun: &str) -> BTreeSet<String> {
    let path = if folder.is_empty() { "/" } else { folder };
    let Ok(entries) = std::fs::read_dir(path) else { return BTreeSet::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter(|name| !name.starts_with('.') && name.starts_with(begun))
        .map(|name| format!("{folder}/{name}"))
        .collect()
}
