//! `github:`, `gitlab:` and `sourcehut:`: a revision as the archive that the forge makes of it.

use super::url::{Url, encode_segment};
use super::{Attrs, InputError, Scheme, check_ref, check_rev, is_ref, is_rev};

/// A forge: where its archives and its references are found.
pub struct Forge {
    name: &'static str,
    host: &'static str,
    /// URL of the archive of a revision.
    archive: fn(&Place<'_>, rev: &str) -> String,
    /// URL of an answer that names the revision of a reference, and the path to it in the JSON.
    revision: Option<Resolver>,
}

/// How the revision of a reference is asked for.
struct Resolver {
    url: fn(&Place<'_>, reference: &str) -> String,
    pointer: &'static str,
}

/// A repository of a forge.
pub struct Place<'a> {
    host: &'a str,
    owner: &'a str,
    repo: &'a str,
}

/// github.com and GitHub Enterprise.
pub static GITHUB: Forge = Forge {
    name: "github",
    host: "github.com",
    archive: |place, rev| match place.host {
        "github.com" => {
            format!("https://github.com/{}/{}/archive/{rev}.tar.gz", place.owner, place.repo)
        }
        host => format!("https://{host}/api/v3/repos/{}/{}/tarball/{rev}", place.owner, place.repo),
    },
    revision: Some(Resolver {
        url: |place, reference| match place.host {
            "github.com" => format!(
                "https://api.github.com/repos/{}/{}/commits/{reference}",
                place.owner, place.repo
            ),
            host => format!(
                "https://{host}/api/v3/repos/{}/{}/commits/{reference}",
                place.owner, place.repo
            ),
        },
        pointer: "/sha",
    }),
};

/// gitlab.com and installations of it.
pub static GITLAB: Forge = Forge {
    name: "gitlab",
    host: "gitlab.com",
    archive: |place, rev| {
        format!(
            "https://{}/api/v4/projects/{}%2F{}/repository/archive.tar.gz?sha={rev}",
            place.host, place.owner, place.repo
        )
    },
    revision: Some(Resolver {
        url: |place, reference| {
            format!(
                "https://{}/api/v4/projects/{}%2F{}/repository/commits?ref_name={reference}",
                place.host, place.owner, place.repo
            )
        },
        pointer: "/0/id",
    }),
};

/// git.sr.ht, whose references are read by git's own protocol.
pub static SOURCEHUT: Forge = Forge {
    name: "sourcehut",
    host: "git.sr.ht",
    archive: |place, rev| {
        format!("https://{}/{}/{}/archive/{rev}.tar.gz", place.host, place.owner, place.repo)
    },
    revision: None,
};

impl Forge {
    /// The forge that an input's `type` names.
    pub fn of(kind: &str) -> Option<&'static Forge> {
        [&GITHUB, &GITLAB, &SOURCEHUT].into_iter().find(|forge| forge.name == kind)
    }

    /// The URL of the archive of a revision.
    pub fn archive_url(&self, attrs: &Attrs, rev: &str) -> Result<String, InputError> {
        Ok((self.archive)(&self.place(attrs)?, rev))
    }

    /// The URL that answers which revision a reference is, and where in its JSON that stands.
    pub fn revision_url(
        &self,
        attrs: &Attrs,
        reference: &str,
    ) -> Result<Option<(String, &'static str)>, InputError> {
        let place = self.place(attrs)?;
        Ok(self
            .revision
            .as_ref()
            .map(|resolver| ((resolver.url)(&place, reference), resolver.pointer)))
    }

    /// The URL of the repository for git.
    pub fn repository_url(&self, attrs: &Attrs) -> Result<String, InputError> {
        let place = self.place(attrs)?;
        Ok(format!("https://{}/{}/{}", place.host, place.owner, place.repo))
    }

    fn place<'a>(&'a self, attrs: &'a Attrs) -> Result<Place<'a>, InputError> {
        Ok(Place {
            host: attrs.text("host")?.unwrap_or(self.host),
            owner: attrs.required_text("owner")?,
            repo: attrs.required_text("repo")?,
        })
    }
}

impl Scheme for Forge {
    fn name(&self) -> &'static str {
        self.name
    }

    fn read_url(&self, url: &Url, _is_flake: bool) -> Option<Result<Attrs, InputError>> {
        (url.scheme == self.name).then(|| attrs_of(url))
    }

    fn to_url(&self, attrs: &Attrs) -> Result<Url, InputError> {
        let mut path = format!(
            "{}/{}",
            encode_segment(attrs.required_text("owner")?),
            encode_segment(attrs.required_text("repo")?)
        );
        for name in ["ref", "rev"] {
            if let Some(value) = attrs.text(name)? {
                path.push('/');
                path.push_str(value);
            }
        }
        let query = attrs
            .text("host")?
            .map(|host| ("host".to_owned(), host.to_owned()))
            .into_iter()
            .collect();
        Ok(Url {
            scheme: self.name.to_owned(),
            authority: None,
            path,
            query,
            fragment: String::new(),
        })
    }

    fn allowed(&self) -> &'static [&'static str] {
        &["owner", "repo", "ref", "rev", "host", "treeHash", "lastModified"]
    }

    fn check(&self, attrs: &Attrs) -> Result<(), InputError> {
        self.place(attrs)?;
        check_rev(attrs)?;
        check_ref(attrs)
    }

    fn is_locked(&self, attrs: &Attrs) -> bool {
        attrs.get("rev").is_some() && attrs.get("narHash").is_some()
    }
}

fn attrs_of(url: &Url) -> Result<Attrs, InputError> {
    let error = |text: &str| InputError::new(format!("URL '{url}' {text}"));
    let parts = url.segments()?;
    let [owner, repo, rest @ ..] = parts.as_slice() else {
        return Err(error("is invalid: an owner and a repository are expected"));
    };
    let mut attrs = Attrs::new().with("owner", owner.as_str()).with("repo", repo.as_str());
    let rest = rest.join("/");
    if is_rev(&rest) {
        attrs.set("rev", rest);
    } else if is_ref(&rest) {
        attrs.set("ref", rest);
    } else if !rest.is_empty() {
        return Err(error(&format!("has an invalid branch or revision '{rest}'")));
    }
    for (name, value) in &url.query {
        match name.as_str() {
            "rev" | "ref" if attrs.get("rev").or(attrs.get("ref")).is_some() => {
                return Err(error("contains multiple branch/tag names or commit hashes"));
            }
            "rev" | "ref" | "host" | "narHash" => attrs.set(name, value.as_str()),
            _ => return Err(error(&format!("has an unsupported parameter '{name}'"))),
        };
    }
    Ok(attrs)
}
