//! The cases in `spec/lang/eval`: `NAME.nix` with the value (`NAME.out`) or the message (`NAME.err`);
//! and those in `spec/lang/tables`: an expression in a line, below it, indented, what the reference says.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use firn_eval::{Machine, Pos, Settings};
use firn_source::Origin;

#[path = "support/host.rs"]
mod host;

fn cases(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            cases(&path, found);
        } else if path.extension().is_some_and(|e| e == "nix") {
            found.push(path);
        }
    }
}

/// What a case gives; `collecting` gives memory back between the steps.
fn evaluate(path: &Path, collecting: bool) -> String {
    let mut m = Machine::new(Rc::new(host::FileHost), Settings::default(), &[]);
    let value = m.eval_file(path.to_str().unwrap().as_bytes(), Pos::NONE);
    if let (true, Ok(value)) = (collecting, value) {
        m.collect(&[value]);
    }
    let value = value.and_then(|v| m.force_deep(v));
    if let (true, Ok(value)) = (collecting, value) {
        m.collect(&[value]);
        m.collect(&[value]);
    }
    let text = value.and_then(|v| m.print_ambiguous(v));
    match text {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(raised) => format!("error: {}", m.take_error(raised).message),
    }
}

#[test]
fn every_case_gives_what_stands_beside_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/lang/eval");
    let mut found = Vec::new();
    cases(&root.canonicalize().unwrap(), &mut found);
    assert!(found.len() >= 9, "the cases are gone");
    let wrong: Vec<String> = firn_eval::stack::run(|| {
        found
            .iter()
            .filter_map(|path| {
                let expected = ["out", "err"]
                    .iter()
                    .find_map(|e| fs::read_to_string(path.with_extension(e)).ok());
                let expected =
                    expected.unwrap_or_else(|| panic!("{} has no .out or .err", path.display()));
                let got = evaluate(path, false);
                let collecting = evaluate(path, true);
                assert_eq!(collecting, got, "{} while collecting", path.display());
                (got != expected.trim_end())
                    .then(|| format!("{}:\n  got {got}\n  not {expected}", path.display()))
            })
            .collect()
    })
    .unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The answer to an expression in a line: its value, or `error`.
fn answer(expression: &str) -> String {
    let features = ["parse-toml-timestamps", "pipe-operators"].map(str::to_owned).to_vec();
    let settings = Settings { features, ..Settings::default() };
    let mut m = Machine::new(Rc::new(host::FileHost), settings, &[]);
    let value = m.eval_text(Origin::String, expression.as_bytes(), "/");
    let text = value.and_then(|v| m.force_deep(v)).and_then(|v| m.print_ambiguous(v));
    text.map_or_else(|_| "error".to_owned(), |text| String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn every_line_of_the_tables_is_answered_as_the_reference_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/lang/tables");
    let mut wrong = Vec::new();
    let mut count = 0;
    let tables: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).collect();
    firn_eval::stack::run(|| {
        for table in &tables {
            let text = fs::read_to_string(table).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            for case in lines.chunks(2) {
                let [expression, expected] = case else { panic!("{} is cut off", table.display()) };
                let got = answer(expression);
                count += 1;
                if got != expected.trim_start() {
                    wrong.push(format!(
                        "{expression}\n  got {got}\n  not {}",
                        expected.trim_start()
                    ));
                }
            }
        }
    })
    .unwrap();
    assert!(count > 700, "only {count} lines are there");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
