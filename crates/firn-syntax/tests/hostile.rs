//! Whatever the bytes, the parser answers: a tree or a diagnostic.
#![allow(clippy::unwrap_used)]

use firn_source::{Origin, SourceMap};
use firn_syntax::{ParseOptions, parse, print, scope};
use proptest::prelude::*;

/// Parses, and uses what comes out of it.
fn survive(text: &[u8]) -> bool {
    let sources = SourceMap::new();
    let file = sources.add(Origin::String, text).unwrap();
    let options = ParseOptions { pipe_operators: true, ..ParseOptions::default() };
    match parse(&file, &options) {
        Ok(ast) => {
            let _ = scope::check(&ast, &|_| true);
            let _ = print::print(&ast, "/".as_ref(), "/".as_ref());
            true
        }
        Err(error) => {
            let _ = firn_diag::terminal::render(&error, &sources, true, true);
            let _ = firn_diag::cppnix::render(&error, &sources, Default::default());
            let _ = firn_diag::to_json(&error, &sources);
            false
        }
    }
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    "=",
    ":",
    ",",
    ".",
    "@",
    "?",
    "...",
    "if ",
    "then ",
    "else ",
    "let ",
    "in ",
    "with ",
    "assert ",
    "rec ",
    "inherit ",
    "or ",
    "\"",
    "''",
    "${",
    "$",
    "''$",
    "''\\",
    "'''",
    "a",
    "b.c",
    " ",
    "\n",
    "1",
    "1.5",
    "./p",
    "./",
    "<n>",
    "http://u",
    "~/h",
    "+",
    "-",
    "*",
    "/",
    "//",
    "++",
    "->",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    "&&",
    "||",
    "!",
    "|>",
    "<|",
    "/*",
    "*/",
    "#",
    "/** doc */",
    "\\",
    "\0",
    "é",
    "\r",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        survive(&text);
    }

    #[test]
    fn random_tokens(picks in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let text: String = picks.into_iter().map(|i| PIECES[i]).collect();
        survive(text.as_bytes());
    }

    #[test]
    fn a_printed_tree_prints_the_same_again(picks in proptest::collection::vec(0..PIECES.len(), 0..30)) {
        let text: String = picks.into_iter().map(|i| PIECES[i]).collect();
        let shown = |text: &[u8]| {
            let sources = SourceMap::new();
            let file = sources.add(Origin::String, text).unwrap();
            let ast = parse(&file, &ParseOptions::default()).ok()?;
            Some(print::print(&ast, "/f".as_ref(), "/h".as_ref()))
        };
        if let Some(first) = shown(text.as_bytes())
            && let Some(second) = shown(&first)
        {
            prop_assert_eq!(shown(&second), Some(second));
        }
    }
}

fn nested(open: &str, inside: &str, close: &str, depth: usize) -> String {
    format!("{}{inside}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn deep_nesting_parses() {
    for (open, inside, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{a=", "1", ";}"),
        ("x:", "1", ""),
        ("let a = 1; in ", "a", ""),
        ("if true then ", "1", " else 1"),
        ("!", "true", ""),
        ("-", "1", ""),
        ("[] ++ ", "[]", ""),
        ("\"${", "1", "}\""),
        ("''${", "1", "}''"),
        ("a.b or ", "1", ""),
        ("{ a ? ", "1", " }: 1"),
        ("rec {a=", "1", ";}"),
        ("f <| ", "1", ""),
        ("assert true; ", "1", ""),
    ] {
        assert!(survive(nested(open, inside, close, 10_000).as_bytes()), "{open}");
    }
}

#[test]
fn too_deep_nesting_is_an_error() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{a=", ";}"), ("\"${", "}\"")] {
        assert!(!survive(nested(open, "1", close, 200_000).as_bytes()), "{open}");
        assert!(!survive(open.repeat(200_000).as_bytes()), "{open}");
    }
}

#[test]
fn long_inputs_take_linear_time() {
    let long = 200_000;
    assert!(survive("1 + ".repeat(long).as_bytes().strip_suffix(b" + ").unwrap()));
    assert!(survive(format!("[{}]", "a ".repeat(long)).as_bytes()));
    assert!(survive(format!("a{}", ".a".repeat(long)).as_bytes()));
    assert!(!survive(format!("a{}/", ".a".repeat(long)).as_bytes()));
    assert!(!survive(format!("{}:", "a.".repeat(long)).as_bytes()));
    let bindings: String = (0..long).map(|i| format!("a.b{i} = 1;")).collect();
    assert!(survive(format!("{{{bindings}}}").as_bytes()));
    assert!(survive(
        format!("{{ a{} = 1; a{} = 2; }}", ".a".repeat(long), ".b".repeat(long)).as_bytes()
    ));
}
