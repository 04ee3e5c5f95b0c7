//! The prompt at a real terminal: line editing, completion, history, Ctrl-C and Ctrl-D.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::process::Command;

use pty::Terminal;
use tempfile::TempDir;

mod pty;

/// Starts `firn` with these arguments; home and current folder are `folder`.
fn terminal(folder: &TempDir, arguments: &[&str]) -> Terminal {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firn"));
    command.args(arguments).current_dir(folder.path()).env_clear();
    command.env("HOME", folder.path()).env("NIX_REMOTE", "dummy://").env("TERM", "xterm");
    command.env("NIX_CONFIG", "experimental-features = nix-command flakes");
    Terminal::new(command, "nix-repl> ")
}

#[test]
fn lines_are_edited_and_may_be_several() {
    let folder = TempDir::new().unwrap();
    let mut at = terminal(&folder, &["repl"]);
    at.line("1 + 1", "2");
    // To the beginning of the line, and a character in front.
    at.line("3 * 5\u{1}1", "65");
    // Backspace, and everything before the cursor.
    at.line("\"forgotten\"\u{15}4 + 44\u{7f}", "8");
    at.keys("let a = 20;\r", "        > ");
    at.line("in a + a", "40");
    at.line("x = { y = \"from a variable\"; }", "");
    at.line("x.y", "from a variable");
    at.line(":t x", "a set");
    at.line("nothing", "undefined variable 'nothing'");
}

#[test]
fn names_and_files_are_completed() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("unusual-name.nix"), "111 * 3").unwrap();
    let mut at = terminal(&folder, &["repl"]);
    at.line("set = { onlyAttribute = 7 * 6; }", "");
    at.keys("set.onlyA\t", "set.onlyAttribute");
    at.line("", "42");
    at.keys("builtins.stringLe\t", "builtins.stringLength");
    at.line(" \"abc\"", "3");
    at.keys("import ./unus\t", "unusual-name.nix");
    at.line("", "333");
    at.keys(":trace-e\t", ":trace-enable");
    at.line("", "showing error traces");
}

#[test]
fn an_interrupt_leads_back_to_the_prompt() {
    let folder = TempDir::new().unwrap();
    let mut at = terminal(&folder, &["repl"]);
    let endless = [
        "let xs = builtins.genList (x: x) 100000; in builtins.foldl' (a: _: builtins.foldl' builtins.add a xs) 0 xs",
        "builtins.length (builtins.genList (x: builtins.deepSeq x x) 2000000000)",
        "builtins.genericClosure { startSet = [ { key = 0; } ]; operator = x: [ { key = x.key + 1; } ]; }",
        "let s = builtins.genList (x: x) 3000000; in builtins.deepSeq (map (x: builtins.sort (a: b: b < a) s) s) 1",
    ];
    for expression in endless {
        // The trace says when evaluation is on its way.
        at.keys(&format!("builtins.trace \"begun\" ({expression})\r"), "trace: begun");
        at.keys("\u{3}", "interrupted by the user");
        at.wait_for("nix-repl> ");
    }
    // At the prompt it takes back what was typed.
    at.keys("1 + ", "1 + ");
    at.keys("\u{3}", "nix-repl> ");
    at.line("6 * 7", "42");
}

#[test]
fn the_history_is_kept() {
    let folder = TempDir::new().unwrap();
    let mut at = terminal(&folder, &["repl"]);
    at.line("1000 + 1", "1001");
    assert!(at.last_keys("\u{4}").success());
    let kept = fs::read_to_string(folder.path().join(".local/share/nix/repl-history")).unwrap();
    assert_eq!(kept, "1000 + 1\n");
    let mut at = terminal(&folder, &["repl"]);
    at.keys("\u{1b}[A", "1000 + 1");
    at.line("00", "1100");
}

#[test]
fn a_debugger_reads_from_the_terminal() {
    let folder = TempDir::new().unwrap();
    let expression = "let price = 40; in builtins.break (price + 2)";
    let mut at = terminal(&folder, &["eval", "--debugger", "--impure", "--expr", expression]);
    at.line("price * 10", "400");
    at.keys(":c\r", "42");
    assert!(at.last_keys("").success());
}
