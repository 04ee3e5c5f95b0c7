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

/// Bytes that all processes of one program hold; pages that several share count once, in parts (`Pss` in
/// proc(5)), and so does a whole address space that a child has not left yet.
fn resident(program: (u64, u64)) -> u64 {
    let mut counted: Vec<i32> = Vec::new();
    let mut kilobytes = 0;
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let file = fs::metadata(process.path().join("exe"));
        if !file.is_ok_and(|file| (file.dev(), file.ino()) == program) {
            continue;
        }
        let Ok(id) = process.file_name().to_string_lossy().parse() else { continue };
        let share = share(&process.path()).unwrap_or(0);
        if !counted.iter().any(|other| same_memory(*other, id)) {
            counted.push(id);
            kilobytes += share;
        }
    }
    kilobytes * 1024
}

/// The kilobytes that belong to one process.
fn share(process: &Path) -> Option<u64> {
    let text = fs::read_to_string(process.join("smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Whether two processes have one address space, as parent and child between vfork and exec.
fn same_memory(one: i32, other: i32) -> bool {
    const KCMP_VM: i32 = 1;
    // SAFETY: kcmp(2) takes integers and only compares.
    unsafe { libc::syscall(libc::SYS_kcmp, one, other, KCMP_VM, 0, 0) == 0 }
}
