//! The commands that work on stores, as a user calls them, on a store of their own.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A user with a home, and a store in it.
struct User(TempDir);

impl User {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn home(&self) -> &Path {
        self.0.path()
    }

    /// Calls the program by a name with words, feeding it `input`.
    fn call(&self, line: &str, input: &[u8]) -> Output {
        let mut words = line.split(' ');
        let mut child = Command::new(env!("CARGO_BIN_EXE_firn"))
            .arg0(words.next().unwrap())
            .args(words)
            .env_clear()
            .env("HOME", self.home())
            .env("NIX_REMOTE", self.home().join("root"))
            .current_dir(self.home())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    /// What a call prints that must succeed.
    fn run(&self, line: &str) -> String {
        let output = self.call(line, b"");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {errors}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// What a call that must fail says.
    fn fails(&self, line: &str) -> String {
        let output = self.call(line, b"");
        assert!(!output.status.success(), "{line} succeeds");
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn files_go_in_are_shown_and_are_collected() {
    let user = User::new();
    fs::create_dir(user.home().join("tree")).unwrap();
    fs::write(user.home().join("tree/file"), "content\n").unwrap();
    let path = user.run("nix-store --add tree");
    assert!(path.starts_with("/nix/store/") && path.ends_with("-tree"), "{path}");
    assert_eq!(user.run("firn store add tree"), path);
    assert_eq!(user.run(&format!("firn store cat {path}/file")), "content");
    assert_eq!(user.run(&format!("firn store ls {path}")), "./file");
    assert_eq!(user.run(&format!("firn path-info {path}")), path);
    assert_eq!(user.run(&format!("nix-store -q --references {path}")), "");
    assert_eq!(
        user.run(&format!("nix-store -q --hash {path}")),
        format!("sha256:{}", user.run("nix-hash --type sha256 --base32 tree"))
    );
    assert_eq!(user.run("nix-store --gc --print-dead"), path);
    user.run("nix-store --verify --check-contents");
    assert!(user.run("nix-collect-garbage").starts_with("1 store paths deleted"));
    let message = user.fails(&format!("nix-store --check-validity {path}"));
    assert!(message.contains("is not valid"), "{message}");
}

#[test]
fn objects_move_between_stores() {
    let (from, to) = (User::new(), User::new());
    fs::write(from.home().join("one"), "1").unwrap();
    let path = from.run("nix-store --add one");
    let stream = from.call(&format!("nix-store --export {path}"), b"").stdout;
    let imported = to.call("nix-store --import", &stream);
    assert_eq!(String::from_utf8(imported.stdout).unwrap().trim_end(), path);
    assert_eq!(to.run(&format!("firn store cat {path}")), "1");
    let broken = to.call("nix-store --import", &stream[..stream.len() / 2]);
    assert!(!broken.status.success());
    to.run("nix-store --verify --check-contents");
}

#[test]
fn mistakes_are_named() {
    let user = User::new();
    for (line, part) in [
        ("nix-store", "no operation specified"),
        ("nix-store --gc --verify", "only one operation"),
        ("nix-store -q --hash /etc/passwd", "is not in the Nix store"),
        ("nix-store --add none", "none"),
        ("firn hash convert abc", "does not include a type"),
        ("firn path-info --store nonsense /nix/store", "is no store"),
        ("nix-collect-garbage --delete-older-than soon", "invalid age"),
    ] {
        let message = user.fails(line);
        assert!(message.contains(part), "{line}: {message}");
        assert!(!message.contains("panicked"), "{line}: {message}");
    }
}

#[test]
fn closures_are_compared_drawn_rewritten_and_deleted() {
    let user = User::new();
    for (name, text) in [("tool-1.0", "one"), ("tool-2.0", "two")] {
        fs::write(user.home().join(name), text).unwrap();
    }
    let [old, new] =
        ["tool-1.0", "tool-2.0"].map(|name| user.run(&format!("nix-store --add {name}")));
    let line = user.run(&format!("firn store diff-closures {old} {new}"));
    assert_eq!(line, "tool: 1.0 → 2.0");
    assert_eq!(user.run(&format!("firn store diff-closures {old} {old}")), "");

    let graph = user.run(&format!("nix-store --query --graphml {old}"));
    for part in ["<graphml ", "<data key=\"name\">tool-1.0</data>", "output-path</data>"] {
        assert!(graph.contains(part), "{graph}");
    }

    // What is named by its content has that name already.
    let json = user.run(&format!("firn store make-content-addressed --json {old}"));
    assert_eq!(json, format!("{{\"rewrites\":{{\"{old}\":\"{old}\"}}}}"));

    assert!(
        user.fails(&format!("firn store repair {old}"))
            .contains("what made it is not in the store")
    );
    assert!(user.fails(&format!("firn store sign --all -k nothing {old}")).contains("'nothing'"));
    assert!(
        user.fails(&format!("firn store delete --all {old}")).contains("does not expect arguments")
    );
    user.run(&format!("firn store delete --recursive {old} {new}"));
    assert!(user.fails(&format!("firn store verify {old}")).contains("not valid"));
}
