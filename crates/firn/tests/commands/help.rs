//! Every command, with all its sub-commands and flags: described, complete, and never out of its mind.
//!
//! What there is comes from the program itself, so that no command can be forgotten here.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

use serde_json::{Map, Value};

use crate::user::User;

/// The older programs: a description each, and what they say of a flag that nobody knows.
const PROGRAMS: &[&str] = &[
    "nix-build",
    "nix-collect-garbage",
    "nix-env",
    "nix-hash",
    "nix-instantiate",
    "nix-prefetch-url",
    "nix-shell",
    "nix-store",
    "nixos-test-driver",
    "switch-to-configuration",
    "activate",
];

/// Programs of the reference that are not there: they say what helps instead.
const MISSING: &[&str] = &["nix-channel", "nix-copy-closure", "nix-daemon"];

/// Words that nobody means.
const ODD: &[&[u8]] = &[
    b"",
    b"-",
    b"--",
    b"---",
    b"-\xff",
    b"\xff\xfe",
    b"^",
    b"#",
    b".#",
    b"a^",
    b"..",
    b"\n",
    b"-0",
];

/// A command line with how the command describes itself.
struct Known {
    words: Vec<String>,
    about: Value,
}

/// All commands below one, itself included.
fn commands(words: &[String], about: &Value, found: &mut Vec<Known>) {
    found.push(Known { words: words.to_vec(), about: about.clone() });
    for (name, about) in map(&about["commands"]) {
        let words: Vec<_> = words.iter().chain([name]).cloned().collect();
        commands(&words, about, found);
    }
}

fn map(value: &Value) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE)
}

fn all(user: &User) -> Vec<Known> {
    let dump: Value = serde_json::from_str(&user.run(&["firn", "__dump-cli"])).unwrap();
    let mut found = Vec::new();
    commands(&["firn".to_owned()], &dump["args"], &mut found);
    assert!(found.len() > 60, "only {} commands", found.len());
    found
}

/// Calls the program by the first word; nothing is on standard input.
fn call(user: &User, words: &[&OsStr], variables: &[(&str, String)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firn"))
        .arg0(words[0])
        .args(&words[1..])
        .env_clear()
        .env("HOME", user.home())
        .env("NIX_REMOTE", user.home().join("root"))
        .env("NIX_CONFIG", "flake-registry =")
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .current_dir(user.work())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn called(user: &User, words: &[&str], variables: &[(&str, String)]) -> (i32, String, String) {
    let words: Vec<_> = words.iter().map(OsStr::new).collect();
    let output = call(user, &words, variables);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// Each command says what it is for, and what each of its flags does; on standard output, with status 0.
#[test]
fn every_command_has_help_and_every_flag_a_text() {
    let user = User::new();
    let mut wrong = Vec::new();
    for known in all(&user) {
        let mut words: Vec<_> = known.words.iter().map(String::as_str).collect();
        let name = words.join(" ");
        words.push("--help");
        let (status, help, errors) = called(&user, &words, &[]);
        if status != 0 || !errors.is_empty() {
            wrong.push(format!("{name} --help: status {status}, {errors}"));
        }
        if known.about["description"].as_str().is_none_or(str::is_empty) {
            wrong.push(format!("{name}: does not say what it is for"));
        }
        for (flag, about) in map(&known.about["flags"]) {
            if about["description"].as_str().is_none_or(|text| text.len() < 4) {
                wrong.push(format!("{name} --{flag}: no text"));
            }
            if !help.contains(&format!("--{flag}")) {
                wrong.push(format!("{name} --{flag}: not in its help"));
            }
        }
        for sub in map(&known.about["commands"]).keys() {
            if !help.lines().any(|line| line.split_whitespace().next() == Some(sub)) {
                wrong.push(format!("{name} {sub}: not in its help"));
            }
        }
        if let Some(line) = help.lines().find(|line| line.chars().count() > 110) {
            wrong.push(format!("{name}: a long line: {line}"));
        }
    }
    for program in PROGRAMS {
        let (status, help, errors) = called(&user, &[program, "--help"], &[]);
        if status != 0 || !help.contains("Usage:") || !errors.is_empty() {
            wrong.push(format!("{program} --help: status {status}, {help}{errors}"));
        }
    }
    for program in MISSING {
        let (status, output, errors) = called(&user, &[program, "--help"], &[]);
        if status != 1 || !output.is_empty() || !errors.contains("help:") {
            wrong.push(format!("{program} --help: status {status}, {output}{errors}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A flag that nobody knows: nothing on standard output, a hint, and status 1 or 2.
#[test]
fn wrong_use_is_told() {
    let user = User::new();
    let mut wrong = Vec::new();
    let known: Vec<_> = all(&user).into_iter().map(|known| known.words).collect();
    let programs = PROGRAMS.iter().map(|program| vec![(*program).to_owned()]);
    for mut words in known.into_iter().chain(programs) {
        words.push("--no-such-flag".to_owned());
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let (status, output, errors) = called(&user, &words, &[]);
        let hints = ["--help", "help:", "not there", "yet"];
        if !matches!(status, 1 | 2)
            || !output.is_empty()
            || !hints.iter().any(|hint| errors.contains(hint))
        {
            wrong.push(format!("{}: status {status}, {output}{errors}", words.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Shells are offered all flags and all sub-commands.
#[test]
fn completion_offers_what_help_lists() {
    let user = User::new();
    let mut wrong = Vec::new();
    for known in all(&user) {
        let offered = |word: &str| -> BTreeSet<String> {
            let mut words: Vec<_> = known.words.iter().map(String::as_str).collect();
            let number = words.len();
            words.push(word);
            let asked = [("NIX_GET_COMPLETIONS", number.to_string())];
            let (_, output, _) = called(&user, &words, &asked);
            let words = output.lines().skip(1);
            words.filter_map(|line| Some(line.split_once('\t')?.0.to_owned())).collect()
        };
        let flags = offered("--");
        for flag in map(&known.about["flags"]).keys() {
            if !flags.contains(&format!("--{flag}")) {
                wrong.push(format!("{} --{flag} is not offered", known.words.join(" ")));
            }
        }
        let subs = map(&known.about["commands"]);
        if !subs.is_empty() {
            let words = offered("");
            let missing = subs.keys().filter(|sub| !words.contains(*sub));
            wrong.extend(missing.map(|sub| format!("{} {sub}", known.words.join(" "))));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Words that make no sense are errors, or mean nothing; they never end the program by a panic.
#[test]
fn odd_words_are_no_reason_to_panic() {
    let user = User::new();
    let mut wrong = Vec::new();
    let known: Vec<_> = all(&user).into_iter().map(|known| known.words).collect();
    let programs = PROGRAMS.iter().map(|program| vec![(*program).to_owned()]);
    // What would start a session, or work on everything there is.
    let left_out = |words: &[String]| matches!(words[1..].join(" ").as_str(), "repl" | "edit");
    for words in known.into_iter().chain(programs).filter(|words| !left_out(words)) {
        // A template that one command leaves behind is nothing that the next may build.
        let user = User::new();
        for odd in ODD {
            let mut line: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
            line.push(OsStr::from_bytes(odd));
            let output = call(&user, &line, &[]);
            let errors = String::from_utf8_lossy(&output.stderr);
            if output.status.code().is_none_or(|code| code == 101) || errors.contains("panicked") {
                wrong.push(format!("{line:?}: {}, {errors}", output.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
