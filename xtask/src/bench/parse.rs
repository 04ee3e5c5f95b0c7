//! How fast the parser is over a tree of files, reading apart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use firn_source::{Origin, SourceFile, SourceMap};
use firn_syntax::{ParseOptions, parse};

/// Parses everything below `folder` several times and prints the best round.
pub fn run(folder: &Path) -> Result<(), String> {
    let mut paths = Vec::new();
    collect(folder, &mut paths).map_err(|error| format!("{}: {error}", folder.display()))?;
    let sources = SourceMap::new();
    let files: Vec<Arc<SourceFile>> = paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            sources.add(Origin::Path(path), text).map_err(|error| error.to_string())
        })
        .collect::<Result<_, String>>()?;
    let bytes: usize = files.iter().map(|file| file.text().len()).sum();
    for round in 1..=5 {
        let (time, cpu, failed, nodes) = once(&files);
        println!(
            "round {round}: {} files, {:.1} MB, {nodes} expressions, {failed} rejected: {:.3} s, \
             CPU {:.3} s, {:.0} MB/s of CPU",
            files.len(),
            bytes as f64 / 1e6,
            time.as_secs_f64(),
            cpu.as_secs_f64(),
            bytes as f64 / 1e6 / cpu.as_secs_f64(),
        );
    }
    Ok(())
}

fn once(files: &[Arc<SourceFile>]) -> (Duration, Duration, usize, usize) {
    let (mut failed, mut nodes) = (0, 0);
    let (start, cpu) = (Instant::now(), cpu_time());
    for file in files {
        match parse(file, &ParseOptions::default()) {
            Ok(ast) => nodes += ast.len(),
            Err(_) => failed += 1,
        }
    }
    (start.elapsed(), cpu_time().saturating_sub(cpu), failed, nodes)
}

/// The processor time of this process, user and system, in steps of 10 ms.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|f| f.parse().ok()).unwrap_or(0u64);
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        if kind.is_dir() {
            collect(&path, paths)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "nix") {
            paths.push(path);
        }
    }
    Ok(())
}
