//! The error text as CppNix lays it out: the trace, outermost frame first, then the message with
//! its place and source lines.

use std::sync::Arc;

use crate::error::{EvalError, Frame};
use crate::machine::Machine;
use crate::pos::Pos;
use firn_diag::Diagnostic;
use firn_diag::cppnix::{self, Sources, Style};
use firn_source::{FileId, SourceFile, Span};
use firn_syntax::Symbol;
use rustc_hash::FxHashMap;

impl Machine {
    /// The text of an error, beginning with `error:`, without a newline at the end.
    pub fn render_error(&self, error: &EvalError, show_trace: bool) -> String {
        let style = Style { show_trace, ..Style::default() };
        cppnix::render(&self.diagnostic(error), &Texts(self), style)
    }

    /// The same with notes and help, which the reference's texts lack.
    pub fn render_explained(&self, error: &EvalError, show_trace: bool) -> String {
        let mut diagnostic = self.diagnostic(error);
        diagnostic.notes.clone_from(&error.notes);
        diagnostic.help.clone_from(&error.help);
        if error.help.is_empty() {
            diagnostic.help = self.advice(error);
        }
        let style = Style { show_trace, extras: true, ..Style::default() };
        cppnix::render(&diagnostic, &Texts(self), style)
    }

    /// What to do about a variable that nothing binds: its file says where it could be bound.
    fn advice(&self, error: &EvalError) -> Vec<String> {
        let name = error.message.strip_prefix("undefined variable '");
        let (Some(name), Some((file, offset))) = (name, self.positions().resolve(error.pos)) else {
            return Vec::new();
        };
        let name = Symbol::of(name.trim_end_matches('\''));
        let parsed = firn_syntax::parse(file, &self.parse_options());
        parsed.map_or_else(|_| Vec::new(), |ast| firn_syntax::scope::explain(&ast, name, offset))
    }

    /// The error as a diagnostic, whose spans [`Texts`] resolves.
    fn diagnostic(&self, error: &EvalError) -> Diagnostic {
        let mut diagnostic = Diagnostic::error("eval.error", error.message.as_str());
        diagnostic.span = self.span(error.pos);
        diagnostic.suggestions.clone_from(&error.suggestions);
        // A recursion has the same few steps again and again.
        let mut steps = FxHashMap::default();
        let step = |frame| steps.entry(frame).or_insert_with(|| self.step(frame)).clone();
        diagnostic.frames = error.frames.iter().filter_map(step).collect();
        diagnostic
    }

    /// A frame that says something: a call site without a place doesn't.
    fn step(&self, frame: &Frame) -> Option<firn_diag::Frame> {
        let (text, span) = (frame.text.to_string(), self.span(frame.pos));
        let unplaced_call = span.is_none() && text == "from call site";
        let text = text.into();
        (!unplaced_call).then_some(firn_diag::Frame { text, span, always: frame.always })
    }

    /// The place in its text, which is named by the position of its first byte.
    fn span(&self, pos: Pos) -> Option<Span> {
        let (_, offset) = self.positions().resolve(pos)?;
        Some(Span::at(FileId::from_u32(pos.0 - offset)?, offset))
    }
}

/// The texts of a machine under the names that [`Machine::span`] gives them.
struct Texts<'a>(&'a Machine);

impl Sources for Texts<'_> {
    fn text(&self, file: FileId) -> Option<(Arc<SourceFile>, String)> {
        let (file, _) = self.0.positions().resolve(Pos(file.as_u32()))?;
        let shown = self.0.host().shown_path(&file.origin().to_string()).into_owned();
        Some((file.clone(), shown))
    }
}
