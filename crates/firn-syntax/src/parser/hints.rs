//! Common mistakes, recognised where the parser stops: what the mistake is, and how the line should
//! read. The headline stays the grammar's own; this adds a code, a note and help.

use firn_diag::Diagnostic;

use super::Parser;
use crate::lexer::{Tok, Token};

/// A recognised mistake.
struct Hint {
    code: &'static str,
    note: &'static str,
    help: String,
}

type Rule = fn(&Parser<'_>, Token, &[Tok]) -> Option<Hint>;

/// Tried in order; the first that knows the mistake explains it.
const RULES: &[Rule] = &[
    equals_for_colon,
    bare_attribute_path,
    semicolon_before_binding,
    semicolon_before_closing,
    not_as_argument,
    ellipsis_as_value,
    comma_between,
    colon_for_equals,
    assignment_operator,
    single_quotes,
    dollar_without_braces,
    missing_in,
    missing_else,
    statement_in_set,
    unbound_equals,
    missing_semicolon_in_inherit,
];

impl Parser<'_> {
    /// Adds what is known about a mistake to the message that the grammar gives.
    pub(super) fn explain(&self, token: Token, expected: &[Tok], diagnostic: &mut Diagnostic) {
        let Some(hint) = RULES.iter().find_map(|rule| rule(self, token, expected)) else { return };
        diagnostic.code = hint.code;
        diagnostic.notes.push(hint.note.into());
        diagnostic.help.push(hint.help);
    }

    /// The line of `at` with `start..end` replaced, as help.
    fn line_with(&self, start: u32, end: u32, with: &str) -> String {
        let line = self.file.line_column(start);
        let line_start = start - (line.column - 1);
        let text = self.file.line(line.line).unwrap_or_default();
        let line_end = line_start + text.len() as u32;
        let before = String::from_utf8_lossy(self.file.slice(line_start, start));
        let after = String::from_utf8_lossy(self.file.slice(end.min(line_end), line_end));
        format!("write `{}`", format!("{before}{with}{after}").trim())
    }

    /// The last byte before an offset that is not white space, with its end.
    fn before(&self, at: u32) -> Option<(u8, u32)> {
        let text = &self.lexer.text[..at as usize];
        let last = text.iter().rposition(|byte| !byte.is_ascii_whitespace())?;
        Some((text[last], last as u32 + 1))
    }

    /// Where the attribute path that ends at an offset begins; nothing if none does.
    fn path_before(&self, end: u32) -> Option<u32> {
        let (_, end) = self.before(end)?;
        let text = &self.lexer.text[..end as usize];
        let part = |byte: u8| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'-' | b'\'' | b'.' | b'"' | b'$' | b'{' | b'}')
        };
        let length = text.iter().rev().take_while(|&&byte| part(byte)).count();
        let start = end as usize - length;
        let first = *text.get(start)?;
        (length > 0 && (first.is_ascii_alphabetic() || matches!(first, b'_' | b'"')))
            .then_some(start as u32)
    }

    /// Where the word or path of names that begins at an offset ends.
    fn operand_end(&self, start: u32) -> u32 {
        let rest = &self.lexer.text[start as usize..];
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-'.".contains(byte);
        start + rest.iter().take_while(|byte| part(byte)).count() as u32
    }
}

/// `{ a }= body`
fn equals_for_colon(p: &Parser<'_>, token: Token, expected: &[Tok]) -> Option<Hint> {
    (token.kind == Tok::Assign && expected == [Tok::Colon, Tok::At]).then(|| Hint {
        code: "parse.equals-for-colon",
        note: "the head of a function ends with `:`, not with `=`",
        help: p.line_with(token.start, token.end, ":").replace(" :", ":"),
    })
}

/// `{ self }: checks.x = …`
fn bare_attribute_path(p: &Parser<'_>, token: Token, expected: &[Tok]) -> Option<Hint> {
    if token.kind != Tok::Assign || !ends_expression(expected) {
        return None;
    }
    let path = p.path_before(token.start)?;
    let (b':' | b'n', before) = p.before(path)? else { return None };
    let after_head = p.lexer.text[before as usize - 1] == b':'
        || p.lexer.text[..before as usize].ends_with(b" in");
    after_head.then(|| Hint {
        code: "parse.bare-attribute-path",
        note: "attributes stand in braces: the body of a function or `let` is one expression, and \
               `name = …;` alone is none",
        help: format!(
            "{}, and close the brace with `}}` after the last attribute",
            p.line_with(path, path, "{ ")
        ),
    })
}

/// `{ a = 1 b = 2; }`
fn semicolon_before_binding(p: &Parser<'_>, token: Token, expected: &[Tok]) -> Option<Hint> {
    if token.kind != Tok::Assign || expected != [Tok::Semi] {
        return None;
    }
    let path = p.path_before(token.start)?;
    let (_, end) = p.before(path)?;
    Some(Hint {
        code: "parse.missing-semicolon",
        note: "every attribute ends with `;`; without it the next name counts as an argument",
        help: p.line_with(end, end, ";"),
    })
}

/// `let a = 1 in a`, `{ a = 1 }`
fn semicolon_before_closing(p: &Parser<'_>, token: Token, expected: &[Tok]) -> Option<Hint> {
    let closing = matches!(
        token.kind,
        Tok::In | Tok::BraceClose | Tok::Inherit | Tok::ParenClose | Tok::BracketClose
    );
    (closing && expected == [Tok::Semi]).then(|| Hint {
        code: "parse.missing-semicolon",
        note: match token.kind {
            Tok::In => "the last attribute before `in` ends with `;` as well",
            Tok::BraceClose => "the last attribute before `}` ends with `;` as well",
            _ => "a `;` is missing",
        },
        help: p.line_with(p.prev_end, p.prev_end, ";"),
    })
}

/// `f !x`
fn not_as_argument(p: &Parser<'_>, token: Token, expected: &[Tok]) -> Option<Hint> {
    if token.kind != Tok::Not || !(ends_expression(expected) || expected == [Tok::BracketClose]) {
        return None;
    }
    let end = p.operand_end(token.end);
    let negated = String::from_utf8_lossy(p.file.slice(token.start, end)).into_owned();
    Some(Hint {
        code: "parse.not-as-argument",
        note: "a function's argument is a simple expression; `!` needs parentheses there",
        help: p.line_with(token.start, end, &format!("({negated})")),
    })
}

/// `a = ...;`
fn ellipsis_as_value(_: &Parser<'_>, token: Token, expected: &[Tok]) -> Option<Hint> {
    (token.kind == Tok::Ellipsis && expected.is_empty()).then(|| Hint {
        code: "parse.ellipsis-as-value",
        note: "`...` is no value: it only says in the head of a function, `{ a, ... }:`, that \
               further arguments are allowed",
        help: "put the value in place of `...`; `throw \"not done yet\"` stands for one that is \
               still to be written"
            .into(),
    })
}

/// `[ 1, 2 ]`, `{ a = 1, b = 2 }`, `inherit a, b;`
fn comma_between(p: &Parser<'_>, token: Token, expected: &[Tok]) -> Option<Hint> {
    if token.kind != Tok::Comma {
        return None;
    }
    let (note, with) = match expected {
        [Tok::Semi] => ("attributes end with `;`, not with `,`", ";"),
        [Tok::BracketClose] | [] => ("elements and names are separated by spaces, not commas", ""),
        _ => return None,
    };
    Some(Hint { code: "parse.comma", note, help: p.line_with(token.start, token.end, with) })
}

/// `{ a: 1; }`, `a := 1`
fn colon_for_equals(p: &Parser<'_>, token: Token, expected: &[Tok]) -> Option<Hint> {
    if token.kind != Tok::Colon || expected != [Tok::Dot, Tok::Assign] {
        return None;
    }
    let followed = p.lexer.byte(token.end as usize) == b'=';
    let with = match (followed, p.prev_end == token.start) {
        (true, _) => "",
        (false, true) => " =",
        (false, false) => "=",
    };
    Some(Hint {
        code: "parse.colon-for-equals",
        note: "an attribute is given its value with `=`; `:` ends the head of a function",
        help: p.line_with(token.start, token.end, with),
    })
}

/// `a += 1;`
fn assignment_operator(p: &Parser<'_>, token: Token, expected: &[Tok]) -> Option<Hint> {
    let operator = matches!(
        token.kind,
        Tok::Plus | Tok::Minus | Tok::Star | Tok::Slash | Tok::Update | Tok::Concat
    );
    let assigns = p.lexer.byte(token.end as usize) == b'=';
    (operator && assigns && expected == [Tok::Dot, Tok::Assign]).then(|| Hint {
        code: "parse.assignment-operator",
        note: "an attribute is defined once and never changed",
        help: p.line_with(token.start, token.end, ""),
    })
}

/// `'text'`
fn single_quotes(p: &Parser<'_>, token: Token, _: &[Tok]) -> Option<Hint> {
    if token.kind != Tok::Invalid || p.lexer.byte(token.start as usize) != b'\'' {
        return None;
    }
    let rest = &p.lexer.text[token.start as usize + 1..];
    let length = rest.iter().position(|&byte| matches!(byte, b'\'' | b'\n'))?;
    let text = String::from_utf8_lossy(&rest[..length]);
    let end = token.start + 2 + length as u32;
    Some(Hint {
        code: "parse.single-quotes",
        note: "strings are quoted with `\"…\"`, or with `''…''` over several lines",
        help: p.line_with(token.start, end, &format!("\"{text}\"")),
    })
}

/// `$name`
fn dollar_without_braces(p: &Parser<'_>, token: Token, _: &[Tok]) -> Option<Hint> {
    let dollar = token.kind == Tok::Invalid && p.lexer.byte(token.start as usize) == b'$';
    dollar.then(|| Hint {
        code: "parse.dollar",
        note: "a variable is written without `$`; `${…}` is for inside strings and for computed \
               attribute names",
        help: p.line_with(token.start, token.start + 1, ""),
    })
}

/// `let a = 1; }`
fn missing_in(p: &Parser<'_>, token: Token, expected: &[Tok]) -> Option<Hint> {
    let ended = matches!(token.kind, Tok::Eof | Tok::BraceClose | Tok::ParenClose);
    (ended && expected == [Tok::In, Tok::Inherit]).then(|| Hint {
        code: "parse.missing-in",
        note: "a `let` has `in` and an expression after its bindings",
        help: p.line_with(p.prev_end, p.prev_end, " in …"),
    })
}

/// `if a then b`
fn missing_else(p: &Parser<'_>, _: Token, expected: &[Tok]) -> Option<Hint> {
    (expected == [Tok::Else]).then(|| Hint {
        code: "parse.missing-else",
        note: "every `if` has an `else`, because it is an expression with a value either way",
        help: p.line_with(p.prev_end, p.prev_end, " else …"),
    })
}

/// `{ let a = 1; in … }`, `{ assert x; … }`
fn statement_in_set(_: &Parser<'_>, token: Token, expected: &[Tok]) -> Option<Hint> {
    let statement = matches!(token.kind, Tok::Let | Tok::Assert | Tok::With | Tok::If);
    (statement && expected.contains(&Tok::Inherit)).then(|| Hint {
        code: "parse.statement-in-set",
        note: "braces hold attributes `name = value;` only",
        help: format!("put {} before the opening brace", token.kind.describe().replace('\'', "`")),
    })
}

/// `x = 1` without braces, `a => b`
fn unbound_equals(p: &Parser<'_>, token: Token, expected: &[Tok]) -> Option<Hint> {
    if token.kind != Tok::Assign || !ends_expression(expected) {
        return None;
    }
    let compares = matches!(p.lexer.byte(token.end as usize), b'>' | b'<');
    Some(if compares {
        Hint {
            code: "parse.unknown-operator",
            note: "`>=` and `<=` compare; `->` is implication",
            help: p.line_with(token.start, token.end + 1, ">="),
        }
    } else {
        Hint {
            code: "parse.equals-outside-set",
            note: "`=` gives an attribute its value, in braces or in a `let`; `==` compares",
            help: p.line_with(token.start, token.end, "=="),
        }
    })
}

/// `inherit a }`
fn missing_semicolon_in_inherit(p: &Parser<'_>, token: Token, expected: &[Tok]) -> Option<Hint> {
    let closing = matches!(token.kind, Tok::BraceClose | Tok::In | Tok::Assign);
    (closing && expected.is_empty() && p.in_inherit).then(|| Hint {
        code: "parse.missing-semicolon",
        note: "`inherit` ends with `;`",
        help: match token.kind {
            Tok::Assign => "put `;` after the last inherited name".into(),
            _ => p.line_with(p.prev_end, p.prev_end, ";"),
        },
    })
}

/// Whether an expression was complete where one of these was expected.
fn ends_expression(expected: &[Tok]) -> bool {
    matches!(
        expected,
        [Tok::Eof | Tok::Semi | Tok::ParenClose | Tok::Then | Tok::Else]
            | [Tok::BraceClose]
            | [Tok::BraceClose, Tok::Comma]
    )
}
