//! `builtin:saved-boot`: one node of a test, booted, and saved for all tests that have the same.

use crate::config::{Config, NodeConfig};
use crate::driver::Driver;
use crate::failure::{Failure, Outcome};
use crate::folder::ShortFolder;
use crate::log::Log;
use crate::node::Node;
use crate::rpc::Mode;
use crate::run::RunOptions;
use firn_events::Reporter;
use firn_events::wire::LineSink;
use firn_machine::StartOptions;
use firn_store::{BuiltinBuilder, BuiltinJob};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Boots the node that the attribute `driverConfig` describes to `multi-user.target`, waits until it is at
/// rest, and saves it into the output.
pub struct SavedBootBuilder;

/// How long the node may take to `multi-user.target`.
const BOOT_LIMIT: Duration = Duration::from_secs(900);
/// How long it may stay busy after that. What goes on for ever goes on in the machines that are resumed.
const REST_LIMIT: Duration = Duration::from_secs(60);
const COMMAND_LIMIT: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Says `active`, or what keeps the target from it: jobs, or none any more.
const TARGET: &str = "systemctl is-active multi-user.target || systemctl list-jobs --no-legend";
/// Jobs that are left, and the processor's time in hundredths of a second: in all, and idle.
const REST: &str = "systemctl list-jobs --no-legend | wc -l; \
     awk '/^cpu / { all = 0; for (i = 2; i <= NF; i++) all += $i; print all, $5 + $6; exit }' /proc/stat";

/// Links that networkd could not configure, because there is nobody to answer: they ask again at once.
const LINKS: &str = "! systemctl -q is-active systemd-networkd.service || \
     networkctl list --no-legend --no-pager | awk '$5 == \"configuring\" { print $2 }'";
/// Stops timers by the calendar, and names them: for them the time in between would have passed.
const TIMERS: &str = r#"
systemctl list-units --type=timer --state=active --plain --no-legend | while read -r timer _; do
  [ -n "$(systemctl show --property=TimersCalendar --value "$timer")" ] || continue
  systemctl stop "$timer"
  rm -f "/var/lib/systemd/timers/stamp-$timer"
  echo "$timer"
done
"#;

impl BuiltinBuilder for SavedBootBuilder {
    fn name(&self) -> &'static str {
        "saved-boot"
    }

    fn build(&self, job: &BuiltinJob) -> Result<(), String> {
        let config = Config::read(Path::new(job.require("driverConfig")?))?;
        let out = job.outputs.get("out").ok_or("a saved boot needs the output `out`")?;
        let events = Reporter::new(Arc::new(LineSink::new(std::io::stderr())));
        let log = Log::new(std::io::stderr(), events);
        let folder = ShortFolder::new(&job.tmp_dir)?;
        let options = RunOptions {
            out_dir: job.tmp_dir.clone(),
            folder: folder.path.clone(),
            states: None,
            program: "/proc/self/exe".into(),
            mode: Mode::Run,
        };
        let driver = Driver::new(config, log, &options)?;
        let [node] = driver.nodes.as_slice() else {
            return Err("a saved boot is made of one machine".into());
        };
        std::fs::create_dir_all(out)
            .map_err(|error| format!("cannot make {}: {error}", out.display()))?;
        save(&driver, node, out).map_err(|failure| {
            format!(
                "cannot save a boot of {}: {}\nset `testing.savedBoot = false` in this node, which boots then",
                node.name, failure.message
            )
        })
    }
}

fn save(driver: &Driver, node: &Node, out: &Path) -> Outcome<()> {
    node.start(StartOptions::default())?;
    node.connect()?;
    wait_for_target(node)?;
    wait_for_rest(node)?;
    let after = after(&run(node, LINKS)?, &run(node, TIMERS)?);
    run(node, "sync")?;
    driver.log.line(Some(&node.name), "saving memory and disks");
    node.machine.hardware()?.save(out, &after)?;
    node.ended();
    Ok(())
}

/// What a machine does first when it goes on, which may be days later and among other machines.
fn after(links: &str, timers: &str) -> String {
    let mut commands = Vec::new();
    for (command, words) in [("networkctl reconfigure", links), ("systemctl start", timers)] {
        let words: Vec<_> = words.split_whitespace().collect();
        if !words.is_empty() {
            commands.push(format!("{command} {}", words.join(" ")));
        }
    }
    commands.join("; ")
}

fn wait_for_target(node: &Node) -> Outcome<()> {
    let until = Instant::now() + BOOT_LIMIT;
    loop {
        let state = run(node, TARGET)?;
        match state.lines().collect::<Vec<_>>().as_slice() {
            ["active", ..] => return Ok(()),
            [state] => {
                let text = format!("multi-user.target is {state}, and no job is left to start it");
                return Err(Failure::machine(text));
            }
            jobs if Instant::now() > until => {
                let jobs = jobs[1..].join("\n  ");
                let text = format!("multi-user.target is not reached; jobs:\n  {jobs}");
                return Err(Failure::machine(text));
            }
            _ => std::thread::sleep(LOOK_EVERY),
        }
    }
}

/// Waits until no job is left and the machine is idle: services count as started before they serve.
fn wait_for_rest(node: &Node) -> Outcome<()> {
    let until = Instant::now() + REST_LIMIT;
    let mut before = None;
    while Instant::now() < until {
        let now = Load::parse(&run(node, REST)?);
        if now.jobs == 0 && before.as_ref().is_some_and(|before| now.is_idle_since(before)) {
            break;
        }
        before = Some(now);
        std::thread::sleep(LOOK_EVERY * 3);
    }
    Ok(())
}

/// What a machine does.
#[derive(Debug, Default, PartialEq)]
struct Load {
    jobs: u64,
    all: u64,
    idle: u64,
}

impl Load {
    fn parse(text: &str) -> Self {
        let mut numbers = text.split_whitespace().map_while(|word| word.parse().ok());
        let mut next = || numbers.next().unwrap_or_default();
        Self { jobs: next(), all: next(), idle: next() }
    }

    /// Whether two thirds of the time went by idle. Asking takes part of it under emulation.
    fn is_idle_since(&self, before: &Self) -> bool {
        let (all, idle) =
            (self.all.saturating_sub(before.all), self.idle.saturating_sub(before.idle));
        all > 0 && idle * 3 >= all * 2
    }
}

fn run(node: &Node, command: &str) -> Outcome<String> {
    let output = node.machine.agent().exec(command, Some(COMMAND_LIMIT))?;
    Ok(String::from_utf8_lossy(&output.output).into_owned())
}

/// What is said about a node that boots although the test asks for saved boots.
pub(crate) fn tell_not_saved(log: &Log, name: &str, config: &NodeConfig) {
    if !config.not_saved.is_empty() {
        let reasons = config.not_saved.join(", ");
        log.line(Some(name), &format!("boots, without a saved boot: {reasons}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_first() {
        for (links, timers, command) in [
            ("", "", ""),
            ("", "a.timer\nb.timer\n", "systemctl start a.timer b.timer"),
            ("eth1\n", "a.timer\n", "networkctl reconfigure eth1; systemctl start a.timer"),
        ] {
            assert_eq!(after(links, timers), command);
        }
    }

    #[test]
    fn a_machine_is_at_rest_when_it_is_idle() {
        let before = Load::parse("0\n1000 400\n");
        assert_eq!(before, Load { jobs: 0, all: 1000, idle: 400 });
        for (text, idle) in [("0\n1100 470", true), ("0\n1100 450", false), ("", false)] {
            assert_eq!(Load::parse(text).is_idle_since(&before), idle, "{text}");
        }
    }
}
