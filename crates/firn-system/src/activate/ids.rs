//! Numbers of users and groups.

use super::plan::Ids;
use crate::{Result, files};
use std::collections::BTreeSet;
use std::path::Path;

/// Ids by name from a file in the format of `/etc/passwd` or `/etc/group`.
pub fn by_name(path: &Path) -> Result<Ids> {
    let text = files::read_text_if_there(path)?.unwrap_or_default();
    Ok(text.lines().filter_map(id_of_line).collect())
}

fn id_of_line(line: &str) -> Option<(String, u32)> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let id = fields.nth(1)?.parse().ok()?;
    Some((name, id))
}

/// The id of a name, or of `+` and a number.
pub fn resolve(name: &str, ids: &Ids) -> Option<u32> {
    match name.strip_prefix('+') {
        Some(number) => number.parse().ok(),
        None => ids.get(name).copied(),
    }
}

/// Hands out ids that nothing uses, the same ones for the same names over time.
#[derive(Debug, Default)]
pub struct Allocator {
    used: BTreeSet<u32>,
    /// What each name had before, also if it is gone now.
    remembered: Ids,
}

impl Allocator {
    /// An allocator that remembers earlier ids.
    pub fn new(remembered: Ids) -> Self {
        Self { used: BTreeSet::new(), remembered }
    }

    /// Marks an id as used.
    pub fn take(&mut self, id: u32) {
        self.used.insert(id);
    }

    /// An id for a service (999 down to 400) or a person (1000 up to 29999).
    pub fn choose(&mut self, name: &str, system: bool) -> Option<u32> {
        let before = self.remembered.get(name).copied().filter(|id| !self.used.contains(id));
        let reserved: BTreeSet<u32> = self.remembered.values().copied().collect();
        let free = |id: &u32| !self.used.contains(id) && !reserved.contains(id);
        let id = before.or_else(|| {
            if system { (400..=999).rev().find(free) } else { (1000..=29_999).find(free) }
        })?;
        self.used.insert(id);
        Some(id)
    }

    /// What to remember: earlier names and `now`.
    pub fn remember(mut self, now: &Ids) -> Ids {
        self.remembered.extend(now.iter().map(|(name, id)| (name.clone(), *id)));
        self.remembered
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_stay_and_are_not_used_twice() {
        let remembered = Ids::from([("gone".to_owned(), 999), ("old".to_owned(), 998)]);
        let mut ids = Allocator::new(remembered);
        ids.take(997);
        assert_eq!(ids.choose("old", true), Some(998));
        assert_eq!(ids.choose("new", true), Some(996));
        assert_eq!(ids.choose("gone", true), Some(999));
        assert_eq!(ids.choose("alice", false), Some(1000));
        assert_eq!(ids.choose("bob", false), Some(1001));
    }

    #[test]
    fn names_and_numbers_resolve() {
        let ids = Ids::from([("root".to_owned(), 0)]);
        assert_eq!(resolve("root", &ids), Some(0));
        assert_eq!(resolve("+12", &ids), Some(12));
        assert_eq!(resolve("nobody", &ids), None);
    }
}
