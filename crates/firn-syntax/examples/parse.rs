//! Parses standard input or files and prints the tree as `nix-instantiate --parse` does.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};

use firn_source::{Origin, SourceMap};
use firn_syntax::{ParseOptions, parse, print, scope};

/// The names that are in scope everywhere.
const GLOBALS: &str = include_str!("globals.txt");

fn main() {
    let sources = SourceMap::new();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let files = match args.as_slice() {
        [] => {
            let mut text = Vec::new();
            std::io::stdin().read_to_end(&mut text).unwrap();
            vec![sources.add(Origin::Stdin, text).unwrap()]
        }
        paths => paths
            .iter()
            .map(|p| sources.add(Origin::Path(p.into()), std::fs::read(p).unwrap()).unwrap())
            .collect(),
    };
    let globals: std::collections::HashSet<&[u8]> =
        GLOBALS.split_whitespace().map(str::as_bytes).collect();
    let home = std::env::var("HOME").unwrap_or_default();
    let mut failed = false;
    for file in files {
        let folder = match file.origin().path() {
            Some(path) => path.parent().unwrap().to_owned(),
            None => std::env::current_dir().unwrap(),
        };
        let result = parse(&file, &ParseOptions::default()).and_then(|ast| {
            scope::check(&ast, &|name| globals.contains(name.bytes())).map(|()| ast)
        });
        match result {
            Ok(ast) => {
                let mut out = print::print(&ast, &folder, home.as_ref());
                out.push(b'\n');
                std::io::stdout().write_all(&out).unwrap();
            }
            Err(error) => {
                failed = true;
                let text = match std::env::var_os("FIRN_PRETTY") {
                    Some(_) => firn_diag::terminal::render(&error, &sources, true, false),
                    None => firn_diag::cppnix::render(&error, &sources, Default::default()),
                };
                eprintln!("{text}");
            }
        }
    }
    std::process::exit(i32::from(failed));
}
