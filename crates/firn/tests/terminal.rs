//! The prompt at a real terminal: line editing, completion, history, Ctrl-C and Ctrl-D.
//!
//! Each step types something and waits until the screen shows what it must; nothing sleeps.
#![allow(clippy::unwrap_used)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tempfile::TempDir;

/// How long a step may take at most, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A prompt in a terminal.
struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: String,
    child: Child,
}

impl Terminal {
    /// Starts `firn` with these arguments; home and current folder are `folder`.
    fn new(folder: &TempDir, arguments: &[&str]) -> Terminal {
        let main = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&main).unwrap();
        unlockpt(&main).unwrap();
        let name = ptsname(&main, Vec::new()).unwrap().into_string().unwrap();
        let side = File::options().read(true).write(true).open(name).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_firn"));
        command.args(arguments).current_dir(folder.path()).env_clear();
        command.env("HOME", folder.path()).env("NIX_REMOTE", "dummy://").env("TERM", "xterm");
        command.env("NIX_CONFIG", "experimental-features = nix-command flakes");
        let end = || side.try_clone().unwrap();
        command.stdin(end()).stdout(end()).stderr(end());
        // SAFETY: both are system calls that are safe between fork and exec.
        unsafe {
            command.pre_exec(|| {
                rustix::process::setsid()?;
                rustix::process::ioctl_tiocsctty(std::io::stdin().as_fd())?;
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        drop((side, command));
        let keyboard = File::from(main);
        let mut reader = keyboard.try_clone().unwrap();
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut terminal = Terminal { keyboard, screen, shown: String::new(), child };
        terminal.wait_for("nix-repl> ");
        terminal
    }

    /// Reads until the screen shows a text; what it showed before is forgotten.
    fn wait_for(&mut self, text: &str) {
        while !self.shown.contains(text) {
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.shown += &String::from_utf8_lossy(&bytes),
                Err(error) => panic!("no {text:?} ({error}) in {:?}", self.shown),
            }
        }
        let end = self.shown.find(text).unwrap() + text.len();
        self.shown.drain(..end);
    }

    /// Types something and waits for what it leads to.
    fn keys(&mut self, keys: &str, leads_to: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.wait_for(leads_to);
    }

    /// Types a line, and waits for its result and the next prompt.
    fn line(&mut self, line: &str, result: &str) {
        self.keys(&format!("{line}\r"), result);
        self.wait_for("nix-repl> ");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn lines_are_edited_and_may_be_several() {
    let folder = TempDir::new().unwrap();
    let mut at = Terminal::new(&folder, &["repl"]);
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
    let mut at = Terminal::new(&folder, &["repl"]);
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
    let mut at = Terminal::new(&folder, &["repl"]);
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
    let mut at = Terminal::new(&folder, &["repl"]);
    at.line("1000 + 1", "1001");
    at.keyboard.write_all(b"\x04").unwrap();
    assert!(at.child.wait().unwrap().success());
    drop(at);
    let kept = fs::read_to_string(folder.path().join(".local/share/nix/repl-history")).unwrap();
    assert_eq!(kept, "1000 + 1\n");
    let mut at = Terminal::new(&folder, &["repl"]);
    at.keys("\u{1b}[A", "1000 + 1");
    at.line("00", "1100");
}

#[test]
fn a_debugger_reads_from_the_terminal() {
    let folder = TempDir::new().unwrap();
    let expression = "let price = 40; in builtins.break (price + 2)";
    let mut at = Terminal::new(&folder, &["eval", "--debugger", "--impure", "--expr", expression]);
    at.line("price * 10", "400");
    at.keys(":c\r", "42");
    assert!(at.child.wait().unwrap().success());
}
