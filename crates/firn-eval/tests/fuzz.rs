//! Texts that are nearly right, and what becomes of them: a value or an error, never a panic.
//!
//! Texts of `spec/fuzz` and `spec/lang/eval` are cut, spliced and mixed (`fuzz/kept.rs`).
#![allow(clippy::unwrap_used)]

#[path = "../../../fuzz/host.rs"]
mod host;
#[path = "../../../fuzz/kept.rs"]
mod kept;

use kept::{Numbers, inputs};

/// Pieces that lead somewhere: operators, borders of numbers, builtins by name.
const PIECES: &[&str] = &[
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ";",
    ":",
    ",",
    "@",
    "?",
    ".",
    "...",
    "=",
    "==",
    "//",
    "++",
    "+",
    "-",
    "*",
    "/",
    "->",
    "||",
    "&&",
    "!",
    "<",
    "''",
    "\"",
    "${",
    "$${",
    "let",
    "in",
    "rec",
    "with",
    "inherit",
    "assert",
    "if",
    "then",
    "else",
    "or",
    "null",
    "true",
    "0",
    "-1",
    "9223372036854775807",
    "(-9223372036854775807 - 1)",
    "1e308",
    "0.0",
    "{ }",
    "[ ]",
    "\"\"",
    "(x: x)",
    "({ a ? b, b ? a }: a)",
    "builtins",
    "__functor",
    "__toString",
    "outPath",
    "__overrides",
    "type",
    "\"derivation\"",
    "./.",
    "~/a",
    "<a>",
    "http://a",
    "\\",
    "\u{0}",
    "é",
    "/*",
    "*/",
    "/**",
    "#\n",
    "builtins.toJSON",
    "builtins.fromJSON",
    "builtins.fromTOML",
    "builtins.match",
    "builtins.split",
    "builtins.sort",
    "builtins.substring",
    "builtins.genList",
    "builtins.toXML",
    "builtins.replaceStrings",
    "builtins.hashString",
    "builtins.concatStringsSep",
    "builtins.genericClosure",
    "builtins.deepSeq",
    "builtins.tryEval",
    "removeAttrs",
    "builtins.listToAttrs",
    "builtins.mapAttrs",
    "builtins.elemAt",
    "builtins.path",
    "builtins.functionArgs",
];

/// Where tokens of a text begin: borders between letters and others.
fn borders(text: &[u8]) -> Vec<usize> {
    let kind = |b: u8| match b {
        b if b.is_ascii_alphanumeric() => 0,
        b if b.is_ascii_whitespace() => 1,
        _ => 2,
    };
    let inner =
        (1..text.len()).filter(|&i| kind(text[i]) == 2 || kind(text[i - 1]) != kind(text[i]));
    std::iter::once(0).chain(inner).chain([text.len()]).collect()
}

fn range(numbers: &mut Numbers, text: &[u8]) -> std::ops::Range<usize> {
    let borders = borders(text);
    let start = numbers.below(borders.len());
    let end = (start + numbers.below(12)).min(borders.len() - 1);
    borders[start.min(end)]..borders[end]
}

/// A text that is a few changes away from one of these.
fn changed(numbers: &mut Numbers, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut text = corpus[numbers.below(corpus.len())].clone();
    for _ in 0..1 + numbers.below(6) {
        let cut = range(numbers, &text);
        match numbers.below(6) {
            0 => drop(text.drain(cut)),
            1 => {
                let copied = text[cut.clone()].to_vec();
                text.splice(cut.end..cut.end, copied);
            }
            2 | 3 => {
                let piece = PIECES[numbers.below(PIECES.len())];
                let end = if numbers.below(2) == 0 { cut.start } else { cut.end };
                text.splice(cut.start..end, format!(" {piece} ").into_bytes());
            }
            4 => {
                let other = &corpus[numbers.below(corpus.len())];
                let piece = other[range(numbers, other)].to_vec();
                text.splice(cut, piece);
            }
            _ if !text.is_empty() => {
                let at = numbers.below(text.len());
                text[at] = numbers.below(256) as u8;
            }
            _ => {}
        }
    }
    text.truncate(20_000);
    text
}

fn fuzz(name: &str, corpus: Vec<Vec<u8>>, wrap: fn(Vec<u8>) -> Vec<u8>) {
    let wrapped = corpus.iter().cloned().map(wrap).collect();
    let make = |numbers: &mut Numbers| wrap(changed(numbers, &corpus));
    kept::survive(name, wrapped, 1500, make, host::evaluate);
}

#[test]
fn expressions() {
    let mut corpus = inputs("fuzz/eval");
    corpus.extend(inputs("lang/eval"));
    fuzz("expressions", corpus, |text| text);
}

/// A text as a string literal.
fn literal(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text).replace('\0', " ");
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${"))
}

#[test]
fn texts_that_builtins_read() {
    fuzz("texts", inputs("fuzz/text"), |text| {
        let text = literal(&text);
        let calls = [
            "fromJSON t",
            "fromTOML t",
            "match t t",
            "split t \"aab,c\"",
            "parseDrvName t",
            "splitVersion t",
        ];
        let tries: Vec<_> =
            calls.iter().map(|call| format!("(builtins.tryEval (builtins.{call}))")).collect();
        // One error must not hide the next call: which comes first changes with the text.
        let first = text.len() % tries.len();
        format!("let t = {text}; in [ {} {} ]", tries[first], tries.join(" ")).into_bytes()
    });
}
