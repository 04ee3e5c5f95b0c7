//! Users' own service managers, which run beside the system's.

use super::systemctl;
use crate::{Error, Result};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The unit that runs what a configuration wants done for each user, `system.userActivationScripts`.
const ACTIVATION: &str = "nixos-activation.service";

/// Tells the managers that run of their new units, by `reload`, and activates what belongs to their users.
///
/// # Errors
/// When that fails for one of them; the others are told first.
pub fn apply(active: &[String], system: &Path, reload: &str) -> Result<()> {
    let activates = system.join("etc/systemd/user").join(ACTIVATION).exists();
    let mut first = Ok(());
    for user in active.iter().filter_map(|unit| user_of(unit)) {
        let mut done = on(user, &[reload]);
        if activates {
            done = done.and_then(|()| on(user, &["restart", ACTIVATION]));
        }
        first = first.and(done.map_err(|err| Error::new(format!("user {user}: {err}"))));
    }
    first
}

/// The number of the user whose manager the unit is.
fn user_of(unit: &str) -> Option<u32> {
    unit.strip_prefix("user@")?.strip_suffix(".service")?.parse().ok()
}

/// Asks a user's manager, as that user: it listens in the user's own folder and to nobody else.
fn on(user: u32, arguments: &[&str]) -> Result<()> {
    let folder = format!("/run/user/{user}");
    let group = std::fs::metadata(&folder)
        .map_err(|err| Error::io("look at the user's folder", Path::new(&folder), &err))?
        .gid();
    let mut command = Command::new(systemctl::SYSTEMCTL);
    command.arg("--user").args(arguments).uid(user).gid(group).env("XDG_RUNTIME_DIR", &folder);
    systemctl::succeed(&mut command)
}

#[cfg(test)]
mod tests {
    use super::user_of;

    #[test]
    fn managers_are_recognised() {
        assert_eq!(user_of("user@1000.service"), Some(1000));
        for other in ["user@.service", "user@alice.service", "user@1000.slice", "user.slice"] {
            assert_eq!(user_of(other), None, "{other}");
        }
    }
}
