//! Values as documentation shows them: as expressions, with placeholders for what has none.

use firn_eval::{Attrs, Kind, List, Machine, Pos, R, Value, print, sym};

/// How wide a set or list may be that stands in one line, in characters.
const WIDTH: usize = 60;

/// How deep values are shown.
const DEPTH: usize = 8;

/// A value as text.
///
/// # Errors
/// Part of it can't be evaluated.
pub fn show(m: &mut Machine, value: Value) -> R<String> {
    show_at(m, value, 0)
}

fn show_at(m: &mut Machine, value: Value, depth: usize) -> R<String> {
    let value = m.force(value)?;
    if depth > DEPTH {
        return Ok("…".to_owned());
    }
    match value.kind() {
        Kind::Attrs(attrs) => set(m, value, attrs, depth),
        Kind::List(items) => list(m, items, depth),
        Kind::Function(_) => Ok("<function>".to_owned()),
        Kind::String(text) => Ok(string(&text.to_text())),
        Kind::Path(text) => Ok(text.to_text().into_owned()),
        _ => m.print_value(value, firn_eval::PrintOptions::PLAIN),
    }
}

/// A string in the notation of the language; one with several lines as such.
fn string(text: &str) -> String {
    let inner = text.strip_suffix('\n').unwrap_or(text);
    if !inner.contains('\n') {
        return String::from_utf8_lossy(&print::string_literal(text.as_bytes())).into_owned();
    }
    let escaped = text.replace("''", "'''").replace("${", "''${");
    let lines: Vec<_> =
        escaped.lines().map(|line| format!("  {line}").trim_end().to_owned()).collect();
    format!("''\n{}\n''", lines.join("\n"))
}

fn list(m: &mut Machine, items: List, depth: usize) -> R<String> {
    let mut texts = Vec::new();
    for item in items.iter() {
        texts.push(show_at(m, item, depth + 1)?);
    }
    Ok(enclose("[", texts, "]"))
}

fn set(m: &mut Machine, value: Value, attrs: Attrs, depth: usize) -> R<String> {
    if m.is_derivation(value)? {
        let name = match m.attr(attrs, sym::NAME)? {
            Some(name) => m.force_string(name, Pos::NONE, "")?.to_text().into_owned(),
            None => "?".to_owned(),
        };
        return Ok(format!("<derivation {name}>"));
    }
    let mut texts = Vec::new();
    for entry in m.sorted(attrs) {
        let shown = show_at(m, entry.value(), depth + 1)?;
        texts.push(format!("{} = {shown};", print::attr_name(entry.sym)));
    }
    Ok(enclose("{", texts, "}"))
}

fn enclose(open: &str, texts: Vec<String>, close: &str) -> String {
    let width: usize = texts.iter().map(|text| text.chars().count() + 1).sum();
    if width <= WIDTH && !texts.iter().any(|text| text.contains('\n')) {
        let inner: String = texts.iter().map(|text| format!("{text} ")).collect();
        return format!("{open} {inner}{close}");
    }
    let lines: String =
        texts.iter().map(|text| format!("  {}\n", text.replace('\n', "\n  "))).collect();
    format!("{open}\n{lines}{close}")
}
