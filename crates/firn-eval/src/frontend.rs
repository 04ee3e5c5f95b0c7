//! The parser as the evaluator uses it.

use std::sync::Arc;

use firn_diag::Diagnostic;
use firn_source::SourceFile;
use firn_syntax::ParseOptions;
use firn_syntax::ast::Ast;

use crate::error::{ErrorKind, EvalError, Raised};
use crate::machine::Machine;
use crate::pos::Pos;

/// Parses a text.
pub(crate) fn parse(file: &Arc<SourceFile>, options: ParseOptions) -> Result<Ast, Box<Diagnostic>> {
    firn_syntax::parse(file, &options)
}

impl Machine {
    /// What the parser accepts in this session.
    pub(crate) fn parse_options(&self) -> ParseOptions {
        ParseOptions {
            pipe_operators: self.settings.features.iter().any(|f| f == "pipe-operators"),
            pure: self.settings.pure,
            url_literals: self.settings.lints[0],
            short_path_literals: self.settings.lints[1],
            absolute_path_literals: self.settings.lints[2],
        }
    }

    /// Tells the host what the parser warned about.
    pub(crate) fn parser_warnings(&mut self, ast: &Ast) {
        for warning in ast.warnings() {
            let style = firn_diag::cppnix::Style::default();
            let text = firn_diag::cppnix::render(warning, &self.sources, style);
            self.host_ref().report(&text);
        }
    }

    /// Raises the parser's diagnostic; `base` is the first position of its text.
    #[cold]
    pub(crate) fn syntax_error(&mut self, diagnostic: Diagnostic, base: u32) -> Raised {
        let pos = match diagnostic.span {
            Some(span) if base != 0 => Pos(base + span.start),
            _ => Pos::NONE,
        };
        let mut error = EvalError::new(ErrorKind::Syntax, pos, diagnostic.message);
        error.suggestions = diagnostic.suggestions;
        error.help = diagnostic.notes.into_iter().chain(diagnostic.help).collect();
        self.raise(error)
    }
}
