//! `xtask bench machines FIRN STORE`: the main job with a warm store, by wall time.
//!
//! Runs the check of `examples/http-server` again and again, with containers and with virtual
//! machines, and prints the times of the whole command and of the test in it.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Runs of each kind that are counted, after one that is not.
const RUNS: usize = 5;

/// Prints a row for each kind of machine.
pub fn run(firn: &Path, store: &Path) -> Result<(), String> {
    println!("{:<12} {:>10} {:>10} {:>10}", "machines", "min s", "median s", "max s");
    for backend in ["container", "vm"] {
        once(firn, store, backend)?;
        let mut times =
            (0..RUNS).map(|_| once(firn, store, backend)).collect::<Result<Vec<_>, _>>()?;
        times.sort_by(f64::total_cmp);
        println!(
            "{backend:<12} {:>10.2} {:>10.2} {:>10.2}",
            times[0],
            times[RUNS / 2],
            times[RUNS - 1]
        );
    }
    Ok(())
}

fn once(firn: &Path, store: &Path, backend: &str) -> Result<f64, String> {
    let start = Instant::now();
    let output = Command::new(firn)
        .args([
            "flake",
            "check",
            "--rebuild",
            "--backend",
            backend,
            "path:examples/http-server",
            "--store",
        ])
        .arg(store)
        .output()
        .map_err(|error| format!("{}: {error}", firn.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(start.elapsed().as_secs_f64())
}
