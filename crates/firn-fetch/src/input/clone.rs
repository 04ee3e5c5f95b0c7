//! Clones of remote Git repositories in the cache.

use std::path::PathBuf;

use firn_formats::Hash;

use super::InputError;
use super::fetch::Fetcher;
use super::local_git::LocalGit;

/// A bare repository in the cache. What was fetched for a name is kept as `refs/fetched/HASH`, so that it
/// is there when its origin is not.
pub struct Clone {
    /// Where it is.
    pub place: PathBuf,
    /// Where it comes from.
    pub url: String,
}

impl Clone {
    fn git(&self, fetcher: &Fetcher, arguments: &[&str]) -> Result<String, InputError> {
        let place = self.place.to_string_lossy();
        fetcher.run_git(&[&["-C", &place], arguments].concat())
    }

    /// The branch that the origin's `HEAD` is on, as it is now or was when it was last asked.
    pub fn default_branch(
        &self,
        fetcher: &Fetcher,
        rev: Option<&str>,
    ) -> Result<Option<String>, InputError> {
        let known = self.place.join("firn-head-is-known");
        let kept = || -> Result<Option<String>, InputError> {
            let branch = known.exists().then(|| LocalGit::open(&self.place)).transpose()?;
            Ok(branch.and_then(|repository| repository.branch()))
        };
        // The revision says it all; the branch is only noted.
        if rev.is_some()
            && let Some(branch) = kept()?
        {
            return Ok(Some(branch));
        }
        let Ok(answer) = self.git(fetcher, &["ls-remote", "--symref", "--", &self.url, "HEAD"])
        else {
            return kept();
        };
        let line =
            answer.lines().find_map(|line| line.strip_prefix("ref: ")?.strip_suffix("\tHEAD"));
        let Some(branch) = line else { return Ok(None) };
        self.git(fetcher, &["symbolic-ref", "HEAD", branch])?;
        // If it can't be noted it is asked for again.
        let _ = std::fs::write(known, "");
        Ok(Some(branch.to_owned()))
    }

    /// A revision, fetched unless it is there; or what a reference names now, or named last.
    pub fn revision(
        &self,
        fetcher: &Fetcher,
        reference: Option<&str>,
        rev: Option<&str>,
    ) -> Result<gix::ObjectId, InputError> {
        if let Some(rev) = rev.and_then(|rev| gix::ObjectId::from_hex(rev.as_bytes()).ok())
            && LocalGit::open(&self.place)?.has(rev)
        {
            return Ok(rev);
        }
        let target = rev.or(reference).unwrap_or("HEAD");
        let kept = format!("refs/fetched/{}", Hash::sha256(target).nix32());
        let fetched = self.git(
            fetcher,
            &[
                "fetch",
                "--quiet",
                "--no-tags",
                "--force",
                "--",
                &self.url,
                &format!("+{target}:{kept}"),
            ],
        );
        let found = LocalGit::open(&self.place)?.resolve(&kept);
        match (fetched, found) {
            (Ok(_), found) => found,
            (Err(_), Ok(found)) => {
                (fetcher.warn)(&format!(
                    "could not update local clone of Git repository '{}'; continuing with the most recent version",
                    self.url
                ));
                Ok(found)
            }
            (Err(error), Err(_)) => Err(error),
        }
    }
}
