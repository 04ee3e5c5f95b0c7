//! From url to store path: one file, or what is in an archive.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use firn_events::{Activity, Reporter};
use firn_formats::{
    ContentAddress, ContentAddressMethod, Hash, HashAlgo, Hasher, References, StorePath,
    StorePathSet, nar,
};
use firn_store::{Content, Store, StoreError};

use crate::error::{FetchError, Reason};
use crate::options::FetchOptions;
use crate::transfer::Fetcher;
use crate::unpack::{UnpackOptions, unpack};

/// What to fetch, and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefetch {
    /// Where from.
    pub url: String,
    /// The name of the store path.
    pub name: String,
    /// The hash that the content must have; with it, nothing is fetched that the store has.
    pub expected: Option<Hash>,
    /// How to hash where no hash is expected.
    pub algo: HashAlgo,
    /// Unpack, and leave out a single folder at the top. The hash is then that of the tree.
    pub unpack: bool,
    /// Make the file executable. The hash is then that of the file's archive.
    pub executable: bool,
}

/// What is in the store now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefetched {
    /// The path.
    pub path: StorePath,
    /// The hash that its path is made from.
    pub hash: Hash,
}

impl Prefetch {
    /// Fetches into a store.
    ///
    /// # Errors
    /// It can't be fetched or unpacked, or it has another hash than expected.
    pub fn run(
        &self,
        store: &dyn Store,
        options: &FetchOptions,
        reporter: &Reporter,
    ) -> Result<Prefetched, FetchError> {
        if let Some(hash) = self.expected {
            let path = self.path(store, hash)?;
            if store.is_valid(&path).map_err(in_store)? {
                store.add_temp_root(&path).map_err(in_store)?;
                return Ok(Prefetched { path, hash });
            }
        }
        let scratch = tempfile::tempdir()
            .map_err(|error| FetchError::local("making a folder for the download", &error))?;
        let file = scratch.path().join("file");
        let tree = scratch.path().join("tree");
        let mut download = self.download(&file, options, reporter)?;
        let content = if self.unpack {
            unpack(&mut download, &tree, UnpackOptions { strip_single_folder: true })?;
            if fs::read_dir(&tree).is_ok_and(|mut entries| entries.next().is_none()) {
                let text = format!("archive '{}' is empty", self.url);
                return Err(FetchError::new(Reason::Archive, text));
            }
            tree.as_path()
        } else {
            file.as_path()
        };
        let hash = self.checked_hash(content)?;
        let added = store.add(
            &self.name,
            Content::Tree(content),
            self.method(),
            hash.algo(),
            &StorePathSet::new(),
        );
        Ok(Prefetched { path: added.map_err(in_store)?, hash })
    }

    fn method(&self) -> ContentAddressMethod {
        match self.unpack || self.executable {
            true => ContentAddressMethod::Nar,
            false => ContentAddressMethod::Flat,
        }
    }

    fn path(&self, store: &dyn Store, hash: Hash) -> Result<StorePath, FetchError> {
        let address = ContentAddress { method: self.method(), hash };
        store
            .store_dir()
            .make_content_path(&self.name, &address, &References::none())
            .map_err(|error| FetchError::new(Reason::BadUrl, error.to_string()))
    }

    fn download(
        &self,
        place: &Path,
        options: &FetchOptions,
        reporter: &Reporter,
    ) -> Result<File, FetchError> {
        let local =
            |error: io::Error| FetchError::local_at("writing the download", &error, Some(place));
        let mut file =
            File::options().read(true).write(true).create_new(true).open(place).map_err(local)?;
        let name = name_of_url(&self.url).unwrap_or_else(|| self.name.clone());
        let span = reporter.start(Activity::Fetch { url: self.url.clone(), name });
        let fetched = Fetcher::new(options.clone()).fetch(&self.url, &mut file, &span);
        span.finish(fetched)?;
        let mode = if self.executable { 0o755 } else { 0o644 };
        fs::set_permissions(place, fs::Permissions::from_mode(mode)).map_err(local)?;
        file.rewind().map_err(local)?;
        Ok(file)
    }

    /// The content's hash, which is the expected one.
    fn checked_hash(&self, content: &Path) -> Result<Hash, FetchError> {
        let algo = self.expected.map_or(self.algo, |hash| hash.algo());
        let hash = match self.method() {
            ContentAddressMethod::Nar => hash_of_tree(content, algo),
            _ => hash_of_file(content, algo),
        };
        let hash = hash.map_err(|error| FetchError::local("hashing the download", &error))?;
        match self.expected {
            Some(expected) if expected != hash => Err(FetchError::new(
                Reason::Changed,
                format!(
                    "hash mismatch in file downloaded from '{}':\n  specified: {}\n  got:       {}",
                    self.url,
                    expected.sri(),
                    hash.sri()
                ),
            )
            .help(
                "the file is not the one that was meant; if it may change, write the new hash down",
            )),
            _ => Ok(hash),
        }
    }
}

/// The name of the file that a url names: the last part of its path.
pub fn name_of_url(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    // Without a path, what stands last is the host.
    let path = path
        .split_once("://")
        .map_or(Some(path), |(_, rest)| rest.split_once('/').map(|(_, path)| path))?;
    let last = path.rsplit('/').find(|part| !part.is_empty())?;
    percent_encoding::percent_decode_str(last).decode_utf8().ok().map(|name| name.into_owned())
}

fn hash_of_file(path: &Path, algo: HashAlgo) -> io::Result<Hash> {
    let mut hasher = Hasher::new(algo);
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finish())
}

fn hash_of_tree(path: &Path, algo: HashAlgo) -> io::Result<Hash> {
    let mut out = BufWriter::with_capacity(1 << 16, Hasher::new(algo));
    nar::dump_path(path, &mut out).map_err(io::Error::other)?;
    Ok(out.into_inner().map_err(|error| error.into_error())?.finish())
}

fn in_store(error: StoreError) -> FetchError {
    match error {
        StoreError::Io { action, path, source } => {
            let what = format!("cannot {action} '{}'", path.display());
            FetchError::local_at(what, &source, Some(&path))
        }
        other => FetchError::new(Reason::Local, other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::name_of_url;

    #[test]
    fn names_are_the_last_parts_of_urls() {
        let cases = [
            ("https://example.org/a/b.tar.gz?x=/y#z", Some("b.tar.gz")),
            ("https://example.org/a/", Some("a")),
            ("file:///tmp/a%20b", Some("a b")),
            ("https://example.org", None),
            ("https://example.org/", None),
            ("plain", Some("plain")),
        ];
        for (url, name) in cases {
            assert_eq!(name_of_url(url).as_deref(), name, "{url}");
        }
    }
}
