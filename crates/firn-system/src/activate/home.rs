//! What belongs to users besides the account files: home folders, ids for namespaces.

use super::Activation;
use super::accounts::PasswdLine;
use super::plan::Ids;
use crate::{Error, Result, files};

/// First id and size of the ranges that are chosen for users.
const FIRST_SUB_ID: u32 = 100_000;
const SUB_IDS: u32 = 65_536;

/// Makes home folders that are missing.
pub fn make(activation: &Activation, users: &[PasswdLine]) -> Result<()> {
    for user in activation.plan.users.users.iter().filter(|user| user.create_home) {
        let path = activation.at(&user.home);
        let Some(line) = users.iter().find(|line| line.name == user.name) else { continue };
        if !path.exists() {
            let mode = u32::from_str_radix(&user.home_mode, 8).unwrap_or(0o700);
            files::make_folder_mode(&path, mode)?;
        }
        files::own(&path, line.uid, line.gid)?;
    }
    Ok(())
}

/// Writes `/etc/subuid` and `/etc/subgid`.
pub fn sub_ids(activation: &Activation) -> Result<()> {
    let notes = activation.at("/var/lib/nixos/auto-subuid-map");
    let known = files::read_text_if_there(&notes)?.unwrap_or_else(|| "{}".to_owned());
    let mut ranges: Ids = serde_json::from_str(&known)
        .map_err(|err| Error::new(format!("'{}' holds no ids: {err}", notes.display())))?;
    let (mut uids, mut gids) = (String::new(), String::new());
    for user in &activation.plan.users.users {
        let line = |(first, count): &(u32, u32)| format!("{}:{first}:{count}\n", user.name);
        uids.extend(user.sub_uids.iter().map(line));
        gids.extend(user.sub_gids.iter().map(line));
        if user.auto_sub_ids {
            let next = ranges.values().max().map_or(FIRST_SUB_ID, |last| last + SUB_IDS);
            let first = *ranges.entry(user.name.clone()).or_insert(next);
            uids += &line(&(first, SUB_IDS));
            gids += &line(&(first, SUB_IDS));
        }
    }
    if !ranges.is_empty() {
        let text = serde_json::to_string(&ranges).map_err(|err| Error::new(err.to_string()))?;
        files::write_atomic(&notes, text.as_bytes(), 0o600)?;
    }
    for (name, text) in [("/etc/subuid", uids), ("/etc/subgid", gids)] {
        let path = activation.at(name);
        if files::read_text_if_there(&path)?.as_ref() != Some(&text) {
            files::write_atomic(&path, text.as_bytes(), 0o644)?;
        }
    }
    Ok(())
}
