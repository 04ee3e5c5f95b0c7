//! Which paths evaluation may read.
//!
//! Impure evaluation reads everything. Restricted and pure evaluation read what is below allowed
//! paths only: search path entries, fetched sources, store paths that expressions made themselves
//! (Nix manual, `restrict-eval`, `pure-eval`).

use std::cell::RefCell;
use std::collections::BTreeSet;

/// The rule for one evaluation.
#[derive(Debug, Default)]
pub struct Access {
    /// None: everything may be read.
    allowed: Option<RefCell<BTreeSet<String>>>,
    /// How the mode is called in messages.
    mode: &'static str,
}

impl Access {
    /// Everything may be read.
    pub fn everything() -> Self {
        Self::default()
    }

    /// Only what is allowed; `pure` chooses the wording of refusals.
    pub fn only(paths: impl IntoIterator<Item = String>, pure: bool) -> Self {
        let mode = if pure {
            "pure evaluation mode (use '--impure' to override)"
        } else {
            "restricted mode"
        };
        Access { allowed: Some(RefCell::new(paths.into_iter().collect())), mode }
    }

    /// Allows a path and what is below it.
    pub fn allow(&self, path: &str) {
        if let Some(allowed) = &self.allowed {
            allowed.borrow_mut().insert(path.to_owned());
        }
    }

    /// Whether a path may be read. Folders above allowed paths may be looked at, so that links can
    /// be resolved.
    pub fn permits(&self, path: &str) -> bool {
        let Some(allowed) = &self.allowed else { return true };
        let allowed = allowed.borrow();
        ancestors(path).any(|ancestor| allowed.contains(ancestor))
    }

    /// Checks a path.
    ///
    /// # Errors
    /// The message of the refusal.
    pub fn check(&self, path: &str) -> Result<(), String> {
        if self.permits(path) {
            return Ok(());
        }
        Err(format!("access to absolute path '{path}' is forbidden in {}", self.mode))
    }
}

/// The path and its folders up to the root.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    let above = path.match_indices('/').map(move |(at, _)| if at == 0 { "/" } else { &path[..at] });
    std::iter::once(path).chain(above)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn allowed_paths_and_what_is_below() {
        let access = Access::only(["/nix/store/abc-source".to_owned()], true);
        assert!(access.permits("/nix/store/abc-source"));
        assert!(access.permits("/nix/store/abc-source/flake.nix"));
        assert!(!access.permits("/nix/store/abc-source2"));
        assert!(!access.permits("/etc/passwd"));
        let refusal = access.check("/etc/passwd").unwrap_err();
        assert!(refusal.contains("'/etc/passwd' is forbidden in pure evaluation mode"));
        access.allow("/etc");
        assert!(access.permits("/etc/passwd"));
        assert!(Access::everything().permits("/etc/passwd"));
    }
}
