//! Cases as data: `spec/lang/parse` (trees and CppNix's messages) and `spec/diagnostics/parse`
//! (what a person sees). With `FIRN_BLESS=1` the expected texts are written anew.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use firn_diag::{Diagnostic, cppnix, terminal};
use firn_source::{Origin, SourceMap};
use firn_syntax::{Ast, ParseOptions, parse, print, scope};

const GLOBALS: &str = include_str!("../examples/globals.txt");

fn spec(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec").join(folder)
}

fn checked(sources: &SourceMap, text: Vec<u8>) -> Result<Ast, Box<Diagnostic>> {
    let file = sources.add(Origin::Stdin, text).unwrap();
    let ast = parse(&file, &ParseOptions::default())?;
    let global = |name: firn_syntax::Symbol| {
        GLOBALS.split_whitespace().any(|global| global.as_bytes() == name.bytes())
    };
    scope::check(&ast, &global)?;
    Ok(ast)
}

/// Compares what `show` makes of every `.nix` file with the file beside it.
fn run(folder: &str, extension: &str, show: fn(Vec<u8>) -> String) {
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(spec(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "nix") {
            continue;
        }
        count += 1;
        let got = show(std::fs::read(&path).unwrap());
        let expected_path = path.with_extension(extension);
        if std::env::var_os("FIRN_BLESS").is_some() {
            std::fs::write(&expected_path, &got).unwrap();
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if got != expected {
            wrong.push(format!("{}:\n{got}\ninstead of\n{expected}", path.display()));
        }
    }
    assert!(count > 0, "no cases in {folder}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn trees_and_messages_are_those_of_cppnix() {
    run("lang/parse", "out", |text| {
        let sources = SourceMap::new();
        match checked(&sources, text) {
            Ok(ast) => {
                let tree = print::print(&ast, "/folder".as_ref(), "/home".as_ref());
                format!("{}\n", String::from_utf8_lossy(&tree))
            }
            Err(error) => cppnix::render(&error, &sources, cppnix::Style::default()) + "\n",
        }
    });
}

#[test]
fn mistakes_are_explained() {
    run("diagnostics/parse", "txt", |text| {
        let sources = SourceMap::new();
        match checked(&sources, text) {
            Ok(_) => "no mistake was found\n".into(),
            Err(error) => terminal::render(&error, &sources, false, false) + "\n",
        }
    });
}
