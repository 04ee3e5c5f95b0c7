//! Input that is large, deep or no text at all: an answer or a clean error, and never a crash.
//!
//! Nothing here looks at the clock. A program built for speed gets the full sizes, one for debugging
//! a tenth.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A number of elements or bytes, as large as the program is built for.
fn size(full: usize) -> usize {
    if cfg!(debug_assertions) { full / 10 } else { full }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firn"));
    command.arg0("nix-instantiate").args(["--eval", "--strict"]).args(arguments).env_clear();
    command.env("NIX_REMOTE", "dummy://").env("HOME", "/nonexistent");
    command
}

/// Evaluates a text in a file.
fn evaluate(text: impl AsRef<[u8]>) -> Output {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("input.nix");
    fs::write(&file, text).unwrap();
    command(&[file.to_str().unwrap()]).output().unwrap()
}

fn value(text: impl AsRef<[u8]>) -> String {
    let output = evaluate(text);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}", errors.chars().take(2000).collect::<String>());
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// What is said about a text that has no value: a clean error with this sentence, of bearable length.
fn refused(text: impl AsRef<[u8]>, sentence: &str) {
    let output = evaluate(text);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let shown: String = errors.chars().take(2000).collect();
    assert_eq!(output.status.code(), Some(1), "{sentence}: {shown}");
    assert!(errors.contains(sentence) && !errors.contains("panicked"), "{sentence}: {shown}");
    assert!(errors.len() < 20_000, "{sentence}: {} bytes of error", errors.len());
}

#[test]
fn lists_of_a_million_elements() {
    let n = size(1_000_000);
    assert_eq!(value(format!("builtins.length [{}]", " 1".repeat(n))), n.to_string());
    let sorted = format!(
        "builtins.head (builtins.sort builtins.lessThan (builtins.genList (x: 0 - x) {n}))"
    );
    assert_eq!(value(sorted), (1 - n as i64).to_string());
    // Each value needs the one before.
    let chain = format!(
        "(builtins.foldl' (a: i: {{ v = if a.v == i then 5 else i; }}) {{ v = 0; }} \
         (builtins.genList (x: x) {n})).v"
    );
    assert_eq!(value(chain), (n - 1).to_string());
    let sum = format!("builtins.foldl' builtins.add 0 (map (x: 1) (builtins.genList (x: x) {n}))");
    assert_eq!(value(sum), n.to_string());
}

#[test]
fn nesting_of_the_text() {
    assert_eq!(value("(".repeat(10_000) + "1" + &")".repeat(10_000)), "1");
    assert_eq!(
        value(format!("1{}", "-1".repeat(size(1_000_000)))),
        (1 - size(1_000_000) as i64).to_string()
    );
    let deep = "nested more than";
    let many = 100_000;
    refused("(".repeat(many), deep);
    refused("[".repeat(many), deep);
    refused("{a=".repeat(many), deep);
    refused("!".repeat(many) + "true", deep);
    refused("x: ".repeat(many), deep);
    refused("let a = 1; in ".repeat(many) + "a", deep);
    refused("with { }; ".repeat(many) + "1", deep);
    refused("if true then 1 else ".repeat(many) + "1", deep);
    refused(r#""${"#.repeat(many), deep);
    refused(format!("{{}}{}", "//{}".repeat(many)), deep);
    refused(format!("[]{}", "++[]".repeat(many)), deep);
    refused("{ }.a or ".repeat(many) + "1", deep);
}

#[test]
fn recursion() {
    let deep = "stack overflow; max-call-depth exceeded";
    refused("let f = n: f (n + 1); in f 0", deep);
    refused("let f = n: 1 + f (n + 1); in f 0", deep);
    refused("let f = n: [ (f n) ]; in builtins.deepSeq (f 1) 1", deep);
    refused("builtins.foldl' (a: b: x: a (x + b)) (x: x) (builtins.genList (x: x) 100000) 0", deep);
    refused("let x = { inherit x; }; in builtins.toJSON x", deep);
    refused("let x = x; in x", "infinite recursion encountered");
    refused("rec { a = b; b = a; }.a", "infinite recursion encountered");
    assert_eq!(value("let x = { a = x; }; in x"), "{ a = «repeated»; }");
    assert_eq!(value("let x = [ x ]; in x == [ x ]"), "true");
}

#[test]
fn no_text_at_all() {
    // Always the same bytes.
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(100_000)
    .collect();
    refused(&noise, "syntax error");
    refused([0, 1, 2, 255].repeat(1000), "syntax error");
    refused(format!("/*{}", "x".repeat(size(1_000_000))), "syntax error");
}

#[test]
fn long_strings() {
    let n = size(100_000_000);
    assert_eq!(value(format!("builtins.stringLength \"{}\"", "x".repeat(n))), n.to_string());
    assert_eq!(
        value(format!(
            "builtins.stringLength (builtins.concatStringsSep \"0123456789\" (builtins.genList (x: \"\") {}))",
            n / 10 + 1
        )),
        n.to_string()
    );
    // The error shows the end of the line, not all of it.
    refused(format!("\"{}\" + 1", "x".repeat(size(1_000_000))), "cannot coerce an integer");
}

#[test]
fn json_of_a_gigabyte() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("large.json");
    let n = size(1_000_000_000);
    let mut text = b"[".to_vec();
    text.extend(b"\"abcdefgh\",".iter().cycle().take(n / 11 * 11));
    text.extend_from_slice(b"null]");
    fs::write(&file, text).unwrap();
    let expression =
        format!("builtins.length (builtins.fromJSON (builtins.readFile {}))", file.display());
    assert_eq!(value(expression), (n / 11 + 1).to_string());
    let deep =
        "builtins.fromJSON (builtins.concatStringsSep \"\" (builtins.genList (x: \"[\") 100000))";
    refused(deep, "parse error");
}

/// What is said of an expression that fails where there is no more address space than this.
fn fails_within(gigabytes: u64, expression: &str) -> String {
    let mut command = command(&["-E", expression]);
    // SAFETY: `setrlimit` may be called between fork and exec.
    unsafe {
        command.pre_exec(move || {
            use rustix::process::{Resource, Rlimit, setrlimit};
            let limit = Some(gigabytes << 30);
            Ok(setrlimit(Resource::As, Rlimit { current: limit, maximum: limit })?)
        });
    }
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{expression}: {errors}");
    errors
}

#[test]
fn sizes_that_no_machine_has() {
    refused("builtins.genList (x: x) 100000000000000", "cannot create list of size");
    let list = "builtins.length (builtins.genList (x: x) 3000000000)";
    assert!(fails_within(12, list).starts_with("error: out of memory"));
    // Texts grow as they are written.
    for written in ["toJSON", "toXML", "toString"] {
        let doubled = "builtins.foldl' (a: n: [ a a ]) \"x\" (builtins.genList (x: x) 40)";
        let errors = fails_within(2, &format!("builtins.{written} ({doubled})"));
        assert!(errors.starts_with("error: out of memory"), "{written}: {errors}");
    }
}

/// Each call keeps the error for whoever looks at its value again.
#[test]
fn errors_from_deep_down_take_little_memory() {
    let seq = "let f = x: builtins.seq (f x) 1; in f 0";
    assert!(fails_within(2, seq).contains("stack overflow; max-call-depth exceeded"));
    let context = "let f = n: if n == 0 then throw \"enough\" else \
                   builtins.addErrorContext \"in ${toString n}\" (f (n - 1)); in f 4000";
    assert!(fails_within(2, context).contains("error: enough"));
    // None of these calls is inside another: only values are.
    let values = "let f = a: { inherit (f a) x; }; in (f { }).x";
    assert!(fails_within(2, values).contains("stack overflow"));
}

#[test]
fn hostile_regular_expressions() {
    assert_eq!(
        value(
            r#"builtins.match "(a*)*b" (builtins.concatStringsSep "" (builtins.genList (x: "a") 10000))"#
        ),
        "null"
    );
    refused(
        r#"builtins.match "((((a{1,100}){1,100}){1,100}){1,100}){1,100}" "a""#,
        "memory limit exceeded",
    );
}

/// Expressions that would go on for hours. Each says first that it runs.
const ENDLESS: &[&str] = &[
    "let l = builtins.genList (x: x) 1000; f = n: builtins.foldl' (a: b: b) 0 l; in builtins.foldl' (a: b: f b) 0 (builtins.genList (x: x) 10000000)",
    "let l = builtins.genList (x: x) 100000; in builtins.filter (x: builtins.elem (0 - 1) l) (builtins.genList (x: x) 10000000)",
    "builtins.genericClosure { startSet = [ { key = 1; } ]; operator = x: [ { key = x.key + 1; } ]; }",
    "let l = builtins.genList (x: 0 - x) 1000; in builtins.foldl' (a: b: builtins.sort builtins.lessThan l) 0 (builtins.genList (x: x) 10000000)",
    "let s = builtins.concatStringsSep \"\" (builtins.genList (x: \"ab\") 1000); in builtins.foldl' (a: b: builtins.split \"(a|b)*c\" s) 0 (builtins.genList (x: x) 10000000)",
    "let s = builtins.concatStringsSep \"\" (builtins.genList (x: \"ab\") 1000); in builtins.foldl' (a: b: builtins.replaceStrings [ \"a\" ] [ \"bb\" ] s) 0 (builtins.genList (x: x) 10000000)",
    "let s = builtins.listToAttrs (builtins.genList (x: { name = toString x; value = x; }) 1000); in builtins.foldl' (a: b: builtins.intersectAttrs s s) 0 (builtins.genList (x: x) 10000000)",
];

/// Runs an expression until it says that it runs, interrupts it, and gives what it says then.
fn interrupted(args: &[&str], expression: &str) -> String {
    use std::io::{BufRead, BufReader, Read};
    let text = format!("builtins.trace \"runs\" ({expression})");
    let mut child = command(&[args, &["-E", &text]].concat())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    assert_eq!(line, "trace: runs\n", "{expression}");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let mut rest = String::new();
    errors.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{expression}: {rest}");
    rest
}

#[test]
fn an_interrupt_stops_evaluation() {
    for expression in ENDLESS {
        let errors = interrupted(&[], expression);
        assert!(errors.contains("interrupted by the user"), "{expression}: {errors}");
    }
}

/// Whoever accepts a connection and then says nothing.
#[test]
fn an_interrupt_ends_a_fetch_that_hangs() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    for fetch in ["fetchurl \"http://ADDRESS/x\"", "fetchTarball \"http://ADDRESS/x.tar.gz\""] {
        let expression = format!("builtins.{}", fetch.replace("ADDRESS", &address.to_string()));
        assert_eq!(interrupted(&[], &expression), "error: interrupted by the user\n");
    }
}

#[test]
fn an_interrupt_has_no_trace_however_deep_the_calls_are() {
    let args = ["--option", "max-call-depth", "1000000000", "--show-trace"];
    let errors = interrupted(&args, "let f = x: f (x + 1); in f 0");
    assert_eq!(errors, "error: interrupted by the user\n");
}
