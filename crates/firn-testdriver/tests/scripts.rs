//! Runs the scripts of `tests/scripts` in a real CPython against two containers whose process 1 is this very
//! test program. The first lines of a script say how it must end:
//!
//! * `# ends: well`, or `# ends: badly` with any number of `# says: TEXT` that the report must contain;
//! * `# logs: TEXT`, which the log must contain, and `# xml: TEXT`, which its XML must; `# timeout: SECONDS`.
#![allow(clippy::unwrap_used, missing_docs)]

use firn_events::{Event, Reporter, Sink};
use firn_machine::agent::{AGENT_COMMAND, run_agent};
use firn_machine::container::{HELPER_COMMAND, check_possible, run_helper};
use firn_testdriver::{Config, Log, Mode, RunOptions, XmlLog, run_test};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some(HELPER_COMMAND) => std::process::exit(run_helper()),
        Some(AGENT_COMMAND) => run_agent("/bin/bash".into(), true).unwrap(),
        _ => run_scripts(),
    }
}

fn run_scripts() {
    let missing =
        check_possible().err().or_else(|| python().is_none().then(|| "no python3".into()));
    if let Some(why) = missing {
        let required = std::env::var("FIRN_REQUIRE_E2E").is_ok_and(|value| value == "1");
        assert!(!required, "scripts can't be run here: {why}");
        eprintln!("scripts can't be run here, nothing tested: {why}");
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut scripts: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let failed: Vec<String> = scripts
        .iter()
        .filter(|script| script.to_string_lossy().contains(&wanted))
        .filter_map(|script| run_script(script).err())
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

fn python() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places = std::env::split_paths(&path).map(|folder| folder.join("python3"));
    places.filter_map(|place| std::fs::canonicalize(place).ok()).find(|place| place.is_file())
}

#[derive(Clone, Default)]
struct Collected(Arc<Mutex<Vec<u8>>>);

impl Collected {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Collected {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Counts what begins and what ends.
#[derive(Default)]
struct Balance(Mutex<(u32, u32)>);

impl Sink for Balance {
    fn emit(&self, event: Event) {
        let mut counts = self.0.lock().unwrap();
        match event {
            Event::Start { .. } => counts.0 += 1,
            Event::Stop { .. } => counts.1 += 1,
            _ => {}
        }
    }
}

fn run_script(script: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(script).unwrap();
    let header = |key: &str| -> Vec<String> {
        let prefix = format!("# {key}: ");
        text.lines().filter_map(|line| line.strip_prefix(&prefix)).map(String::from).collect()
    };
    let folder = tempfile::tempdir().unwrap();
    let out_dir = folder.path().join("out");
    std::fs::create_dir(&out_dir).unwrap();
    let timeout = header("timeout").first().map_or(60, |seconds| seconds.parse().unwrap());
    let written = Collected::default();
    let balance = Arc::new(Balance::default());
    let xml = Collected::default();
    let log = Log::new(written.clone(), Reporter::new(balance.clone()));
    log.also_to(XmlLog::new(xml.clone()));
    let options = RunOptions {
        out_dir,
        folder: folder.path().to_path_buf(),
        states: None,
        program: "/proc/self/exe".into(),
        mode: Mode::Run,
    };
    let result = run_test(config(script, timeout), log.clone(), &options);
    log.end_xml();
    let (log, xml) = (written.text(), xml.text());
    let name = script.file_name().unwrap().to_string_lossy().into_owned();
    let mut wrong = Vec::new();
    let well = header("ends") == ["well"];
    if result.is_ok() != well {
        wrong.push(format!("ended {}", if well { "badly" } else { "well" }));
    }
    let report = result.err().unwrap_or_default();
    wrong.extend(header("says").into_iter().filter(|says| !report.contains(says)));
    wrong.extend(header("xml").into_iter().filter(|words| !xml.contains(words)));
    let balanced = |name: &str| {
        xml.matches(&format!("<{name}>")).count() == xml.matches(&format!("</{name}>")).count()
    };
    if !balanced("nest") || !balanced("logfile") {
        wrong.push(format!("the XML is not whole:\n{xml}"));
    }
    wrong.extend(header("logs").into_iter().filter(|logs| !log.contains(logs)));
    let (begun, ended) = *balance.0.lock().unwrap();
    if begun != ended {
        wrong.push(format!("{begun} activities began and {ended} ended"));
    }
    println!("test {name} ... {}", if wrong.is_empty() { "ok" } else { "FAILED" });
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{name}: {}\n--- report ---\n{report}\n--- log ---\n{log}", wrong.join("; ")))
}

fn config(script: &Path, timeout: u64) -> Config {
    let program = std::env::current_exe().unwrap();
    let node = |number: u32| {
        serde_json::json!({
            "number": number,
            "backend": "container",
            "system": "/nonexistent",
            "interfaces": [{"name": "eth1", "vlan": 1, "mac": format!("52:54:00:12:01:0{number}")}],
            "container": {"root": "/", "init": [program, AGENT_COMMAND]},
        })
    };
    serde_json::from_value(serde_json::json!({
        "name": "script",
        "testScript": script,
        "python": python().unwrap(),
        "vlans": [1],
        "globalTimeout": timeout,
        "nodes": {"client": node(1), "web-server": node(2)},
    }))
    .unwrap()
}
