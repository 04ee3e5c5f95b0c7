//! Bytes that are nearly right, read by everything that reads bytes from outside: a value or an error,
//! never a panic.
//!
//! The kept inputs (`spec/fuzz/bytes`, `spec/formats`, `spec/flakes`, `spec/lang`) are cut, spliced and
//! changed (`fuzz/kept.rs`).
#![allow(clippy::unwrap_used)]

#[path = "../../../fuzz/bodies.rs"]
mod bodies;
#[path = "../../../fuzz/host.rs"]
mod host;
#[path = "../../../fuzz/kept.rs"]
mod kept;

use kept::{Numbers, inputs};

/// A stretch of a text, mostly a short one.
fn range(numbers: &mut Numbers, length: usize) -> std::ops::Range<usize> {
    let start = numbers.below(length + 1);
    let most = if numbers.below(4) == 0 { length } else { 16 };
    start..(start + numbers.below(most + 1)).min(length)
}

/// Numbers at whose borders readers of binary formats make mistakes.
const BORDERS: &[u64] = &[
    0,
    1,
    7,
    8,
    0x7f,
    0x80,
    0xff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 63,
    u64::MAX,
    u64::MAX - 7,
];

/// Pieces that lead somewhere in formats of text.
const PIECES: &[&str] = &[
    "\n",
    "\0",
    "\"",
    "\\",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "=",
    "/",
    "..",
    "%2e%2F",
    "?",
    "#",
    "&",
    "é",
    "-1",
    "1e999",
    "99999999999999999999",
    "null",
    "true",
    "0",
    "sha256-",
    "sha256:",
    "r:sha256",
    "/nix/store/",
    "git+file://",
    "path:",
    "?dir=",
    "&rev=",
    "follows",
    "inputs",
    "locked",
    "~",
    "|",
    "(>= 1)",
    "root",
];

/// Inputs a few changes away from one of these.
fn changed(numbers: &mut Numbers, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut input = corpus[numbers.below(corpus.len())].clone();
    for _ in 0..1 + numbers.below(5) {
        let cut = range(numbers, input.len());
        match numbers.below(8) {
            0 => drop(input.drain(cut)),
            1 => {
                let copied = input[cut.clone()].to_vec();
                input.splice(cut.end..cut.end, copied);
            }
            2 => drop(
                input.splice(cut.start..cut.start, PIECES[numbers.below(PIECES.len())].bytes()),
            ),
            3 => drop(input.splice(cut, PIECES[numbers.below(PIECES.len())].bytes())),
            4 => {
                let other = &corpus[numbers.below(corpus.len())];
                let piece = other[range(numbers, other.len())].to_vec();
                input.splice(cut, piece);
            }
            5 => {
                let border = BORDERS[numbers.below(BORDERS.len())].to_le_bytes();
                let at = cut.start.min(input.len().saturating_sub(8)) / 8 * 8;
                let end = (at + 8).min(input.len());
                input.splice(at..end, border);
            }
            6 => input.truncate(cut.end),
            _ if !input.is_empty() => {
                let at = numbers.below(input.len());
                input[at] = numbers.below(256) as u8;
            }
            _ => {}
        }
    }
    input.truncate(50_000);
    input
}

/// The lines of these inputs.
fn lines(inputs: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    inputs.iter().flat_map(|input| input.split(|&b| b == b'\n').map(<[u8]>::to_vec)).collect()
}

/// Trees as the cache keeps them.
fn kept_trees() -> Vec<Vec<u8>> {
    let texts =
        ["{ a = 1; }", "{ x, y ? \"${x}\" }@s: let a = ./b; in with s; [ (a.b or 1) ''c${y}'' ]"];
    let sources = firn_source::SourceMap::new();
    let kept = texts.map(|text| {
        let file = sources.add(firn_source::Origin::String, text.as_bytes()).unwrap();
        firn_syntax::parse(&file, &Default::default()).unwrap().to_bytes().unwrap()
    });
    kept.into()
}

macro_rules! hostile {
    ($($name:ident: $corpus:expr;)*) => {
        $(#[test]
        fn $name() {
            let corpus: Vec<Vec<u8>> = $corpus;
            let make = |numbers: &mut Numbers| changed(numbers, &corpus);
            kept::survive(stringify!($name), corpus.clone(), 1000, make, bodies::$name);
        })*
    };
}

hostile! {
    expression: inputs("fuzz/eval");
    syntax: [inputs("fuzz/eval"), inputs("lang/parse"), inputs("lang/eval")].concat();
    kept_tree: kept_trees();
    texts: inputs("fuzz/text");
    derivation: inputs("formats/derivations");
    narinfo: [inputs("formats/object.narinfo"), lines(inputs("formats"))].concat();
    archive: inputs("fuzz/bytes/archive");
    reference: lines(inputs("fuzz/bytes/reference"));
    lock_file: inputs("flakes/lock");
    elf: inputs("fuzz/bytes/elf");
    debian: [inputs("fuzz/bytes/debian"), lines(inputs("fuzz/bytes/debian"))].concat();
}
