//! `:doc`: documentation of functions, builtins and attributes.

use std::io::IsTerminal;

use super::Next;
use super::session::{Done, Session};
use crate::exit::Failure;

/// `:doc`
pub fn show(session: &mut Session, text: &str) -> Done<Next> {
    let (scope, dir) = (session.scope, session.folder()?);
    let attribute = session.run(|m| {
        let Some((set, name)) = m.selection_in(text.as_bytes(), &dir, scope)? else {
            return Ok(None);
        };
        let entry = set.as_attrs().and_then(|attrs| attrs.entry(name));
        let is_builtin = set.as_attrs() == Some(m.builtins());
        Ok(entry.map(|entry| {
            let constant = firn_eval::constant_doc(&name.text()).filter(|_| is_builtin);
            constant.map(str::to_owned).or_else(|| m.attribute_doc(name, entry.pos))
        }))
    })?;
    let value = session.evaluate(text)?;
    let own = session.run(|m| m.documentation(value))?;
    let Some(text) = own.or(attribute.flatten()).or_else(|| global(text)) else {
        return Err(Failure::new("error: value does not have documentation").into());
    };
    println!("{}", render(text.trim()));
    Ok(Next::Prompt)
}

/// Constants by their global names.
fn global(text: &str) -> Option<String> {
    firn_eval::constant_doc(text.strip_prefix("__").unwrap_or(text)).map(str::to_owned)
}

/// Markdown for a terminal: code and emphasis in colour. Elsewhere without their marks, except where a
/// test of the reference asks for the text itself.
fn render(text: &str) -> String {
    if std::env::var("_NIX_TEST_RAW_MARKDOWN").is_ok_and(|flag| flag == "1") {
        return text.to_owned();
    }
    markdown(text, std::io::stdout().is_terminal())
}

fn markdown(text: &str, colors: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            out += "    ";
            out += line;
        } else {
            inline(line.strip_suffix('\\').unwrap_or(line), colors, &mut out);
        }
        out.push('\n');
    }
    out.trim_end().to_owned()
}

/// One line: `code`, **bold** and *emphasis*.
fn inline(line: &str, colors: bool, out: &mut String) {
    const MARKS: [(&str, &str); 3] = [("`", "\x1b[36m"), ("**", "\x1b[1m"), ("*", "\x1b[4m")];
    let mut rest = line;
    'line: while !rest.is_empty() {
        for (mark, color) in MARKS {
            let Some(inside) = rest.strip_prefix(mark) else { continue };
            let Some(end) = inside.find(mark).filter(|&end| end > 0) else { continue };
            let (start, stop) = if colors { (color, "\x1b[0m") } else { ("", "") };
            *out += &format!("{start}{}{stop}", &inside[..end]);
            rest = &inside[end + mark.len()..];
            continue 'line;
        }
        let c = rest.chars().next().unwrap_or_default();
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_away() {
        let text = "**Synopsis:** `map` *f* *list*\\\n\n```nix\nmap * x\n```\na * b";
        assert_eq!(markdown(text, false), "Synopsis: map f list\n\n    map * x\na * b");
        assert_eq!(markdown("`x`", true), "\x1b[36mx\x1b[0m");
    }
}
