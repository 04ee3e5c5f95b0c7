//! `xtask bench modules FIRN LIB`: the module system, `nix/lib` beside another library.
//!
//! Evaluates 1,000 modules with 5,000 options and 2,000 definitions with both, and the whole module set
//! of `base` for an empty machine. Processor time of user and system together, per run, with the start
//! of the program; LIB is the folder of nixpkgs' `lib`.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs that are counted together: the kernel counts in hundredths of a second.
const RUNS: u32 = 25;

/// Prints a row for each evaluation.
pub fn run(firn: &Path, lib: &Path) -> Result<(), String> {
    let here = std::env::current_dir().map_err(|error| error.to_string())?;
    let own = here.join("nix/lib");
    let workload = |lib: &Path| {
        format!("import {}/bench/modules.nix {{ lib = import {}; }}", own.display(), lib.display())
    };
    let theirs = time(firn, &workload(lib))?;
    let ours = time(firn, &workload(&own))?;
    let machine = format!(
        "(import {}/nix/nixos/lib/eval-config.nix {{
          system = \"x86_64-linux\";
          modules = [ {{ fileSystems.\"/\".device = \"/dev/vda\"; }} ];
        }}).config.system.build.toplevel.drvPath",
        here.display()
    );
    let machine = time(firn, &machine)?;
    println!("{:<40} {:>8} {:>8}", "modules", "ms", "ratio");
    println!("{:<40} {theirs:>8.1} {:>8.2}", "1,000 modules, the other library", 1.0);
    println!("{:<40} {ours:>8.1} {:>8.2}", "1,000 modules, nix/lib", ours / theirs);
    println!("{:<40} {machine:>8.1}", "base for an empty machine");
    Ok(())
}

/// Milliseconds of processor time that one evaluation takes.
fn time(firn: &Path, expression: &str) -> Result<f64, String> {
    once(firn, expression)?;
    let before = spent()?;
    for _ in 0..RUNS {
        once(firn, expression)?;
    }
    Ok((spent()? - before) / f64::from(RUNS))
}

fn once(firn: &Path, expression: &str) -> Result<(), String> {
    let output = Command::new(firn)
        .arg0("nix-instantiate")
        .args(["--eval", "--strict", "--expr", expression])
        .stdout(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", firn.display()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Milliseconds of processor time that ended children took (proc(5), `/proc/self/stat`).
fn spent() -> Result<f64, String> {
    let text = std::fs::read_to_string("/proc/self/stat").map_err(|error| error.to_string())?;
    // What stands before the last parenthesis is the program's name and number.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    match (ticks(14), ticks(15)) {
        // USER_HZ, which is 100 on every system.
        (Some(user), Some(system)) => Ok((user + system) * 10.0),
        _ => Err("/proc/self/stat is not as expected".into()),
    }
}
