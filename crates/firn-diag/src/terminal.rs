//! Errors for people: the source with what is meant underlined, then what explains it and what to
//! do.

use std::fmt::Write;
use std::sync::Arc;

use firn_source::{SourceFile, SourceMap, Span};
use unicode_width::UnicodeWidthStr;

use crate::{Diagnostic, Severity};

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const BLUE: &str = "\x1b[1;34m";
const CYAN: &str = "\x1b[1;36m";
const BOLD: &str = "\x1b[1m";
const NORMAL: &str = "\x1b[0m";

/// The diagnostic as text without a line end. `show_trace` shows all steps; otherwise the four
/// innermost ones that have a place.
pub fn render(
    diagnostic: &Diagnostic,
    sources: &SourceMap,
    color: bool,
    show_trace: bool,
) -> String {
    let mut writer = Writer { sources, color, out: String::new() };
    let (paint, word) = severity(diagnostic.severity);
    writer.painted(paint, word);
    let _ = write!(writer.out, "[{}]: ", diagnostic.code);
    writer.painted(BOLD, &diagnostic.message);
    writer.out.push('\n');
    if let Some(span) = diagnostic.span {
        writer.snippet(span, "", paint, '^');
    }
    for label in &diagnostic.labels {
        writer.snippet(label.span, &label.text, BLUE, '-');
    }
    writer.trace(diagnostic, show_trace);
    writer.remarks(diagnostic);
    let kept = writer.out.trim_end().len();
    writer.out.truncate(kept);
    writer.out
}

/// The diagnostic in one line: `origin:line:column: error[code]: message`.
pub fn one_line(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let (_, word) = severity(diagnostic.severity);
    let place = diagnostic.span.and_then(|span| {
        let file = sources.get(span.file)?;
        let at = file.line_column(span.start);
        Some(format!("{}:{}:{}: ", file.origin(), at.line, at.column))
    });
    let message: Vec<&str> = diagnostic.message.split_whitespace().collect();
    let place = place.unwrap_or_default();
    format!("{place}{word}[{}]: {}", diagnostic.code, message.join(" "))
}

fn severity(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Error => (RED, "error"),
        Severity::Warning => (YELLOW, "warning"),
        Severity::Info => (CYAN, "info"),
    }
}

/// How many steps of a trace are shown unasked.
const SHORT_TRACE: usize = 4;

struct Writer<'a> {
    sources: &'a SourceMap,
    color: bool,
    out: String,
}

impl Writer<'_> {
    fn painted(&mut self, color: &str, text: &str) {
        if self.color {
            let _ = write!(self.out, "{color}{text}{NORMAL}");
        } else {
            self.out.push_str(text);
        }
    }

    fn snippet(&mut self, span: Span, text: &str, color: &str, mark: char) {
        let Some(file) = self.sources.get(span.file) else { return };
        let at = file.line_column(span.start);
        let gutter = at.line.to_string().len();
        let _ = write!(self.out, "{:gutter$}", "");
        self.painted(BLUE, "--> ");
        let _ = writeln!(self.out, "{}:{}:{}", file.origin(), at.line, at.column);
        let Some(line) = file.line(at.line) else {
            if !text.is_empty() {
                let _ = writeln!(self.out, "{:gutter$} = {text}", "");
            }
            return;
        };
        let line = String::from_utf8_lossy(line).replace('\t', "    ");
        self.painted(BLUE, &format!("{:gutter$} |\n{} | ", "", at.line));
        let _ = writeln!(self.out, "{line}");
        self.painted(BLUE, &format!("{:gutter$} | ", ""));
        let (before, width) = underline(&file, span, at.column);
        // Not a width in the format string: that panics from 65536 on.
        self.out.push_str(&" ".repeat(before));
        let marks: String = std::iter::repeat_n(mark, width).collect();
        self.painted(color, &format!("{marks} {text}"));
        let kept = self.out.trim_end().len();
        self.out.truncate(kept.max(self.out.rfind('\n').unwrap_or(0)));
        self.out.push('\n');
    }

    fn trace(&mut self, diagnostic: &Diagnostic, show_all: bool) {
        let placed = diagnostic.frames.iter().filter(|f| show_all || f.span.is_some() || f.always);
        let shown: Vec<_> = placed.take(if show_all { usize::MAX } else { SHORT_TRACE }).collect();
        for frame in &shown {
            self.painted(BLUE, "  … ");
            let _ = write!(self.out, "{}", frame.text);
            let place = frame.span.and_then(|span| Some((self.sources.get(span.file)?, span)));
            if let Some((file, span)) = place {
                let at = file.line_column(span.start);
                let _ = write!(self.out, " ({}:{}:{})", file.origin(), at.line, at.column);
            }
            self.out.push('\n');
        }
        let hidden = diagnostic.frames.len() - shown.len();
        if hidden > 0 {
            let _ = writeln!(self.out, "  … {hidden} more steps; --show-trace shows all");
        }
    }

    fn remarks(&mut self, diagnostic: &Diagnostic) {
        for note in &diagnostic.notes {
            self.remark("note", note);
        }
        if !diagnostic.suggestions.is_empty() {
            let quoted: Vec<_> =
                diagnostic.suggestions.iter().map(|name| format!("`{name}`")).collect();
            self.remark("help", &format!("did you mean {}?", quoted.join(" or ")));
        }
        for help in &diagnostic.help {
            self.remark("help", help);
        }
    }

    fn remark(&mut self, kind: &str, text: &str) {
        self.out.push_str("  = ");
        self.painted(BOLD, kind);
        let _ = writeln!(self.out, ": {}", text.replace('\n', "\n    "));
    }
}

/// Columns before the underline and its width, on a terminal.
fn underline(file: &Arc<SourceFile>, span: Span, column: u32) -> (usize, usize) {
    let line_start = span.start - (column - 1);
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\t', "    ").width();
    let before = shown(file.slice(line_start, span.start));
    let inside = file.slice(span.start, span.end);
    let first_line = inside.split(|&b| b == b'\n' || b == b'\r').next().unwrap_or_default();
    (before, shown(first_line).max(1))
}
