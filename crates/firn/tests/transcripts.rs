//! The sessions in `spec/commands`: commands as a user calls them, and all that they print.
//!
//! A file begins with the files that its commands find (`== NAME`, then the text). Then, for each
//! command: `$ WORDS` (quoted as in a shell), its standard input (`< LINE`), standard output as it is,
//! standard error (`! LINE`), and its exit status unless it is 0 (`? STATUS`). The user's home is
//! written as `/HOME`. With `FIRN_BLESS=1` in the environment, what the commands print is written to
//! the files instead.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// One command of a session, with what it prints.
struct Step {
    line: String,
    input: Vec<String>,
    output: String,
}

fn read(text: &str) -> (Vec<(String, String)>, Vec<Step>) {
    let (mut files, mut steps): (Vec<(String, String)>, Vec<Step>) = (Vec::new(), Vec::new());
    for line in text.lines() {
        if let Some(line) = line.strip_prefix("$ ") {
            steps.push(Step { line: line.to_owned(), input: Vec::new(), output: String::new() });
        } else if let Some(step) = steps.last_mut() {
            match line.strip_prefix('<').filter(|rest| rest.is_empty() || rest.starts_with(' ')) {
                Some(input) => step.input.push(input.strip_prefix(' ').unwrap_or(input).to_owned()),
                None => writeln!(step.output, "{line}").unwrap(),
            }
        } else if let Some(name) = line.strip_prefix("== ") {
            files.push((name.to_owned(), String::new()));
        } else if let Some((_, content)) = files.last_mut() {
            writeln!(content, "{line}").unwrap();
        }
    }
    (files, steps)
}

/// Takes a line apart as a shell does: quotes of both kinds, no expansion.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn perform(home: &Path, step: &Step) -> String {
    let words = words(&step.line);
    let mut child = Command::new(env!("CARGO_BIN_EXE_firn"))
        .arg0(&words[0])
        .args(words[1..].iter().map(|word| word.replace("/HOME", home.to_str().unwrap())))
        .env_clear()
        .env("HOME", home)
        .env("NIX_REMOTE", home.join("root"))
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(home.join("work"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input: String = step.input.iter().map(|line| format!("{line}\n")).collect();
    // A command that doesn't read its input may be gone before all is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let shown =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(home.to_str().unwrap(), "/HOME");
    let mut text = shown(&output.stdout);
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for line in shown(&output.stderr).lines() {
        writeln!(text, "! {line}").unwrap();
    }
    if output.status.code() != Some(0) {
        writeln!(text, "? {}", output.status.code().unwrap_or(-1)).unwrap();
    }
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// What a session's file says when its commands print this.
fn written(files: &[(String, String)], steps: &[Step], outputs: &[String]) -> String {
    let mut text: String =
        files.iter().map(|(name, content)| format!("== {name}\n{content}")).collect();
    for (step, output) in steps.iter().zip(outputs) {
        writeln!(text, "$ {}", step.line).unwrap();
        for line in &step.input {
            writeln!(text, "{}", format!("< {line}").trim_end()).unwrap();
        }
        text += output;
    }
    text
}

fn check(path: &Path) -> Vec<String> {
    let (files, steps) = read(&fs::read_to_string(path).unwrap());
    assert!(!steps.is_empty(), "{}: no commands", path.display());
    let home = TempDir::new().unwrap();
    let folder = home.path().canonicalize().unwrap();
    for (name, content) in &files {
        let file = folder.join("work").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    fs::create_dir_all(folder.join("work")).unwrap();
    let outputs: Vec<_> = steps.iter().map(|step| perform(&folder, step)).collect();
    if std::env::var_os("FIRN_BLESS").is_some() {
        fs::write(path, written(&files, &steps, &outputs)).unwrap();
        return Vec::new();
    }
    let name = path.file_name().unwrap().to_string_lossy();
    std::iter::zip(&steps, &outputs)
        .filter(|(step, output)| step.output != **output)
        .map(|(step, output)| {
            format!("{name}: $ {}\n{output}instead of\n{}", step.line, step.output)
        })
        .collect()
}

#[test]
fn sessions_print_what_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/commands");
    let mut sessions: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    sessions.sort();
    assert!(!sessions.is_empty(), "the sessions are gone");
    let wrong: Vec<_> = sessions.iter().flat_map(|path| check(path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
