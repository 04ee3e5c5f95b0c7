//! `xtask bench machines FIRN STORE [KIND]`: the main job with a warm store, beside the bare boot of its systems.
//!
//! Runs the check of `examples/http-server` again and again, with containers, with virtual machines, and with
//! virtual machines that go on from saved boots (made before the runs that count): wall
//! time of the whole command, seconds until the same systems are up without firn (as root), and the memory
//! that firn's own processes hold at most. `xtask bench nothing FIRN` runs it once from an empty store.

use super::{bare, memory};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs of each kind that are counted, after one that is not.
const RUNS: usize = 5;
const EXAMPLE: &str = "path:examples/http-server";

/// A way to run the nodes.
struct Kind {
    name: &'static str,
    backend: &'static str,
    command: &'static [&'static str],
}

const CHECK: &[&str] = &["flake", "check", "--rebuild"];
const KINDS: &[Kind] = &[
    Kind { name: "container", backend: "container", command: CHECK },
    Kind { name: "vm", backend: "vm", command: CHECK },
    Kind {
        name: "saved boot",
        backend: "vm",
        command: &["test", "run", "--repeat", "1", "--saved-boot"],
    },
];

/// Prints a row for each kind of machine, or for the one of that name.
pub fn run(firn: &Path, store: &Path, only: Option<&str>) -> Result<(), String> {
    println!(
        "{:<12} {:>8} {:>9} {:>8} {:>12} {:>9}",
        "machines", "min s", "median s", "max s", "bare boot s", "firn MB"
    );
    for kind in KINDS.iter().filter(|kind| only.is_none_or(|name| kind.name == name)) {
        once(firn, store, kind)?;
        let runs = (0..RUNS).map(|_| once(firn, store, kind)).collect::<Result<Vec<_>, _>>()?;
        let (mut times, peaks): (Vec<f64>, Vec<f64>) = runs.into_iter().unzip();
        times.sort_by(f64::total_cmp);
        println!(
            "{:<12} {:>8.2} {:>9.2} {:>8.2} {:>12} {:>9.0}",
            kind.name,
            times[0],
            times[RUNS / 2],
            times[RUNS - 1],
            bare_boot(firn, store, kind.backend)?,
            peaks.into_iter().fold(0.0, f64::max),
        );
    }
    Ok(())
}

/// Fetches, relocates, builds and runs all from an empty store, with containers.
pub fn nothing(firn: &Path) -> Result<(), String> {
    let store = std::env::temp_dir().join(format!("firn-bench-{}", std::process::id()));
    let result = once(firn, &store, &KINDS[0]);
    let removed = Command::new(firn).args(["store", "gc", "--store"]).arg(&store).output();
    drop(removed);
    let _ = std::fs::remove_dir_all(&store);
    let (seconds, peak) = result?;
    println!("from nothing: {seconds:.1} s, firn {peak:.0} MB");
    Ok(())
}

/// Wall time and peak memory of one run.
fn once(firn: &Path, store: &Path, kind: &Kind) -> Result<(f64, f64), String> {
    let start = Instant::now();
    let mut child = Command::new(firn)
        .args(kind.command)
        .args(["--backend", kind.backend, EXAMPLE, "--store"])
        .arg(store)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", firn.display()))?;
    let mut said = child.stderr.take().ok_or("no standard error")?;
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = std::io::Read::read_to_end(&mut said, &mut text);
        text
    });
    let peak = memory::peak_until_end(&mut child, firn)?;
    let seconds = start.elapsed().as_secs_f64();
    let status = child.wait().map_err(|error| error.to_string())?;
    let text = reader.join().map_err(|_| "the reader of standard error failed")?;
    if !status.success() {
        return Err(String::from_utf8_lossy(&text).into_owned());
    }
    Ok((seconds, peak))
}

/// The median of three boots, as text; a dash where only root could do it.
fn bare_boot(firn: &Path, store: &Path, backend: &str) -> Result<String, String> {
    if !rustix::process::geteuid().is_root() {
        return Ok("-".into());
    }
    let attribute = format!("{EXAMPLE}#checks.x86_64-linux.default.{backend}.driverConfig");
    let output = Command::new(firn)
        .args(["eval", "--raw", &attribute, "--store"])
        .arg(store)
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let config = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut times = (0..3).map(|_| bare::boot(store, &config)).collect::<Result<Vec<_>, _>>()?;
    times.sort_by(f64::total_cmp);
    Ok(format!("{:.2}", times[1]))
}
