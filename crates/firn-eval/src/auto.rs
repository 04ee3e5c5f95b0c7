//! What commands do with the value of a file: top-level functions are called with the arguments of
//! the command line, and attribute paths are followed through functions.

use firn_syntax::{Symbol, sym};

use crate::attrs::{Attrs, AttrsBuilder};
use crate::error::{ErrorKind, EvalError, R};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::value::Value;

const NO_VALUE: &str = "\nNix attempted to evaluate a function as a top level expression; in\n\
    this case it must have its arguments supplied either by default\n\
    values, or passed explicitly with '--arg' or '--argstr'. See\n\
    https://nix.dev/manual/nix/stable/language/syntax.html#functions.";

impl Machine {
    /// Calls a function that takes a set with those of `args` it knows; other values stay as they are.
    ///
    /// # Errors
    /// When a parameter has neither an argument nor a default, and whatever the call raises.
    pub fn call_auto(&mut self, v: Value, args: Attrs) -> R<Value> {
        let v = self.force(v)?;
        if let Some(functor) = v.as_attrs().and_then(|a| a.get(sym::FUNCTOR)) {
            let f = self.call(functor.get(), &[v], Pos::NONE)?;
            return self.call_auto(f, args);
        }
        let Some(function) = v.as_function() else { return Ok(v) };
        let Some(lambda) = function.runs_next() else { return Ok(v) };
        let Some(formals) = &lambda.formals else { return Ok(v) };
        let mut given = AttrsBuilder::default();
        if formals.ellipsis {
            for entry in self.flat(args).iter() {
                given.insert_at(entry.sym, entry.pos, entry.value());
            }
        } else {
            for formal in formals.list {
                match args.entry(formal.sym) {
                    Some(entry) => given.insert_at(entry.sym, entry.pos, entry.value()),
                    None if formal.default.is_some() => {}
                    None => {
                        let text = format!(
                            "cannot evaluate a function that has an argument without a value ('{}'){NO_VALUE}",
                            formal.sym
                        );
                        return Err(self.fail(ErrorKind::MissingArgument, formal.pos, text));
                    }
                }
            }
        }
        let given = self.attrs(given);
        self.call(v, &[given], lambda.pos)
    }

    /// Follows an attribute path such as `a.b."c.d".0` from a value; functions on the way are called
    /// with `args`. The result is not forced.
    ///
    /// # Errors
    /// When there is no such attribute or element.
    pub fn select_auto(&mut self, root: Value, path: &str, args: Attrs) -> R<Value> {
        let Some(names) = split_path(path) else {
            return Err(self.fail(
                ErrorKind::Eval,
                Pos::NONE,
                format!("missing closing quote in selection path '{path}'"),
            ));
        };
        let mut at = root;
        for name in &names {
            at = self.call_auto(at, args)?;
            at = match name.parse::<usize>() {
                Ok(index) => self.select_index(at, index, path)?,
                Err(_) => self.select_name(at, name, path)?,
            };
        }
        Ok(at)
    }

    fn select_index(&mut self, at: Value, index: usize, path: &str) -> R<Value> {
        let Some(list) = at.as_list() else {
            let text = format!(
                "the expression selected by the selection path '{path}' should be a list but is {}",
                crate::print::show_type(at)
            );
            return Err(self.fail(ErrorKind::Type, Pos::NONE, text));
        };
        match list.slots().get(index) {
            Some(slot) => Ok(slot.get()),
            None => {
                let text = format!("list index {index} in selection path '{path}' is out of range");
                Err(self.fail(ErrorKind::Eval, Pos::NONE, text))
            }
        }
    }

    fn select_name(&mut self, at: Value, name: &str, path: &str) -> R<Value> {
        let Some(attrs) = at.as_attrs() else {
            let text = format!(
                "the expression selected by the selection path '{path}' should be a set but is {}",
                crate::print::show_type(at)
            );
            return Err(self.fail(ErrorKind::Type, Pos::NONE, text));
        };
        if name.is_empty() {
            let text = format!("empty attribute name in selection path '{path}'");
            return Err(self.fail(ErrorKind::Eval, Pos::NONE, text));
        }
        let sym = Symbol::of(name);
        if let Some(slot) = attrs.get(sym) {
            return Ok(slot.get());
        }
        let text = format!("attribute '{name}' in selection path '{path}' not found");
        let mut error = EvalError::new(ErrorKind::Eval, Pos::NONE, text);
        let names = self.flat(attrs).iter().map(|e| e.sym).collect();
        error.suggestions = crate::suggest::best_matches(names, sym);
        Err(self.raise(error))
    }

    /// The builtin with this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn builtin(&mut self, name: &str) -> R<Value> {
        match self.builtins().get(Symbol::of(name)) {
            Some(slot) => self.force_slot(slot),
            None => {
                Err(self.fail(ErrorKind::Eval, Pos::NONE, format!("there is no builtin '{name}'")))
            }
        }
    }
}

/// The names of a path; quotes keep dots together. Nothing if a quote is not closed.
fn split_path(path: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut name = String::new();
    let mut quoted = false;
    for c in path.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => names.push(std::mem::take(&mut name)),
            c => name.push(c),
        }
    }
    if quoted {
        return None;
    }
    if !name.is_empty() || path.ends_with('.') || path.ends_with('"') {
        names.push(name);
    }
    Some(names)
}
