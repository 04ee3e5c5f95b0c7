//! `switch-to-configuration`: brings a running machine to another system. Units that changed are
//! stopped, restarted or reloaded as they ask for (`X-…` settings in their files, as NixOS has
//! them); the others are left alone.

mod asked;
mod changes;
mod systemctl;
mod unit_files;
mod users;

pub use asked::Asked;
use changes::{Changes, compare};
pub use unit_files::UnitFiles;

use crate::activate::{Action, Activation};
use crate::{Error, Result, bootloader, files};
use std::path::{Path, PathBuf};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Activate now and start it at the next boot.
    Switch,
    /// Only start it at the next boot.
    Boot,
    /// Only activate it now.
    Test,
    /// Only say what would happen.
    DryActivate,
    /// Only see whether it could be activated.
    Check,
}

impl Verb {
    /// The verb of a word on the command line.
    ///
    /// # Errors
    /// When there is no such verb; the message lists all.
    pub fn parse(word: &str) -> Result<Self> {
        match word {
            "switch" => Ok(Self::Switch),
            "boot" => Ok(Self::Boot),
            "test" => Ok(Self::Test),
            "dry-activate" => Ok(Self::DryActivate),
            "check" => Ok(Self::Check),
            other => {
                Err(Error::new(format!("'{other}' is nothing that can be done with a system"))
                    .with_help("use one of: switch, boot, test, dry-activate, check"))
            }
        }
    }
}

/// How a switch ended.
#[derive(Debug, Default)]
pub struct Report {
    /// What was done or would be done, one line each.
    pub lines: Vec<String>,
    /// What failed.
    pub failures: Vec<String>,
}

/// Brings the running machine to the system in `toplevel`. Lines are passed to `say` as they come.
///
/// # Errors
/// When nothing could be done at all; failures of single units are in the report.
pub fn run(toplevel: &Path, verb: Verb, say: &mut dyn FnMut(&str)) -> Result<Report> {
    let toplevel =
        toplevel.canonicalize().map_err(|err| Error::io("find the system", toplevel, &err))?;
    if verb == Verb::Check {
        Activation::new(&toplevel, Path::new("/"), Action::Dry)?;
        return Ok(Report::default());
    }
    if !Path::new("/etc/NIXOS").exists() {
        return Err(Error::new("this machine is not described by a configuration")
            .with_help("only a machine with /etc/NIXOS can be switched"));
    }
    let mut report = Report::default();
    if matches!(verb, Verb::Boot | Verb::Switch) {
        boot_loader(&toplevel, &mut report, say)?;
    }
    if verb == Verb::Boot {
        return Ok(report);
    }
    let current = PathBuf::from("/run/current-system");
    let old = UnitFiles::of(&current);
    let new = UnitFiles::of(&toplevel);
    let active = systemctl::active_units()?;
    let mut changes = compare(&old, &new, &active);
    let dry = verb == Verb::DryActivate;
    announce(&changes, dry, say);
    if !dry && !changes.stop.is_empty() {
        note(&mut report, systemctl::on("stop", &changes.stop));
    }
    let action = if dry { Action::Dry } else { Action::Switch };
    let activation = Activation::new(&toplevel, Path::new("/"), action)?;
    report.failures.extend(activation.run().iter().map(ToString::to_string));
    let asked = Asked::take(dry)?;
    asked.announce(&active, &changes, dry, say);
    if dry {
        return Ok(report);
    }
    asked.add_to(&mut changes, &active);
    let reload = apply(&current, &toplevel, &changes, &mut report);
    note(&mut report, users::apply(&active, &toplevel, reload));
    announce_started(&active, &changes, say);
    report.failures.extend(systemctl::failed_of(&changes.touched()));
    Ok(report)
}

/// Makes the machine start this system from now on, if it has a boot loader. Nothing else of a switch
/// happens when this fails.
fn boot_loader(toplevel: &Path, report: &mut Report, say: &mut dyn FnMut(&str)) -> Result<()> {
    let Some(settings) = bootloader::settings(toplevel)? else { return Ok(()) };
    say(&format!("installing the boot loader {}", settings.kind));
    let outcome = bootloader::install_here(&settings, toplevel)?;
    outcome.said.iter().for_each(|line| say(line));
    report.failures.extend(outcome.failures);
    Ok(())
}

/// The target that everything wants which has to run again before other units do.
const REACTIVATION: &str = "sysinit-reactivation.target";

/// Tells systemd of the new units and starts what has to run. Returns how it was told.
fn apply(old: &Path, new: &Path, changes: &Changes, report: &mut Report) -> &'static str {
    let manager = |system: &Path| std::fs::read_link(system.join("systemd")).ok();
    let reload = if manager(old) == manager(new) { "daemon-reload" } else { "daemon-reexec" };
    note(report, systemctl::run(&["reset-failed"]));
    note(report, systemctl::run(&[reload]));
    // What stands before `sysinit.target` begins again in its own order, temporary files among it, and before
    // anything else does.
    if new.join("etc/systemd/system").join(REACTIVATION).exists() {
        note(report, systemctl::run(&["restart", REACTIVATION]));
    }
    for (verb, units) in
        [("reload", &changes.reload), ("restart", &changes.restart), ("start", &changes.start)]
    {
        if !units.is_empty() {
            note(report, systemctl::on(verb, units));
        }
    }
    reload
}

fn note(report: &mut Report, result: Result<()>) {
    if let Err(err) = result {
        report.failures.push(err.to_string());
    }
}

fn announce(changes: &Changes, dry: bool, say: &mut dyn FnMut(&str)) {
    let would = if dry { "would " } else { "" };
    let ing = |word: &str| {
        if dry { word.to_owned() } else { format!("{word}ing").replace("stoping", "stopping") }
    };
    for (verb, units) in [
        ("stop", &changes.stop),
        ("reload", &changes.reload),
        ("restart", &changes.restart),
        ("start", &changes.start_announced),
    ] {
        if !units.is_empty() {
            say(&format!("{would}{} the following units: {}", ing(verb), units.join(", ")));
        }
    }
    if !changes.skip.is_empty() {
        say(&format!("NOT restarting the following changed units: {}", changes.skip.join(", ")));
    }
}

/// Names what runs now and did not before, such as services that targets pulled in.
fn announce_started(before: &[String], changes: &Changes, say: &mut dyn FnMut(&str)) {
    let Ok(now) = systemctl::active_units() else { return };
    let known = |unit: &String| {
        before.contains(unit) || changes.start.contains(unit) || changes.restart.contains(unit)
    };
    let passing = |unit: &String| unit.ends_with(".scope") || unit.ends_with(".device");
    let mut started: Vec<String> =
        now.into_iter().filter(|unit| !known(unit) && !passing(unit)).collect();
    started.sort();
    if !started.is_empty() {
        say(&format!("the following new units were started: {}", started.join(", ")));
    }
}

/// A lock that keeps two switches apart. Held as long as the value lives.
///
/// # Errors
/// When another switch runs, or the lock can't be made.
pub fn lock() -> Result<std::fs::File> {
    let path = Path::new("/run/nixos/switch-to-configuration.lock");
    files::make_folder(Path::new("/run/nixos"))?;
    let file = std::fs::File::create(path).map_err(|err| Error::io("make the lock", path, &err))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).map_err(
        |_| Error::new("another switch is running").with_help("wait until it has ended"),
    )?;
    Ok(file)
}
