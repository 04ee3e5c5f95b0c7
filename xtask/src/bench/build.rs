//! `xtask bench build`: a release build of the whole workspace from an empty target folder, by wall time.

use std::process::Command;
use std::time::Instant;

/// Builds in a folder of its own, which is removed afterwards. What has to be downloaded is fetched before.
pub fn run() -> Result<(), String> {
    let folder = std::env::temp_dir().join(format!("firn-bench-build-{}", std::process::id()));
    cargo(&["fetch"])?;
    let start = Instant::now();
    let target = folder.to_string_lossy();
    let built = cargo(&["build", "--release", "--workspace", "--quiet", "--target-dir", &target]);
    let seconds = start.elapsed().as_secs_f64();
    let _ = std::fs::remove_dir_all(&folder);
    built?;
    println!("release build from nothing: {seconds:.0} s");
    Ok(())
}

fn cargo(words: &[&str]) -> Result<(), String> {
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let status = Command::new(program).args(words).env_remove("CARGO_TARGET_DIR").status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {}: {status}", words.join(" "))),
        Err(error) => Err(format!("cargo: {error}")),
    }
}
