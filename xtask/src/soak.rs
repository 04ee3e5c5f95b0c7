//! `xtask soak FIRN STORE [NAME…]`: the examples again and again, beside a process that keeps a processor
//! busy. A test that fails once is a defect; its log stays.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// One check, and how often it runs.
struct Round {
    /// Name of the example, after a slash the check where it has several.
    name: &'static str,
    backend: &'static str,
    times: usize,
}

const fn round(name: &'static str, backend: &'static str, times: usize) -> Round {
    Round { name, backend, times }
}

/// Everything, the quickest first. What asks for a machine is one whatever is said.
const ROUNDS: &[Round] = &[
    round("http-server", "container", 200),
    round("own-module", "container", 20),
    round("data", "container", 20),
    round("kiwix", "container", 20),
    round("services/web", "container", 20),
    round("services/data", "container", 20),
    round("services/login", "container", 20),
    round("services/router", "container", 20),
    round("http-server", "vm", 10),
    round("remote-unlock", "vm", 5),
    round("kiwix", "vm", 5),
    round("services/web", "vm", 5),
    round("services/data", "vm", 5),
    round("services/login", "vm", 5),
    round("services/router", "vm", 5),
];

/// Runs the rounds whose name and backend contain one of `wanted`, such as `http-server` or `kiwix:vm`; all
/// when there is none. Prints a tally for each.
///
/// # Errors
/// How many runs failed, and where their logs are.
pub fn run(firn: &Path, store: &Path, wanted: &[&str]) -> Result<(), String> {
    let _load = Load::new()?;
    let logs = PathBuf::from("target/soak");
    std::fs::create_dir_all(&logs).map_err(|error| format!("{}: {error}", logs.display()))?;
    let mut failures = 0;
    for round in ROUNDS {
        let label = format!("{}:{}", round.name, round.backend);
        if wanted.is_empty() || wanted.iter().any(|word| label.contains(word)) {
            failures += repeat(firn, store, round, &logs.join(label.replace(['/', ':'], "-")))?;
        }
    }
    match failures {
        0 => Ok(()),
        count => Err(format!("{count} runs failed; their logs are in {}", logs.display())),
    }
}

/// Runs one again and again; how often it failed.
fn repeat(firn: &Path, store: &Path, round: &Round, log: &Path) -> Result<usize, String> {
    let (example, check) = round.name.split_once('/').unwrap_or((round.name, "default"));
    let test = format!("path:examples/{example}#checks.x86_64-linux.{check}");
    let (mut failed, mut slowest, start) = (0, 0.0_f64, Instant::now());
    for number in 1..=round.times {
        let since = Instant::now();
        let output = Command::new(firn)
            .args(["test", "run", "--repeat", "1", "-L", "--backend", round.backend, &test])
            .arg("--store")
            .arg(store)
            .output()
            .map_err(|error| format!("{}: {error}", firn.display()))?;
        slowest = slowest.max(since.elapsed().as_secs_f64());
        if !output.status.success() {
            failed += 1;
            let file = log.with_extension(format!("{number}.log"));
            std::fs::write(&file, &output.stderr)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            println!("failed: {}", file.display());
        }
    }
    println!(
        "{:<16} {:<10} {:>3} passed, {failed} failed, {:.1} s each, {slowest:.1} s at most",
        round.name,
        round.backend,
        round.times - failed,
        start.elapsed().as_secs_f64() / round.times as f64,
    );
    Ok(failed)
}

/// A process that keeps a processor busy until this is dropped.
struct Load(Child);

impl Load {
    fn new() -> Result<Self, String> {
        let mut command = Command::new("sh");
        // It ends with its parent, too: `read` gets an end of file then.
        command.args(["-c", "(while :; do :; done) & busy=$!; read -r _; kill $busy"]);
        let child =
            command.stdin(Stdio::piped()).spawn().map_err(|error| format!("sh: {error}"))?;
        Ok(Load(child))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
