//! Errors in the layout of CppNix, which scripts and people's eyes know.
//!
//! The trace comes first, outermost step on top, then the message, then its place with three lines
//! of source. Without `show_trace` only the first few steps are shown; a step with a place counts
//! twice. Steps that were shown already are counted instead of repeated.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;

use firn_source::{FileId, SourceFile, SourceMap, Span};

use crate::{Diagnostic, Frame, Severity};

/// Where [`render`] finds the texts that places are in.
pub trait Sources {
    /// A text, and how its origin is shown; nothing if there is none of this id.
    fn text(&self, file: FileId) -> Option<(Arc<SourceFile>, String)>;
}

impl Sources for SourceMap {
    fn text(&self, file: FileId) -> Option<(Arc<SourceFile>, String)> {
        let file = self.get(file)?;
        let origin = file.origin().to_string();
        Some((file, origin))
    }
}

/// How [`render`] shows an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Style {
    /// The whole trace: the setting `show-trace`.
    pub show_trace: bool,
    /// With colours.
    pub color: bool,
    /// With what CppNix's errors lack: labels, notes and help, after the rest.
    pub extras: bool,
}

const RED: &str = "\x1b[31;1m";
const BLUE: &str = "\x1b[34;1m";
const MAGENTA: &str = "\x1b[35;1m";
const NORMAL: &str = "\x1b[0m";

/// The diagnostic as text without a line end.
pub fn render(diagnostic: &Diagnostic, sources: &dyn Sources, style: Style) -> String {
    let mut writer = Writer { sources, style, out: String::new() };
    let (color, word) = match diagnostic.severity {
        Severity::Error => (RED, "error:"),
        Severity::Warning => (MAGENTA, "warning:"),
        Severity::Info => (MAGENTA, "info:"),
    };
    let prefix = format!("{}{word}{} ", writer.paint(color), writer.paint(NORMAL));
    if writer.trace(diagnostic) {
        writer.out.push('\n');
        writer.out.push_str(&prefix);
    }
    writer.out.push_str(&diagnostic.message);
    writer.out.push('\n');
    writer.place(diagnostic.span);
    writer.suggestions(&diagnostic.suggestions);
    if style.extras {
        writer.extras(diagnostic);
    }
    indent(&prefix, word.len() + 1, writer.out.trim_end())
}

struct Writer<'a> {
    sources: &'a dyn Sources,
    style: Style,
    out: String,
}

impl Writer<'_> {
    fn paint(&self, color: &'static str) -> &'static str {
        if self.style.color { color } else { "" }
    }

    /// Whether there was any step to show.
    fn trace(&mut self, diagnostic: &Diagnostic) -> bool {
        let mut seen: HashSet<(&str, Option<Span>)> = HashSet::new();
        let mut repeated: Vec<&Frame> = Vec::new();
        let (mut count, mut truncated) = (0, false);
        for frame in diagnostic.frames.iter().rev().filter(|frame| !frame.text.is_empty()) {
            truncated |= !self.style.show_trace && count > 3;
            if truncated && !frame.always {
                continue;
            }
            if !seen.insert((&frame.text, frame.span)) {
                repeated.push(frame);
                continue;
            }
            self.repeated(&mut repeated, &mut count);
            count += 1;
            self.frame(frame, &mut count);
        }
        self.repeated(&mut repeated, &mut count);
        if truncated {
            let (on, off) = (self.paint(MAGENTA), self.paint(NORMAL));
            let _ = writeln!(
                self.out,
                "\n{on}(stack trace truncated; use '--show-trace' to show the full, detailed trace){off}"
            );
            self.innermost_place(diagnostic);
        }
        !diagnostic.frames.is_empty()
    }

    /// The step nearest to an error that has no place of its own: without it, nothing says where to look.
    fn innermost_place(&mut self, diagnostic: &Diagnostic) {
        let frame = diagnostic.frames.iter().find(|frame| frame.span.is_some());
        if let (None, Some(frame)) = (diagnostic.span, frame)
            && !frame.always
        {
            self.frame(frame, &mut 0);
        }
    }

    fn repeated(&mut self, frames: &mut Vec<&Frame>, count: &mut usize) {
        if frames.len() <= 5 {
            for frame in frames.drain(..) {
                self.frame(frame, count);
            }
        } else {
            let (on, off) = (self.paint(MAGENTA), self.paint(NORMAL));
            let _ = writeln!(self.out, "\n{on}({} duplicate frames omitted){off}", frames.len());
            frames.clear();
        }
    }

    fn frame(&mut self, frame: &Frame, count: &mut usize) {
        let _ = writeln!(self.out, "\n… {}", frame.text);
        let placed = frame.span.is_some();
        if placed {
            self.out.push_str("  ");
        }
        self.place(frame.span);
        *count += usize::from(placed);
    }

    fn place(&mut self, span: Option<Span>) {
        let Some(span) = span else { return };
        let Some((file, origin)) = self.sources.text(span.file) else { return };
        let at = file.line_column(span.start);
        let (blue, magenta, off) = (self.paint(BLUE), self.paint(MAGENTA), self.paint(NORMAL));
        let _ = write!(self.out, "{blue}at {magenta}{origin}:{}:{}{off}:", at.line, at.column);
        let text = |line: u32| Some(crate::excerpt(file.line(line)?, 1).0);
        if let Some(line) = at.line.checked_sub(1).and_then(text) {
            let _ = write!(self.out, "\n {:5}| {line}", at.line - 1);
        }
        if let Some(line) = file.line(at.line) {
            let (line, column) = crate::excerpt(line, at.column as usize);
            let (red, off) = (self.paint(RED), self.paint(NORMAL));
            let _ = write!(self.out, "\n {:5}| {line}", at.line);
            let _ = write!(self.out, "\n      |{}{red}^{off}", " ".repeat(column));
        }
        if let Some(line) = text(at.line + 1) {
            let _ = write!(self.out, "\n {:5}| {line}", at.line + 1);
        }
        self.out.push('\n');
    }

    fn suggestions(&mut self, suggestions: &[String]) {
        let list = match suggestions {
            [] => return,
            [one] => one.clone(),
            [start @ .., last] => {
                format!("one of {} or {last}", start.join(", "))
            }
        };
        let _ = writeln!(self.out, "Did you mean {list}?");
    }

    fn extras(&mut self, diagnostic: &Diagnostic) {
        for label in &diagnostic.labels {
            let _ = writeln!(self.out, "note: {}", label.text);
            self.place(Some(label.span));
        }
        for note in &diagnostic.notes {
            let _ = writeln!(self.out, "note: {note}");
        }
        for help in &diagnostic.help {
            let _ = writeln!(self.out, "help: {help}");
        }
    }
}

/// The lines of `text`, the first behind `prefix`, the others as far in as that is wide, without
/// spaces at their ends.
pub fn indent(prefix: &str, width: usize, text: &str) -> String {
    let mut out = String::new();
    for (i, line) in text.split('\n').enumerate() {
        let start = out.len();
        match i {
            0 => out.push_str(prefix),
            _ => {
                out.push('\n');
                let _ = write!(out, "{:width$}", "");
            }
        }
        out.push_str(line);
        let kept = out[start..].trim_end_matches([' ', '\t', '\r']).len();
        let kept = if i > 0 { kept.max(1) } else { kept };
        out.truncate(start + kept);
    }
    out
}
