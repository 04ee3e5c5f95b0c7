//! A user who calls the program.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A user with a home, and a store in it.
pub struct User(TempDir);

impl User {
    /// A new home.
    pub fn new() -> Self {
        let user = User(tempfile::tempdir().unwrap());
        fs::create_dir(user.home().join("work")).unwrap();
        user
    }

    /// The home.
    pub fn home(&self) -> &Path {
        self.0.path()
    }

    /// The folder in which commands run.
    pub fn work(&self) -> std::path::PathBuf {
        self.home().join("work")
    }

    /// Writes a file below the folder in which commands run.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.work().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Calls the program by a name with words.
    pub fn call(&self, words: &[&str]) -> Output {
        self.call_with(&[], words)
    }

    /// The same with more in the environment.
    pub fn call_with(&self, variables: &[(&str, &str)], words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_firn"))
            .arg0(words[0])
            .args(&words[1..])
            .env_clear()
            .env("HOME", self.home())
            .env("NIX_REMOTE", self.home().join("root"))
            // Names mean the same whether or not there is a network.
            .env("NIX_CONFIG", "flake-registry =")
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(variables.iter().copied())
            .current_dir(self.work())
            .output()
            .unwrap()
    }

    /// Standard output of a call that must succeed.
    pub fn run(&self, words: &[&str]) -> String {
        let output = self.call(words);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Exit status and standard error of a call that must fail, and print nothing.
    pub fn fails(&self, words: &[&str]) -> (i32, String) {
        let output = self.call(words);
        assert!(!output.status.success(), "{words:?} succeeds");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{words:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!text.contains("panicked"), "{words:?}: {text}");
        (output.status.code().unwrap(), text)
    }
}
