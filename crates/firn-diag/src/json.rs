//! Diagnostics for other programs.

use firn_source::{SourceMap, Span};
use serde_json::{Value, json};

use crate::{Diagnostic, Severity};

/// The diagnostic as a JSON object. Places are `{file, line, column, endLine, endColumn}`, lines and
/// byte columns from 1; what is absent is `null` or an empty list.
pub fn to_json(diagnostic: &Diagnostic, sources: &SourceMap) -> Value {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let labels: Vec<_> = diagnostic
        .labels
        .iter()
        .map(|label| json!({ "text": label.text, "at": place(Some(label.span), sources) }))
        .collect();
    let frames = diagnostic.frames.iter().rev();
    let trace: Vec<_> = frames
        .map(|frame| json!({ "text": &*frame.text, "at": place(frame.span, sources) }))
        .collect();
    json!({
        "severity": severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "at": place(diagnostic.span, sources),
        "labels": labels,
        "notes": diagnostic.notes,
        "help": diagnostic.help,
        "suggestions": diagnostic.suggestions,
        "trace": trace,
    })
}

fn place(span: Option<Span>, sources: &SourceMap) -> Value {
    let Some((span, file)) = span.and_then(|span| Some((span, sources.get(span.file)?))) else {
        return Value::Null;
    };
    let (start, end) = (file.line_column(span.start), file.line_column(span.end));
    json!({
        "file": file.origin().to_string(),
        "line": start.line,
        "column": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}
