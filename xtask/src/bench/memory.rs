//! How much memory a program's processes take together.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

/// Between two looks at the processes.
const PAUSE: Duration = Duration::from_millis(5);

/// Waits for the child; the most memory (MB) that processes of `program` were seen to hold at once.
pub fn peak_until_end(child: &mut Child, program: &Path) -> Result<f64, String> {
    let wanted = fs::metadata(program).map_err(|e| format!("{}: {e}", program.display()))?;
    let wanted = (wanted.dev(), wanted.ino());
    let mut peak = 0;
    while child.try_wait().map_err(|e| e.to_string())?.is_none() {
        peak = peak.max(resident(wanted));
        std::thread::sleep(PAUSE);
    }
    Ok(peak as f64 / 1e6)
}

/// Bytes that all processes of one program hold; pages that they share with each other count once for each.
fn resident(program: (u64, u64)) -> u64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let kilobytes: u64 = processes
        .filter(|process| {
            let file = fs::metadata(process.path().join("exe"));
            file.is_ok_and(|file| (file.dev(), file.ino()) == program)
        })
        .filter_map(|process| {
            let status = fs::read_to_string(process.path().join("status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        })
        .sum();
    kilobytes * 1024
}
