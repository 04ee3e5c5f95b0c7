//! What a switch does to each unit.

use super::unit_files::{Unit, UnitFiles};

/// Units by what happens to them.
#[derive(Debug, Default, PartialEq)]
pub struct Changes {
    /// Stopped before the activation.
    pub stop: Vec<String>,
    /// Reloaded after it.
    pub reload: Vec<String>,
    /// Restarted after it.
    pub restart: Vec<String>,
    /// Started after it: those that were stopped, and targets, which pull in what is new.
    pub start: Vec<String>,
    /// Of those, the ones worth a word.
    pub start_announced: Vec<String>,
    /// Changed, but left alone because they ask for it.
    pub skip: Vec<String>,
}

impl Changes {
    /// All units that were touched.
    pub fn touched(&self) -> Vec<String> {
        [&self.reload, &self.restart, &self.start].into_iter().flatten().cloned().collect()
    }
}

/// Targets that are part of every boot; starting them again would do nothing.
const EARLY: [&str; 2] = ["sysinit.target", "basic.target"];

/// Compares the units of two systems, as far as they are active.
pub fn compare(old: &UnitFiles, new: &UnitFiles, active: &[String]) -> Changes {
    let mut changes = Changes::default();
    for name in active {
        let Some(before) = old.get(name) else { continue };
        match new.get(name) {
            None => {
                if before.flag("Unit", "X-StopOnRemoval", true) && !name.ends_with(".target") {
                    changes.stop.push(name.clone());
                }
            }
            Some(after) if name.ends_with(".target") => target(&mut changes, name, &after),
            Some(after) if before.text != after.text => {
                changed(&mut changes, name, &before, &after, active);
            }
            Some(_) => {}
        }
    }
    changes
}

fn target(changes: &mut Changes, name: &str, after: &Unit) {
    let manual = after.flag("Unit", "RefuseManualStart", false)
        || after.flag("Unit", "X-OnlyManualStart", false);
    if !manual && !EARLY.contains(&name) {
        changes.start.push(name.to_owned());
    }
}

fn changed(changes: &mut Changes, name: &str, before: &Unit, after: &Unit, active: &[String]) {
    let kind = name.rsplit('.').next().unwrap_or_default();
    let name = name.to_owned();
    match kind {
        // Their new settings count as soon as systemd has read them.
        "slice" | "path" | "scope" | "device" => {}
        "mount" | "swap" | "automount" => changes.reload.push(name),
        "socket" | "timer" => changes.restart.push(name),
        _ => service(changes, name, before, after, active),
    }
}

fn service(changes: &mut Changes, name: String, before: &Unit, after: &Unit, active: &[String]) {
    let only_reload = before.without_reload_triggers() == after.without_reload_triggers();
    if only_reload || after.flag("Service", "X-ReloadIfChanged", false) {
        return changes.reload.push(name);
    }
    let left_alone = !after.flag("Service", "X-RestartIfChanged", true)
        || after.flag("Unit", "RefuseManualStop", false)
        || after.flag("Unit", "X-OnlyManualStart", false);
    if left_alone {
        return changes.skip.push(name);
    }
    let socket = name.replace(".service", ".socket");
    let by_socket =
        active.contains(&socket) && !after.flag("Service", "X-NotSocketActivated", false);
    if !after.flag("Service", "X-StopIfChanged", true) && !by_socket {
        return changes.restart.push(name);
    }
    changes.stop.push(name.clone());
    if !by_socket {
        changes.start_announced.push(name.clone());
        changes.start.push(name);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs;
    use std::path::{Path, PathBuf};

    fn system(root: &Path, name: &str, units: &[(&str, &str)]) -> PathBuf {
        let folder = root.join(name);
        fs::create_dir_all(folder.join("etc/systemd/system")).unwrap();
        for (unit, text) in units {
            let path = folder.join("etc/systemd/system").join(unit);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match *text {
                "masked" => std::os::unix::fs::symlink("/dev/null", path).unwrap(),
                text => fs::write(path, text).unwrap(),
            }
        }
        folder
    }

    #[test]
    fn units_change_as_they_ask_for() {
        let scratch = tempfile::tempdir().unwrap();
        let old = system(
            scratch.path(),
            "old",
            &[
                ("same.service", "a"),
                ("plain.service", "a"),
                ("restart.service", "a"),
                ("reload.service", "a"),
                ("skip.service", "a"),
                ("trigger.service", "[Unit]\nX-Reload-Triggers=1\n"),
                ("gone.service", "a"),
                ("masked.service", "a"),
                ("kept.service", "[Unit]\nX-StopOnRemoval=false\n"),
                ("s.socket", "a"),
                ("s.service", "a"),
                ("multi-user.target", ""),
                ("dropin.service", "a"),
            ],
        );
        let new = system(
            scratch.path(),
            "new",
            &[
                ("same.service", "a"),
                ("plain.service", "b"),
                ("restart.service", "[Service]\nX-StopIfChanged=false\n"),
                ("reload.service", "[Service]\nX-ReloadIfChanged=true\n"),
                ("skip.service", "[Service]\nX-RestartIfChanged=false\n"),
                ("trigger.service", "[Unit]\nX-Reload-Triggers=2\n"),
                ("masked.service", "masked"),
                ("s.socket", "a"),
                ("s.service", "b"),
                ("multi-user.target", ""),
                ("dropin.service", "a"),
                ("dropin.service.d/overrides.conf", "[Service]\nNice=1\n"),
            ],
        );
        let active: Vec<String> = [
            "dropin.service",
            "gone.service",
            "kept.service",
            "masked.service",
            "multi-user.target",
            "plain.service",
            "reload.service",
            "restart.service",
            "s.service",
            "s.socket",
            "same.service",
            "skip.service",
            "trigger.service",
            "unknown.service",
        ]
        .map(str::to_owned)
        .to_vec();
        let changes = compare(&UnitFiles::of(&old), &UnitFiles::of(&new), &active);
        assert_eq!(
            changes.stop,
            ["dropin.service", "gone.service", "masked.service", "plain.service", "s.service"]
        );
        assert_eq!(changes.reload, ["reload.service", "trigger.service"]);
        assert_eq!(changes.restart, ["restart.service"]);
        assert_eq!(changes.start, ["dropin.service", "multi-user.target", "plain.service"]);
        assert_eq!(changes.skip, ["skip.service"]);
    }
}
