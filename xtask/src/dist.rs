//! `xtask dist [FILE...]`: the program as it is given to people, built with a profile of what it does most.
//!
//! Built once with counters, it evaluates the examples, the module system's workload and the texts of `nix/`, and the FILEs
//! (Nix expressions; a nixpkgs is a better teacher than `base` alone). The second build is laid out by what was counted
//! (<https://doc.rust-lang.org/rustc/profile-guided-optimization.html>). A profile holds for one checkout, whose path is
//! in the symbols' names, so it is made anew each time and none is kept in the repository.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// From these on, `llvm-profdata` reads what this compiler's programs write.
const OLDEST_LLVM: u32 = 19;
const NEWEST_LLVM: u32 = 30;
/// Those that want no network.
const EXAMPLES: &[&str] = &["data", "http-server", "kiwix", "remote-unlock", "services"];

/// Builds, trains and builds again; prints the program's path.
///
/// # Errors
/// When `llvm-profdata` is missing, a build fails, or the program with counters does.
pub fn run(files: &[&str]) -> Result<(), String> {
    let merger = merger()?;
    let root = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let root = std::path::absolute(root.join("dist")).map_err(|error| error.to_string())?;
    let counting = build(&root.join("counting"), "-Cprofile-generate", false)?;
    let training = Training { firn: &counting, folder: root.join("training") };
    training.begin()?;
    training.all(files)?;
    let profile = root.join("firn.profdata");
    succeed(Command::new(merger).arg("merge").arg("-o").arg(&profile).arg(training.counts()))?;
    let flags = format!("-Ctarget-feature=+crt-static\x1f-Cprofile-use={}", profile.display());
    let trained = build(&root.join("trained"), &flags, true)?;
    println!("{}", trained.display());
    Ok(())
}

/// The program, from a target folder of its own. `flags` are the compiler's, apart by the unit separator.
///
/// The one with counters is not linked statically: they keep functions alive that want a symbol of the dynamic library.
fn build(target: &Path, flags: &str, whole: bool) -> Result<PathBuf, String> {
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut command = Command::new(program);
    command.args(["build", "--release", "--package", "firn", "--target-dir"]).arg(target);
    command.env("CARGO_ENCODED_RUSTFLAGS", flags);
    if whole {
        command.env("CARGO_PROFILE_RELEASE_LTO", "fat");
    }
    succeed(&mut command)?;
    Ok(target.join("x86_64-unknown-linux-gnu/release/firn"))
}

/// Runs of the program with counters, with a cache, a store and counts of their own.
struct Training<'a> {
    firn: &'a Path,
    folder: PathBuf,
}

impl Training<'_> {
    /// Nothing is known at first, nor is anything counted.
    fn begin(&self) -> Result<(), String> {
        let _ = std::fs::remove_dir_all(&self.folder);
        std::fs::create_dir_all(self.counts()).map_err(|error| error.to_string())?;
        // The program is several, by the name that it is called by.
        std::os::unix::fs::symlink(self.firn, self.instantiator()).map_err(|e| e.to_string())
    }

    fn instantiator(&self) -> PathBuf {
        self.folder.join("nix-instantiate")
    }

    fn counts(&self) -> PathBuf {
        self.folder.join("counts")
    }

    /// Everything twice: with nothing kept, and with what the first time kept.
    fn all(&self, files: &[&str]) -> Result<(), String> {
        for _ in 0..2 {
            for example in EXAMPLES {
                let flake = format!("path:examples/{example}");
                self.run(self.firn, &["flake", "check", "--no-build", "--no-eval-cache", &flake])?;
            }
            let modules = "nix/lib/bench/modules.nix";
            self.instantiate(&["--eval", "--strict", modules, "--arg", "count", "1000"])?;
            self.instantiate(&["--parse", "nix/lib/default.nix", "nix/default.nix"])?;
            for file in files {
                self.instantiate(&["--eval", "--strict", "--readonly-mode", file])?;
            }
        }
        Ok(())
    }

    fn instantiate(&self, words: &[&str]) -> Result<(), String> {
        self.run(&self.instantiator(), words)
    }

    fn run(&self, program: &Path, words: &[&str]) -> Result<(), String> {
        let mut command = Command::new(program);
        command.args(words).arg("--store").arg(self.folder.join("store")).stdout(Stdio::null());
        command.env("XDG_CACHE_HOME", self.folder.join("cache"));
        command.env("LLVM_PROFILE_FILE", self.counts().join("%m.profraw"));
        succeed(&mut command)
    }
}

/// `llvm-profdata`: the toolchain's own, or the system's if it is new enough.
fn merger() -> Result<PathBuf, String> {
    let sysroot = Command::new("rustc").args(["--print", "target-libdir"]).output();
    let sysroot = sysroot.map_err(|error| format!("rustc: {error}"))?;
    let libraries = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    let own = libraries.with_file_name("bin").join("llvm-profdata");
    let others = (OLDEST_LLVM..=NEWEST_LLVM).rev().map(|n| format!("llvm-profdata-{n}").into());
    let runs = |program: &PathBuf| {
        Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    std::iter::once(own).chain(others).find(runs).ok_or_else(|| {
        format!(
            "`llvm-profdata` is missing: `rustup component add llvm-tools`, or the system's package of LLVM {OLDEST_LLVM} or newer"
        )
    })
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}")) }
}
