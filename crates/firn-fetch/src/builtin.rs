//! `builtin:fetchurl`: one file by url and hash.
//!
//! Attributes (reference: `corepkgs`' `<nix/fetchurl.nix>`): `url`, `unpack` ("1": the file is a
//! NAR, possibly compressed with xz), `executable` ("1"). firn adds `mirror://debian/…` urls.

use crate::error::{FetchError, Reason};
use crate::options::FetchOptions;
use crate::transfer::Fetcher;
use firn_events::{Activity, Reporter, Span, wire::LineSink};
use firn_formats::{Hash, HashAlgo, Hasher, nar};
use firn_store::{BuiltinBuilder, BuiltinJob};
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

/// File in the job's scratch folder with [`FetchOptions`] as JSON. Whoever starts the build puts
/// it there, readable for the builder alone, because it can hold credentials.
pub const OPTIONS_FILE: &str = ".fetch-options.json";

/// `builtin:fetchurl`.
#[derive(Debug, Default, Clone, Copy)]
pub struct FetchUrl;

impl BuiltinBuilder for FetchUrl {
    fn name(&self) -> &'static str {
        "fetchurl"
    }

    fn build(&self, job: &BuiltinJob) -> Result<(), String> {
        let options = read_options(&job.tmp_dir)?;
        let reporter = Reporter::new(Arc::new(LineSink::new(std::io::stderr())));
        fetch_job(job, options, &reporter).map_err(|e| match e.reason {
            // Whoever builds knows the folders as people know them, and says what to do.
            Reason::DiskFull => e.message,
            _ => e.to_string(),
        })
    }
}

fn read_options(tmp_dir: &Path) -> Result<FetchOptions, String> {
    match fs::read(tmp_dir.join(OPTIONS_FILE)) {
        Ok(json) => serde_json::from_slice(&json).map_err(|e| format!("fetch options: {e}")),
        Err(_) => Ok(FetchOptions::default()),
    }
}

/// Fetches what `job` describes.
///
/// # Errors
/// The job lacks something, or the fetch failed.
fn fetch_job(job: &BuiltinJob, options: FetchOptions, to: &Reporter) -> Result<(), FetchError> {
    let bad = |text: String| FetchError::new(Reason::BadUrl, text);
    let url = job.require("url").map_err(bad)?;
    let out = job.outputs.get("out").ok_or_else(|| {
        FetchError::new(Reason::BadUrl, "'builtin:fetchurl' requires an 'out' output")
    })?;
    let name = url.rsplit('/').next().unwrap_or(url).to_owned();
    let span = to.start(Activity::Fetch { url: url.to_owned(), name });
    let unpack = job.text("unpack") == Some("1");
    let wanted = if unpack { None } else { flat_hash(job) };
    let result = if unpack {
        fetch_nar(url, out, options, &span, &job.tmp_dir)
    } else {
        fetch_file(url, out, options, &span, wanted.as_ref())
    };
    let result = result.and_then(|()| match job.text("executable") {
        Some("1") => fs::set_permissions(out, fs::Permissions::from_mode(0o755))
            .map_err(|e| FetchError::local("making the file executable", &e)),
        _ => Ok(()),
    });
    span.finish(result)
}

fn create(path: &Path) -> Result<File, FetchError> {
    let mut open = OpenOptions::new();
    open.read(true).write(true).create(true).truncate(true).mode(0o644);
    open.open(path)
        .map_err(|e| FetchError::local(format_args!("creating '{}'", path.display()), &e))
}

fn fetch_file(
    url: &str,
    out: &Path,
    options: FetchOptions,
    span: &Span,
    wanted: Option<&Hash>,
) -> Result<(), FetchError> {
    let mut file = create(out)?;
    let hashed = options.hashed_mirrors.clone();
    let fetcher = Fetcher::new(options);
    let matches = |file: &mut File| {
        wanted.is_none_or(|wanted| hash_file(file, wanted.algo()).is_ok_and(|h| h == *wanted))
    };
    if let Some(wanted) = wanted {
        for base in hashed {
            let path = format!("{}/{}", wanted.algo(), wanted.base16());
            let url = crate::mirrors::join(&base, &path);
            if fetcher.fetch(&url, &mut file, span).is_ok() && matches(&mut file) {
                return Ok(());
            }
        }
    }
    fetcher.fetch_accepted(url, &mut file, span, matches).map(drop)
}

fn fetch_nar(
    url: &str,
    out: &Path,
    options: FetchOptions,
    span: &Span,
    tmp: &Path,
) -> Result<(), FetchError> {
    let path = tmp.join(".fetched");
    let mut file = create(&path)?;
    Fetcher::new(options).fetch(url, &mut file, span)?;
    let rewound = file.seek(SeekFrom::Start(0));
    rewound.map_err(|e| FetchError::local("reading the download", &e))?;
    let broken = |e: &dyn std::fmt::Display| {
        FetchError::new(Reason::Archive, format!("unpacking the NAR from '{url}': {e}"))
    };
    let buffered = BufReader::with_capacity(1 << 16, file);
    let unpacked = if url.ends_with(".xz") {
        let plain = BufReader::new(liblzma::bufread::XzDecoder::new(buffered));
        nar::restore(plain, out, nar::RestoreMode::Plain)
    } else {
        nar::restore(buffered, out, nar::RestoreMode::Plain)
    };
    unpacked.map_err(|e| broken(&e))?;
    fs::remove_file(&path).map_err(|e| FetchError::local("removing the download", &e))
}

/// The hash that the output must have, if it is one over the file's bytes.
fn flat_hash(job: &BuiltinJob) -> Option<Hash> {
    if job.text("executable") == Some("1") || job.text("outputHashMode") == Some("recursive") {
        return None;
    }
    let algo = job.text("outputHashAlgo").filter(|a| !a.is_empty());
    let algo = algo.and_then(|a| a.parse::<HashAlgo>().ok());
    Hash::parse_any(job.text("outputHash")?, algo).ok()
}

fn hash_file(file: &mut File, algo: HashAlgo) -> std::io::Result<Hash> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = Hasher::new(algo);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            n => hasher.update(&buffer[..n]),
        }
    }
}
