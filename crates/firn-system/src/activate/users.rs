//! Users and groups: the account files are made from the declared accounts, what the machine had
//! before, and ids that stay the same for good (`/var/lib/nixos`).

use super::accounts::{GroupLine, PasswdLine, ShadowLine};
use super::ids::Allocator;
use super::plan::{Accounts, Ids, User};
use super::{Activation, home, password};
use crate::{Error, Result, files};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Days since 1970 in the third field of new lines of `/etc/shadow`: "changed on the second day",
/// so that the files don't depend on when the machine first started.
const SHADOW_REST: &str = "1::::::";

/// Runs the step.
pub fn run(activation: &Activation) -> Result<()> {
    let plan = &activation.plan.users;
    let state = State::open(activation)?;
    let groups = state.groups(plan)?;
    let gids: Ids = groups.iter().map(|g| (g.name.clone(), g.gid)).collect();
    let users = state.users(plan, &gids)?;
    let shadow = state.shadow(plan, &users)?;
    state.write(&groups, &users, &shadow, gids.get("shadow").copied())?;
    state.remember(plan)?;
    home::make(activation, &users)?;
    home::sub_ids(activation)
}

/// The account files as they were, and what earlier activations noted down.
struct State {
    etc: PathBuf,
    notes: PathBuf,
    passwd: BTreeMap<String, PasswdLine>,
    group: BTreeMap<String, GroupLine>,
    shadow: BTreeMap<String, ShadowLine>,
    declared_users: BTreeSet<String>,
    declared_groups: BTreeSet<String>,
}

impl State {
    fn open(activation: &Activation) -> Result<Self> {
        let etc = activation.at("/etc");
        let notes = activation.at("/var/lib/nixos");
        files::make_folder(&etc)?;
        files::make_folder(&notes)?;
        let lines = |name: &str| -> Result<Vec<String>> {
            let text = files::read_text_if_there(&etc.join(name))?.unwrap_or_default();
            Ok(text.lines().map(str::to_owned).collect())
        };
        let words = |name: &str| -> Result<BTreeSet<String>> {
            let text = files::read_text_if_there(&notes.join(name))?.unwrap_or_default();
            Ok(text.split_whitespace().map(str::to_owned).collect())
        };
        let passwd = lines("passwd")?.into_iter().filter_map(|l| PasswdLine::parse(&l));
        let group = lines("group")?.into_iter().filter_map(|l| GroupLine::parse(&l));
        let shadow = lines("shadow")?.into_iter().filter_map(|l| ShadowLine::parse(&l));
        Ok(Self {
            passwd: passwd.map(|l| (l.name.clone(), l)).collect(),
            group: group.map(|l| (l.name.clone(), l)).collect(),
            shadow: shadow.map(|l| (l.name.clone(), l)).collect(),
            declared_users: words("declarative-users")?,
            declared_groups: words("declarative-groups")?,
            etc,
            notes,
        })
    }

    /// All groups: the declared ones, and of the others those made on the machine.
    fn groups(&self, plan: &Accounts) -> Result<Vec<GroupLine>> {
        let declared: BTreeSet<&str> = plan.groups.iter().map(|g| g.name.as_str()).collect();
        let kept: Vec<&GroupLine> = self
            .group
            .values()
            .filter(|g| plan.mutable && !declared.contains(g.name.as_str()))
            .filter(|g| !self.declared_groups.contains(&g.name))
            .collect();
        let mut ids = Allocator::new(self.map("gid-map")?);
        kept.iter().for_each(|g| ids.take(g.gid));
        plan.groups.iter().filter_map(|g| g.gid).for_each(|gid| ids.take(gid));
        let existing = |name: &str| self.group.get(name);
        for group in plan.groups.iter().filter(|g| g.gid.is_none()) {
            existing(&group.name).into_iter().for_each(|line| ids.take(line.gid));
        }
        let mut all = Vec::new();
        for group in &plan.groups {
            let before = existing(&group.name);
            let gid = group.gid.or(before.map(|line| line.gid));
            let gid = gid.or_else(|| ids.choose(&group.name, true));
            let mut members: BTreeSet<String> = group.members.iter().cloned().collect();
            if let Some(line) = before.filter(|_| plan.mutable) {
                let kept = line.members.iter().filter(|member| self.kept_member(plan, member));
                members.extend(kept.cloned());
            }
            all.push(GroupLine {
                name: group.name.clone(),
                gid: gid.ok_or_else(|| no_id(&group.name))?,
                members: members.into_iter().collect(),
            });
        }
        all.extend(kept.into_iter().cloned());
        all.sort_by_key(|g| g.gid);
        let now = all.iter().map(|g| (g.name.clone(), g.gid)).collect();
        self.save_map("gid-map", ids, &now)?;
        Ok(all)
    }

    /// Is a member that was added on the machine still an account?
    fn kept_member(&self, plan: &Accounts, member: &str) -> bool {
        let declared = plan.users.iter().any(|user| user.name == member);
        self.passwd.contains_key(member) && !declared && !self.declared_users.contains(member)
    }

    fn users(&self, plan: &Accounts, gids: &Ids) -> Result<Vec<PasswdLine>> {
        let declared: BTreeSet<&str> = plan.users.iter().map(|u| u.name.as_str()).collect();
        let kept: Vec<&PasswdLine> = self
            .passwd
            .values()
            .filter(|u| plan.mutable && !declared.contains(u.name.as_str()))
            .filter(|u| !self.declared_users.contains(&u.name))
            .collect();
        let mut ids = Allocator::new(self.map("uid-map")?);
        kept.iter().for_each(|u| ids.take(u.uid));
        plan.users.iter().filter_map(|u| u.uid).for_each(|uid| ids.take(uid));
        for user in plan.users.iter().filter(|u| u.uid.is_none()) {
            self.passwd.get(&user.name).into_iter().for_each(|line| ids.take(line.uid));
        }
        let mut all = Vec::new();
        for user in &plan.users {
            let before = self.passwd.get(&user.name);
            let uid = user.uid.or(before.map(|line| line.uid));
            let uid = uid.or_else(|| ids.choose(&user.name, user.is_system));
            all.push(PasswdLine {
                name: user.name.clone(),
                uid: uid.ok_or_else(|| no_id(&user.name))?,
                gid: *gids.get(&user.group).ok_or_else(|| {
                    Error::new(format!("user '{}': no group '{}'", user.name, user.group))
                })?,
                description: user.description.clone(),
                home: user.home.clone(),
                shell: user.shell.clone(),
            });
        }
        all.extend(kept.into_iter().cloned());
        all.sort_by_key(|u| u.uid);
        let now = all.iter().map(|u| (u.name.clone(), u.uid)).collect();
        self.save_map("uid-map", ids, &now)?;
        Ok(all)
    }

    fn shadow(&self, plan: &Accounts, users: &[PasswdLine]) -> Result<Vec<ShadowLine>> {
        let declared: BTreeMap<&str, &User> =
            plan.users.iter().map(|u| (u.name.as_str(), u)).collect();
        users
            .iter()
            .map(|line| {
                let user = declared.get(line.name.as_str());
                let before = self.shadow.get(&line.name);
                let hash = match (user, before) {
                    (_, Some(old)) if plan.mutable => old.hash.clone(),
                    (Some(user), _) => hash_of(user, plan.mutable)?,
                    (None, Some(old)) => old.hash.clone(),
                    (None, None) => "!".to_owned(),
                };
                let rest = before.map_or_else(|| SHADOW_REST.to_owned(), |old| old.rest.clone());
                let rest = match user.and_then(|user| user.expires.as_deref()) {
                    Some(day) => expiring(&rest, day)?,
                    None => rest,
                };
                Ok(ShadowLine { name: line.name.clone(), hash, rest })
            })
            .collect()
    }

    fn write(
        &self,
        groups: &[GroupLine],
        users: &[PasswdLine],
        shadow: &[ShadowLine],
        shadow_gid: Option<u32>,
    ) -> Result<()> {
        let text: String = groups.iter().map(GroupLine::text).collect();
        self.write_file("group", &text, 0o644, 0)?;
        let text: String = users.iter().map(PasswdLine::text).collect();
        self.write_file("passwd", &text, 0o644, 0)?;
        let text: String = shadow.iter().map(ShadowLine::text).collect();
        self.write_file("shadow", &text, 0o640, shadow_gid.unwrap_or(0))
    }

    fn write_file(&self, name: &str, text: &str, mode: u32, gid: u32) -> Result<()> {
        let path = self.etc.join(name);
        if files::read_text_if_there(&path)?.as_deref() != Some(text) {
            files::write_atomic(&path, text.as_bytes(), mode)?;
        }
        files::own(&path, 0, gid)
    }

    fn map(&self, name: &str) -> Result<Ids> {
        let path = self.notes.join(name);
        let Some(text) = files::read_text_if_there(&path)? else { return Ok(Ids::new()) };
        serde_json::from_str(&text)
            .map_err(|err| Error::new(format!("'{}' holds no ids: {err}", path.display())))
    }

    fn save_map(&self, name: &str, ids: Allocator, now: &Ids) -> Result<()> {
        let map = ids.remember(now);
        let text = serde_json::to_string(&map).map_err(|err| Error::new(err.to_string()))?;
        let path = self.notes.join(name);
        if files::read_text_if_there(&path)?.as_deref() == Some(text.as_str()) {
            return Ok(());
        }
        files::write_atomic(&path, text.as_bytes(), 0o600)
    }

    fn remember(&self, plan: &Accounts) -> Result<()> {
        let users: Vec<&str> = plan.users.iter().map(|u| u.name.as_str()).collect();
        let groups: Vec<&str> = plan.groups.iter().map(|g| g.name.as_str()).collect();
        for (name, words) in [("declarative-users", users), ("declarative-groups", groups)] {
            files::write_atomic(&self.notes.join(name), words.join(" ").as_bytes(), 0o644)?;
        }
        Ok(())
    }
}

fn no_id(name: &str) -> Error {
    Error::new(format!("no id is free for '{name}'"))
}

/// The hash that the configuration gives, of several options the one that overrides the others in NixOS. Where users
/// are `mutable` this is asked once, when the account is made; initial passwords of others are as good as passwords.
fn hash_of(user: &User, mutable: bool) -> Result<String> {
    let given = &user.passwords;
    if let Some(file) = &given.hashed_password_file {
        match fs::read_to_string(file) {
            Ok(text) => return Ok(text.lines().next().unwrap_or("").trim_end().to_owned()),
            Err(err) => {
                eprintln!("warning: password of '{}': {}: {err}", user.name, file.display())
            }
        }
    }
    let first = if mutable { None } else { given.initial_password.as_ref() };
    match (given.password.as_ref().or(first), &given.hashed_password) {
        (Some(text), _) => return hashed(text),
        (None, Some(hash)) => return Ok(hash.clone()),
        (None, None) => {}
    }
    match (&given.initial_password, &given.initial_hashed_password) {
        (Some(text), _) => hashed(text),
        (None, Some(hash)) => Ok(hash.clone()),
        (None, None) => Ok("!".to_owned()),
    }
}

fn hashed(text: &str) -> Result<String> {
    let mut random = [0u8; 16];
    let source = Path::new("/dev/urandom");
    fs::File::open(source)
        .and_then(|mut file| file.read_exact(&mut random))
        .map_err(|err| Error::io("read", source, &err))?;
    Ok(password::sha512_crypt(text, &password::salt(random)))
}

/// The fields of a shadow line with the day of expiry set.
fn expiring(rest: &str, day: &str) -> Result<String> {
    let wrong = || Error::new(format!("'{day}' is no day: write it as YYYY-MM-DD"));
    let numbers: Vec<i64> =
        day.split('-').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
    let [year, month, date] = numbers[..] else { return Err(wrong()) };
    let mut fields: Vec<String> = rest.split(':').map(str::to_owned).collect();
    fields.resize(7, String::new());
    fields[5] = days_since_epoch(year, month, date).to_string();
    Ok(fields.join(":"))
}

/// Days from 1970-01-01 in the Gregorian calendar; years begin in March, so that leap days end them.
fn days_since_epoch(year: i64, month: i64, date: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + date - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn days_are_counted() {
        for (day, expected) in [((1970, 1, 1), 0), ((2000, 3, 1), 11_017), ((2026, 11, 22), 20_779)]
        {
            assert_eq!(days_since_epoch(day.0, day.1, day.2), expected, "{day:?}");
        }
        assert_eq!(expiring("1::::::", "1970-01-11").unwrap(), "1:::::10:");
    }
}
