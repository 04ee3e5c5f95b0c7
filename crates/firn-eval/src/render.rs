//! The error text as CppNix lays it out: the trace, outermost frame first, then the message with
//! its place and source lines.

use std::collections::HashSet;
use std::fmt::Write;

use crate::error::{EvalError, Frame};
use crate::machine::Machine;
use crate::pos::Pos;
use firn_syntax::Symbol;

/// Repeated frames are named singly up to this many.
const REPEATED_IN_FULL: usize = 5;
/// Without a full trace, frames are shown until more than this were counted.
const SHORT_TRACE: usize = 3;

impl Machine {
    /// The text of an error, beginning with `error:`, without a newline at the end.
    pub fn render_error(&self, error: &EvalError, show_trace: bool) -> String {
        self.render(error, show_trace, "")
    }

    /// The same with notes and help, which the reference's texts lack.
    pub fn render_explained(&self, error: &EvalError, show_trace: bool) -> String {
        let notes = error.notes.iter().map(|note| format!("note: {note}\n"));
        let found = if error.help.is_empty() { self.advice(error) } else { Vec::new() };
        let help = error.help.iter().chain(&found).map(|help| format!("help: {help}\n"));
        self.render(error, show_trace, &notes.chain(help).collect::<String>())
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

    fn render(&self, error: &EvalError, show_trace: bool, extras: &str) -> String {
        let mut out = String::new();
        let mut body = String::new();
        if error.frames.is_empty() {
            let _ = writeln!(body, "{}", error.message);
        } else {
            let truncated = self.render_frames(&mut body, error, show_trace);
            if truncated {
                body.push_str("\n(stack trace truncated; use '--show-trace' to show the full, detailed trace)\n");
            }
            let _ = write!(body, "\nerror: {}\n", error.message);
        }
        self.place(&mut body, "", error.pos);
        if let Some(sentence) = crate::suggest::sentence(&error.suggestions) {
            let _ = writeln!(body, "{sentence}");
        }
        body.push_str(extras);
        let prefix = "error: ";
        for (i, line) in body.trim_end().split('\n').enumerate() {
            if i > 0 {
                out.push('\n');
            }
            let line = format!("{}{line}", if i == 0 { prefix } else { "       " });
            out.push_str(line.trim_end());
        }
        out
    }

    fn render_frames(&self, out: &mut String, error: &EvalError, show_trace: bool) -> bool {
        let mut seen: HashSet<(Pos, String)> = HashSet::new();
        let mut skipped: Vec<&Frame> = Vec::new();
        let mut count = 0;
        let mut truncated = false;
        for frame in error.frames.iter().rev() {
            let text = frame.text.to_string();
            let unplaced_call = !self.positions().resolves(frame.pos) && text == "from call site";
            if text.is_empty() || unplaced_call {
                continue;
            }
            truncated |= !show_trace && count > SHORT_TRACE;
            if truncated && !frame.always {
                continue;
            }
            if !seen.insert((frame.pos, text)) {
                skipped.push(frame);
                continue;
            }
            count += self.render_skipped(out, &mut skipped, &mut seen);
            count += 1 + self.render_frame(out, frame);
        }
        self.render_skipped(out, &mut skipped, &mut seen);
        truncated
    }

    fn render_skipped(
        &self,
        out: &mut String,
        skipped: &mut Vec<&Frame>,
        _: &mut HashSet<(Pos, String)>,
    ) -> usize {
        let mut places = 0;
        if skipped.len() > REPEATED_IN_FULL {
            let _ = write!(out, "\n({} duplicate frames omitted)\n", skipped.len());
        } else {
            for frame in skipped.iter() {
                places += self.render_frame(out, frame);
            }
        }
        skipped.clear();
        places
    }

    /// Returns 1 if the frame has a place, else 0.
    fn render_frame(&self, out: &mut String, frame: &Frame) -> usize {
        let _ = write!(out, "\n… {}\n", frame.text);
        usize::from(self.place(out, "  ", frame.pos))
    }

    /// `at FILE:LINE:COLUMN:` and the lines around it.
    fn place(&self, out: &mut String, indent: &str, pos: Pos) -> bool {
        let Some((file, offset)) = self.positions().resolve(pos) else { return false };
        let at = file.line_column(offset);
        let origin = file.origin().to_string();
        let place = self.host().shown_path(&origin);
        let _ = write!(out, "{indent}at {place}:{}:{}:", at.line, at.column);
        let line = |number: u32, column: u32| {
            file.line(number).map(|line| firn_diag::excerpt(line, column as usize))
        };
        if at.line > 1
            && let Some((text, _)) = line(at.line - 1, 1)
        {
            let _ = write!(out, "\n {:5}| {text}", at.line - 1);
        }
        if let Some((text, column)) = line(at.line, at.column) {
            let _ = write!(out, "\n {:5}| {text}", at.line);
            let _ = write!(out, "\n      |{}^", " ".repeat(column));
        }
        if let Some((text, _)) = line(at.line + 1, 1) {
            let _ = write!(out, "\n {:5}| {text}", at.line + 1);
        }
        out.push('\n');
        true
    }
}
