//! Files that Git keeps elsewhere: Git LFS. A file with the attribute `filter=lfs` is a pointer in the
//! repository, and its content comes from the repository's own store of large files, or from a server by
//! the batch API. Follows the project's documents "spec.md", "server-discovery.md" and "batch.md".

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use firn_formats::{Hash, HashAlgo, Hasher};
use serde_json::{Value, json};

use super::InputError;
use super::fetch::Fetcher;
use super::git::{local_path, parse_repository_url};
use super::local_git::LocalGit;
use super::url::Url;

/// A pointer is shorter than this.
pub const POINTER_LIMIT: u64 = 1024;

/// As many objects as one request asks for.
const BATCH: usize = 100;

const MEDIA_TYPE: &str = "application/vnd.git-lfs+json";

/// What stands in the repository for a large file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pointer {
    /// The SHA-256 of the content, in hexadecimal digits.
    pub oid: String,
    /// The size of the content in bytes.
    pub size: u64,
}

impl Pointer {
    /// Reads a pointer; `None` if the text is none.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
        text.starts_with("version https://git-lfs.github.com/spec/v1").then_some(())?;
        let oid = value("oid sha256:")?.to_owned();
        let size = value("size ")?.parse().ok()?;
        let is_hash =
            oid.len() == 64 && oid.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        is_hash.then_some(Pointer { oid, size })
    }

    /// Whether this is the pointer of a content.
    pub fn is_of(&self, content: &[u8]) -> bool {
        self.size == content.len() as u64 && Hash::sha256(content).base16() == self.oid
    }

    /// Where it is in a folder of objects.
    fn place(&self, objects: &Path) -> PathBuf {
        objects.join(&self.oid[..2]).join(&self.oid[2..4]).join(&self.oid)
    }
}

/// A server of large files.
struct Server {
    /// Where its API begins.
    endpoint: String,
    headers: Vec<(String, String)>,
}

impl Fetcher {
    /// Puts the content of large files where their pointers are.
    ///
    /// # Errors
    /// An object is nowhere to be had, or is not what its pointer says.
    pub(super) fn smudge(
        &self,
        repository: &LocalGit,
        root: &Path,
        files: &[PathBuf],
    ) -> Result<(), InputError> {
        let mut wanted: BTreeMap<Pointer, Vec<&Path>> = BTreeMap::new();
        for file in files {
            match pointer_in(file)? {
                Ok(pointer) => wanted.entry(pointer).or_default().push(file),
                Err(why) => (self.warn)(&format!(
                    "encountered file '/{}' that should have been a git-lfs pointer, but is {why}",
                    file.strip_prefix(root).unwrap_or(file).display()
                )),
            }
        }
        let places = self.large_files(repository, &wanted.keys().cloned().collect())?;
        for (pointer, place) in &places {
            for file in wanted.get(pointer).into_iter().flatten() {
                put(place, file, pointer)?;
            }
        }
        Ok(())
    }

    /// Where the content of each pointer is on this machine's disk; fetched if it was not.
    fn large_files(
        &self,
        repository: &LocalGit,
        pointers: &BTreeSet<Pointer>,
    ) -> Result<Vec<(Pointer, PathBuf)>, InputError> {
        let cache = self.cache.join("git-lfs");
        let origin = repository.lfs_url();
        let mut folders = vec![repository.common_folder().join("lfs/objects"), cache.clone()];
        if let Some(origin) = origin.as_deref().and_then(local_path) {
            folders.push(origin.join(".git/lfs/objects"));
            folders.push(origin.join("lfs/objects"));
        }
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for pointer in pointers {
            let mut places = folders.iter().map(|folder| pointer.place(folder));
            match places.find(|place| place.is_file()) {
                Some(place) => found.push((pointer.clone(), place)),
                None => missing.push(pointer.clone()),
            }
        }
        if !missing.is_empty() {
            let server = self.lfs_server(repository, origin.as_deref())?;
            for pointers in missing.chunks(BATCH) {
                self.fetch_large(&server, pointers, &cache)?;
            }
        }
        found.extend(missing.into_iter().map(|pointer| {
            let place = pointer.place(&cache);
            (pointer, place)
        }));
        Ok(found)
    }

    fn lfs_server(
        &self,
        repository: &LocalGit,
        origin: Option<&str>,
    ) -> Result<Server, InputError> {
        let url = origin.map(parse_repository_url).transpose()?;
        match url {
            Some(url) if url.scheme == "ssh" => self.lfs_over_ssh(&url),
            Some(url) if matches!(url.scheme.as_str(), "http" | "https") => {
                Ok(Server { endpoint: endpoint(&url), headers: Vec::new() })
            }
            _ => Err(InputError::new(format!(
                "large files of the Git repository '{}' are not on this machine\nhelp: 'git lfs fetch' in the \
                 repository that they come from gets them",
                repository.place().display()
            ))),
        }
    }

    /// Asks a host that is reached by ssh where its large files are.
    fn lfs_over_ssh(&self, url: &Url) -> Result<Server, InputError> {
        let authority = url.authority.as_deref().unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => {
                (host, Some(port))
            }
            _ => (authority, None),
        };
        let mut command = Command::new("ssh");
        command.args(port.map(|port| format!("-p{port}")));
        command.args(["--", host, "git-lfs-authenticate", &url.decoded_path()?, "download"]);
        let failed = |why: &dyn std::fmt::Display| {
            InputError::unreachable(format!(
                "cannot ask '{host}' for large files (ssh … git-lfs-authenticate): {why}"
            ))
        };
        let output = command.output().map_err(|error| failed(&error))?;
        let answer: Value = serde_json::from_slice(&output.stdout)
            .map_err(|_| failed(&String::from_utf8_lossy(&output.stderr).trim()))?;
        let endpoint = answer.get("href").and_then(Value::as_str);
        Ok(Server {
            endpoint: endpoint.ok_or_else(|| failed(&"the answer has no 'href'"))?.to_owned(),
            headers: headers(answer.get("header")),
        })
    }

    /// Gets objects into the cache.
    fn fetch_large(
        &self,
        server: &Server,
        pointers: &[Pointer],
        cache: &Path,
    ) -> Result<(), InputError> {
        let url = format!("{}/objects/batch", server.endpoint);
        let objects: Vec<Value> = pointers
            .iter()
            .map(|pointer| json!({ "oid": pointer.oid, "size": pointer.size }))
            .collect();
        let question =
            json!({ "operation": "download", "transfers": ["basic"], "objects": objects });
        let mut all = server.headers.clone();
        all.extend(["Accept", "Content-Type"].map(|name| (name.to_owned(), MEDIA_TYPE.to_owned())));
        let answer = self.transport.post(&url, &all, &question.to_string())?;
        let bad =
            |why: &str| InputError::new(format!("'{url}' answered what is not understood: {why}"));
        let answer: Value =
            serde_json::from_slice(&answer).map_err(|error| bad(&error.to_string()))?;
        let answers = answer.get("objects").and_then(Value::as_array);
        let answers = answers.ok_or_else(|| bad("there are no 'objects'"))?;
        for pointer in pointers {
            let fits = |answer: &&Value| {
                answer.get("oid").and_then(Value::as_str) == Some(&pointer.oid)
                    && answer.get("size").and_then(Value::as_u64) == Some(pointer.size)
            };
            let answer = answers.iter().find(fits);
            let answer =
                answer.ok_or_else(|| bad(&format!("object {} is missing", pointer.oid)))?;
            if let Some(message) = answer.pointer("/error/message").and_then(Value::as_str) {
                return Err(InputError::new(format!(
                    "'{url}' does not have the large file {}: {message}",
                    pointer.oid
                )));
            }
            let source = answer.pointer("/actions/download/href").and_then(Value::as_str);
            let source = source.ok_or_else(|| bad("an object has no 'href'"))?;
            let headers = headers(answer.pointer("/actions/download/header"));
            self.download_large(source, &headers, pointer, &pointer.place(cache))?;
        }
        Ok(())
    }

    fn download_large(
        &self,
        url: &str,
        headers: &[(String, String)],
        pointer: &Pointer,
        place: &Path,
    ) -> Result<(), InputError> {
        let scratch = self.scratch()?;
        let file = scratch.path().join("object");
        self.transport.download_with(url, headers, &file)?;
        // Only what was checked gets its name.
        check(&file, pointer).map_err(|why| {
            InputError::new(format!("'{url}' is not the large file that was wanted: {why}"))
        })?;
        let folder = place.parent().unwrap_or(place);
        fs::create_dir_all(folder).and_then(|()| fs::rename(&file, place)).map_err(|error| {
            InputError::new(format!("cannot write '{}': {error}", place.display()))
        })
    }
}

/// The pointer that a file is, or what is wrong with it.
fn pointer_in(file: &Path) -> Result<Result<Pointer, &'static str>, InputError> {
    let unreadable =
        |error: io::Error| InputError::new(format!("cannot read '{}': {error}", file.display()));
    if fs::metadata(file).map_err(unreadable)?.len() >= POINTER_LIMIT {
        return Ok(Err("too large"));
    }
    let text = fs::read(file).map_err(unreadable)?;
    Ok(Pointer::parse(&text).ok_or("invalid"))
}

/// Gives a file the content of an object.
fn put(object: &Path, file: &Path, pointer: &Pointer) -> Result<(), InputError> {
    let failed = |why: &dyn std::fmt::Display| {
        InputError::new(format!("cannot use the large file '{}': {why}", object.display()))
    };
    check(object, pointer).map_err(|why| failed(&why))?;
    let copy = || -> io::Result<u64> {
        // Opened, not replaced: the file keeps its rights.
        let mut to = fs::File::create(file)?;
        io::copy(&mut fs::File::open(object)?, &mut to)
    };
    copy().map(drop).map_err(|error| failed(&error))
}

/// Whether a file is the content of a pointer.
fn check(file: &Path, pointer: &Pointer) -> Result<(), String> {
    let mut sum = Hasher::new(HashAlgo::Sha256);
    let copied = fs::File::open(file).and_then(|mut from| io::copy(&mut from, &mut sum));
    let size = copied.map_err(|error| error.to_string())?;
    let hash = sum.finish().base16();
    match (size == pointer.size, hash == pointer.oid) {
        (true, true) => Ok(()),
        (false, _) => Err(format!("it has {size} bytes, {} are expected", pointer.size)),
        (_, false) => Err(format!("its hash is sha256:{hash}, sha256:{} is expected", pointer.oid)),
    }
}

fn headers(object: Option<&Value>) -> Vec<(String, String)> {
    let entries = object.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// The API of a repository that has no other address for it: `REPOSITORY.git/info/lfs`.
fn endpoint(url: &Url) -> String {
    let mut url = url.clone();
    url.query.clear();
    let path = url.path.trim_end_matches('/');
    let suffix = if path.ends_with(".git") { "" } else { ".git" };
    let slash = if path.is_empty() { "/" } else { "" };
    url.path = format!("{path}{slash}{suffix}/info/lfs");
    url.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn pointers() {
        let oid = "f5e02aa71e67f41d79023a128ca35bad86cf7b6656967bfe0884b3a3c4325eaf";
        let text = |oid: &str, size: &str| {
            format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n")
        };
        let parsed = Pointer::parse(text(oid, "12").as_bytes()).unwrap();
        assert_eq!(parsed, Pointer { oid: oid.to_owned(), size: 12 });
        for bad in [text("f5", "12"), text(oid, "-1"), text(oid, ""), "hello".to_owned()] {
            assert_eq!(Pointer::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn endpoints() {
        for (url, wanted) in [
            ("https://host/a/b", "https://host/a/b.git/info/lfs"),
            ("https://host/a/b/", "https://host/a/b.git/info/lfs"),
            ("https://host/a/b.git", "https://host/a/b.git/info/lfs"),
            ("https://host", "https://host/.git/info/lfs"),
        ] {
            assert_eq!(endpoint(&Url::parse(url).unwrap().unwrap()), wanted);
        }
    }
}
