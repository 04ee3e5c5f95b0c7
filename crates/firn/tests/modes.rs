//! The expressions in `spec/lang/modes`, evaluated as `nix-instantiate --eval --strict` does: pure, impure and
//! restricted evaluation, and what derivations become: their paths and the contexts of their strings.
//!
//! A file's first line has the flags, the second the experimental features. Then an expression in a line, and
//! below it, indented, what the reference (CppNix 2.34.8) says: the value, or `error`. The commands find the
//! files that [`folder`] makes, and `FOO` in the environment.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// What expressions may look at.
fn folder(home: &Path) {
    let work = home.join("work");
    fs::create_dir_all(work.join("dir/sub")).unwrap();
    fs::write(work.join("data"), "content").unwrap();
    fs::write(work.join("lib.nix"), "{ a = 1; f = x: x; }\n").unwrap();
    fs::write(work.join("dir/a"), "hello\n").unwrap();
    fs::write(work.join("dir/sub/b"), "sub\n").unwrap();
    symlink("../data", work.join("dir/link")).unwrap();
}

struct Table {
    flags: Vec<String>,
    features: String,
    cases: Vec<(String, String)>,
}

fn read(text: &str) -> Table {
    let mut lines = text.lines();
    let mut head = || lines.next().unwrap().strip_prefix('#').unwrap().trim().to_owned();
    let (flags, features) = (head(), head());
    let lines: Vec<&str> = lines.collect();
    let cases = lines.chunks(2).map(|case| {
        let [expression, expected] = case else { panic!("the table is cut off: {case:?}") };
        ((*expression).to_owned(), expected.trim_start().to_owned())
    });
    Table {
        flags: flags.split_whitespace().map(str::to_owned).collect(),
        features,
        cases: cases.collect(),
    }
}

fn answer(home: &Path, table: &Table, expression: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_firn"))
        .arg0("nix-instantiate")
        .args(["--eval", "--strict", "--read-write-mode"])
        .args(&table.flags)
        .args(["-E", expression])
        .env_clear()
        .env("HOME", home)
        .env("FOO", "bar")
        .env("NIX_REMOTE", home.join("root"))
        .env("NIX_CONFIG", format!("experimental-features = {}\nflake-registry =", table.features))
        .current_dir(home.join("work"))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).replace(home.to_str().unwrap(), "/HOME");
    match output.status.code() {
        Some(0) => printed.trim().to_owned(),
        Some(1) => "error".to_owned(),
        _ => format!("{}", output.status),
    }
}

/// What is answered in another way than the table says.
fn wrong(table: &Table) -> String {
    let home = TempDir::new().unwrap();
    let home = home.path().canonicalize().unwrap();
    folder(&home);
    let mut wrong = String::new();
    for (expression, expected) in &table.cases {
        let got = answer(&home, table, expression);
        if got != *expected {
            writeln!(wrong, "{expression}\n  got {got}\n  not {expected}").unwrap();
        }
    }
    wrong
}

#[test]
fn every_mode_answers_as_the_reference_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/lang/modes");
    let tables: Vec<(String, Table)> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), read(&fs::read_to_string(path).unwrap())))
        .collect();
    let count: usize = tables.iter().map(|(_, table)| table.cases.len()).sum();
    assert!(count > 700, "only {count} expressions are there");
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> =
            tables.iter().map(|(name, table)| (name, scope.spawn(|| wrong(table)))).collect();
        running
            .into_iter()
            .map(|(name, thread)| (name, thread.join().unwrap()))
            .filter(|(_, wrong)| !wrong.is_empty())
            .map(|(name, wrong)| format!("{name}:\n{wrong}"))
            .collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
