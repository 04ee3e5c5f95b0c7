//! From text to tree.

use std::sync::Arc;

use firn_diag::Diagnostic;
use firn_source::{SourceFile, Span};

use crate::ast::Ast;

/// What to do about a discouraged form.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lint {
    /// Nothing.
    #[default]
    Ignore,
    /// A warning.
    Warn,
    /// An error.
    Fatal,
}

/// What the parser accepts; the settings of the same names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ParseOptions {
    /// `|>` and `<|`, the experimental feature `pipe-operators`.
    pub pipe_operators: bool,
    /// Evaluation is pure: `~/…` paths are errors.
    pub pure: bool,
    /// `lint-url-literals`.
    pub url_literals: Lint,
    /// `lint-short-path-literals`.
    pub short_path_literals: Lint,
    /// `lint-absolute-path-literals`.
    pub absolute_path_literals: Lint,
}

/// Parses a source text.
///
/// # Errors
/// The first mistake, placed and worded as CppNix 2.34 does, with help where the mistake is a
/// common one. Undefined variables are not looked for here.
pub fn parse(file: &Arc<SourceFile>, _options: &ParseOptions) -> Result<Ast, Box<Diagnostic>> {
    let place = Span::at(file.id(), 0);
    Err(Box::new(Diagnostic::error("parse.unsupported", "the parser is not there yet").at(place)))
}
