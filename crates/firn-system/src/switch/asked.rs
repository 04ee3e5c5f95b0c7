//! Units that snippets of the activation want restarted or reloaded: they write their names to
//! `/run/nixos/activation-restart-list` and `-reload-list`, in a dry run to `dry-activation-…`
//! (NixOS manual, "Activation script").

use super::changes::Changes;
use crate::{Result, files};
use std::path::Path;

/// What was asked for. Units in the lists are not repeated.
#[derive(Debug, Default, PartialEq)]
pub struct Asked {
    restart: Vec<String>,
    reload: Vec<String>,
}

impl Asked {
    /// Reads the lists and takes them away.
    ///
    /// # Errors
    /// When a list is there and can't be read or removed.
    pub fn take(dry: bool) -> Result<Self> {
        Self::take_from(Path::new("/run/nixos"), dry)
    }

    fn take_from(folder: &Path, dry: bool) -> Result<Self> {
        let list = |kind: &str| -> Result<Vec<String>> {
            let dry = if dry { "dry-" } else { "" };
            let path = folder.join(format!("{dry}activation-{kind}-list"));
            let Some(text) = files::read_text_if_there(&path)? else { return Ok(Vec::new()) };
            files::remove(&path)?;
            let mut units: Vec<String> = text
                .lines()
                .map(str::trim)
                .filter(|unit| !unit.is_empty())
                .map(String::from)
                .collect();
            units.sort();
            units.dedup();
            Ok(units)
        };
        Ok(Self { restart: list("restart")?, reload: list("reload")? })
    }

    /// The units by what happens to them: started because they do not run, restarted, reloaded. What
    /// the switch does anyway is not among them.
    fn sorted(&self, active: &[String], changes: &Changes) -> [Vec<String>; 3] {
        let runs = |unit: &&String| active.contains(unit);
        let anyway = |unit: &&String| {
            [&changes.start, &changes.restart].into_iter().any(|list| list.contains(unit))
        };
        let start = self.restart.iter().filter(|unit| !runs(unit) && !anyway(unit));
        let restart = self.restart.iter().filter(|unit| runs(unit) && !anyway(unit));
        let reload = self.reload.iter().filter(|unit| {
            runs(unit)
                && !anyway(unit)
                && !self.restart.contains(unit)
                && !changes.reload.contains(unit)
        });
        [start.cloned().collect(), restart.cloned().collect(), reload.cloned().collect()]
    }

    /// Says what will happen, or in a dry run would.
    pub fn announce(
        &self,
        active: &[String],
        changes: &Changes,
        dry: bool,
        say: &mut dyn FnMut(&str),
    ) {
        let [start, restart, reload] = self.sorted(active, changes);
        for (verb, units) in [("reload", reload), ("restart", restart), ("start", start)] {
            if !units.is_empty() {
                let what = if dry { format!("would {verb}") } else { format!("{verb}ing") };
                say(&format!("{what} the following units: {}", units.join(", ")));
            }
        }
    }

    /// Adds the units to what is done after the activation.
    pub fn add_to(&self, changes: &mut Changes, active: &[String]) {
        let [start, restart, reload] = self.sorted(active, changes);
        changes.reload.retain(|unit| !restart.contains(unit));
        changes.start.extend(start);
        changes.restart.extend(restart);
        changes.reload.extend(reload);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lists_are_taken_once_and_added_to_the_changes() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("activation-restart-list", "b.service\na.service\nb.service\nnew.service\n");
        write("activation-reload-list", "c.service\na.service\noff.service\n");
        assert_eq!(Asked::take_from(folder.path(), true).unwrap(), Asked::default());
        let asked = Asked::take_from(folder.path(), false).unwrap();
        assert_eq!(Asked::take_from(folder.path(), false).unwrap(), Asked::default());

        let active = names(&["a.service", "b.service", "c.service"]);
        let mut changes = Changes { restart: names(&["b.service"]), ..Changes::default() };
        let mut said = Vec::new();
        asked.announce(&active, &changes, true, &mut |line| said.push(line.to_owned()));
        let expected = [
            "would reload the following units: c.service",
            "would restart the following units: a.service",
            "would start the following units: new.service",
        ];
        assert_eq!(said, expected);
        asked.add_to(&mut changes, &active);
        assert_eq!(changes.restart, names(&["b.service", "a.service"]));
        assert_eq!(changes.reload, names(&["c.service"]));
        assert_eq!(changes.start, names(&["new.service"]));
    }
}
