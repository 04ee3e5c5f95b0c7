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
    /// URLs that may be fetched, and all below them; none: every URL.
    urls: Option<Vec<String>>,
    /// Folders without links to places that may not be read.
    safe: RefCell<BTreeSet<String>>,
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
        Access { allowed: Some(RefCell::new(paths.into_iter().collect())), mode, ..Self::default() }
    }

    /// The same, with only these URLs (setting `allowed-uris`).
    pub fn with_urls(self, urls: impl IntoIterator<Item = String>) -> Self {
        Access { urls: Some(urls.into_iter().collect()), ..self }
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

    /// Whether a path may be looked at: what may be read, and the folders above it.
    pub fn shows(&self, path: &str) -> bool {
        let Some(allowed) = &self.allowed else { return true };
        if self.permits(path) {
            return true;
        }
        let below = if path == "/" { "/".to_owned() } else { format!("{path}/") };
        let allowed = allowed.borrow();
        allowed.range(below.clone()..).next().is_some_and(|first| first.starts_with(&below))
    }

    /// Checks a path.
    ///
    /// # Errors
    /// The message of the refusal.
    pub fn check(&self, path: &str) -> Result<(), String> {
        if self.permits(path) { Ok(()) } else { Err(self.refusal(path)) }
    }

    /// Why a path may not be read.
    pub fn refusal(&self, path: &str) -> String {
        format!("access to absolute path '{path}' is forbidden in {}", self.mode)
    }

    /// Checks a URL, or an absolute path in the place of one.
    ///
    /// # Errors
    /// The message of the refusal.
    pub fn check_url(&self, url: &str) -> Result<(), String> {
        let Some(urls) = &self.urls else { return Ok(()) };
        if urls.iter().any(|allowed| is_below(url, allowed)) {
            return Ok(());
        }
        match url.strip_prefix("file://").or_else(|| url.starts_with('/').then_some(url)) {
            Some(path) => self.check(path),
            None => Err(format!("access to URI '{url}' is forbidden in {}", self.mode)),
        }
    }

    /// Whether every path may be read.
    pub fn is_unlimited(&self) -> bool {
        self.allowed.is_none()
    }

    /// Checks what links lead to: all those in the folder of `path`, and that of `path` itself if it is
    /// followed. `resolve` follows links.
    ///
    /// # Errors
    /// The message of the refusal, which does not tell where the links lead.
    pub fn check_links<E>(
        &self,
        path: &str,
        look: Look,
        is_link: bool,
        resolve: impl Fn(&str) -> Result<String, E>,
    ) -> Result<(), String> {
        let refused = || self.refusal(path);
        let is_fine = |place: &str| match look {
            Look::Read => self.permits(place),
            Look::Follow | Look::Entry => self.shows(place),
        };
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !folder.is_empty() && !self.safe.borrow().contains(folder) {
            let resolved = resolve(folder).map_err(|_| refused())?;
            if resolved == folder {
                self.safe.borrow_mut().insert(folder.to_owned());
            } else if !is_fine(&format!("{}/{name}", resolved.trim_end_matches('/'))) {
                return Err(refused());
            }
        }
        let leads_outside =
            || resolve(path).map_or(true, |resolved| resolved != path && !is_fine(&resolved));
        if is_link && leads_outside() { Err(refused()) } else { Ok(()) }
    }
}

/// How a path is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// What is there is read, wherever links lead.
    Read,
    /// Whether and what is there is asked, wherever links lead.
    Follow,
    /// The entry itself is looked at, also if it is a link.
    Entry,
}

/// Whether a URL is one that is allowed, or below it (Nix manual, setting `allowed-uris`).
fn is_below(url: &str, allowed: &str) -> bool {
    let Some(rest) = url.strip_prefix(allowed) else { return false };
    let scheme = allowed.strip_suffix(':');
    let is_scheme = scheme.is_some_and(|scheme| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
    });
    !allowed.is_empty()
        && (rest.is_empty() || rest.starts_with('/') || allowed.ends_with('/') || is_scheme)
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

    #[test]
    fn folders_above_are_seen_and_not_read() {
        let access = Access::only(["/a/b/c".to_owned()], false);
        assert!(access.shows("/") && access.shows("/a") && access.shows("/a/b/c/d"));
        assert!(!access.shows("/a/x") && !access.shows("/a/b/c2") && !access.permits("/a"));
    }

    #[test]
    fn urls_and_what_is_below() {
        let access = Access::only(["/src".to_owned()], false).with_urls([
            "https://x/a".to_owned(),
            "github:".to_owned(),
            "file:///p/".to_owned(),
        ]);
        for allowed in
            ["https://x/a", "https://x/a/b", "github:o/r", "file:///p/q", "file:///src/f"]
        {
            assert!(access.check_url(allowed).is_ok(), "{allowed}");
        }
        for refused in ["https://x/ab", "https://x", "gitlab:o/r", "file:///etc/passwd", "/etc"] {
            assert!(access.check_url(refused).is_err(), "{refused}");
        }
        assert!(Access::everything().check_url("https://y").is_ok());
    }
}
