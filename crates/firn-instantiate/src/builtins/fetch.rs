//! `fetchurl` and `fetchTarball`: files and archives by URL, as store paths.

use std::fs::File;
use std::io::{BufReader, Read, Seek};

use firn_eval::{ErrorKind, HostError, Machine, Pos, PrimOp, R, Value};
use firn_events::{Activity, Reporter};
use firn_fetch::{FetchOptions, Fetcher, UnpackOptions, unpack};
use firn_formats::{
    ContentAddress, ContentAddressMethod, Hash, HashAlgo, References, StorePath, StorePathSet,
    check_store_path_name,
};
use firn_store::{Content, compute_path};

use super::store_paths::path_string;
use super::{HostHandle, failed, host};

pub(super) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "__fetchurl",
        &["arg"],
        fetchurl,
        "Downloads a file during evaluation and returns its store path. *arg* is a URL, or a set with `url`, and \
         optionally `sha256` and `name`. With a hash nothing is downloaded that the store already has; in pure \
         evaluation the hash is required.",
    ),
    PrimOp::new(
        "fetchTarball",
        &["args"],
        fetch_tarball,
        "Downloads an archive during evaluation, unpacks it and returns its store path; if everything in it lies in \
         one folder, the path is that folder. *args* is as for `fetchurl`, but `sha256` is the hash of the unpacked \
         tree.",
    ),
];

/// How downloads are made; a program puts its own into the machine (`Machine::extension`) before
/// anything is evaluated, otherwise they are made with default options.
#[derive(Default)]
pub struct Downloads {
    /// Proxies, mirrors, time limits.
    pub options: FetchOptions,
    /// Where progress goes.
    pub reporter: Reporter,
}

/// What is asked for.
struct Request {
    url: String,
    name: String,
    expected: Option<Hash>,
    unpack: bool,
}

fn fetchurl(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let request = read_request(m, args[0], "fetchurl", false, pos)?;
    fetch(m, &request, pos)
}

fn fetch_tarball(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let request = read_request(m, args[0], "fetchTarball", true, pos)?;
    fetch(m, &request, pos)
}

fn read_request(
    m: &mut Machine,
    arg: Value,
    who: &'static str,
    unpack: bool,
    pos: Pos,
) -> R<Request> {
    let arg = m.force(arg)?;
    let (mut url, mut name, mut expected) = (None, None, None);
    if let Some(attrs) = arg.as_attrs() {
        for entry in m.sorted(attrs) {
            match entry.sym.bytes() {
                b"url" => {
                    let what = "while evaluating the url we should fetch";
                    url = Some(text(m, entry.value(), entry.pos, what)?);
                }
                b"sha256" => {
                    let what = "while evaluating the sha256 of the content we should fetch";
                    let hash = text(m, entry.value(), entry.pos, what)?;
                    expected = Some(super::sources::expected_hash(m, &hash, pos)?);
                }
                b"name" => {
                    let what = "while evaluating the name of the content we should fetch";
                    name = Some(text(m, entry.value(), entry.pos, what)?);
                }
                _ => {
                    let message = format!("unsupported argument '{}' to '{who}'", entry.sym);
                    return Err(m.fail(ErrorKind::Eval, pos, message));
                }
            }
        }
    } else {
        url = Some(text(m, arg, pos, "while evaluating the url we should fetch")?);
    }
    let Some(url) = url else {
        return Err(m.fail(ErrorKind::Eval, pos, "'url' argument required"));
    };
    let advice = match (arg.as_attrs(), &name) {
        (None, _) => {
            format!("Please pass an attribute set with 'url' and 'name' attributes to '{who}', ")
        }
        (Some(_), None) => {
            format!("Please add a valid 'name' attribute to the argument for '{who}',")
        }
        (Some(_), Some(_)) => {
            format!("Please change the value for the 'name' attribute passed to '{who}',")
        }
    };
    let name = name.unwrap_or_else(|| if unpack { "source".into() } else { last_part(&url) });
    if let Err(error) = check_store_path_name(&name) {
        let message = format!(
            "invalid store path name when fetching URL '{url}': {error}. {advice} so that it can \
             create a valid store path."
        );
        return Err(m.fail(ErrorKind::Eval, pos, message));
    }
    if m.settings.pure && expected.is_none() {
        let message = format!("in pure evaluation mode, '{who}' requires a 'sha256' argument");
        return Err(m.fail(ErrorKind::Restricted, pos, message));
    }
    let url = if unpack { resolve_channel(&url) } else { url };
    Ok(Request { url, name, expected, unpack })
}

fn text(m: &mut Machine, v: Value, pos: Pos, what: &'static str) -> R<String> {
    Ok(m.string_without_context(v, pos, what)?.to_text().into_owned())
}

fn last_part(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// `channel:NAME` is the newest archive of a channel.
fn resolve_channel(url: &str) -> String {
    match url.strip_prefix("channel:") {
        Some(name) => format!("https://channels.nixos.org/{name}/nixexprs.tar.xz"),
        None => url.to_owned(),
    }
}

fn fetch(m: &mut Machine, request: &Request, pos: Pos) -> R<Value> {
    let host = host(m, pos)?;
    let method =
        if request.unpack { ContentAddressMethod::Nar } else { ContentAddressMethod::Flat };
    if let Some(hash) = request.expected {
        let address = ContentAddress { method, hash };
        let path = host.store_dir().make_content_path(&request.name, &address, &References::none());
        let path = failed(m, pos, path)?;
        if failed(m, pos, host.store.is_valid(&path))? {
            return Ok(finished(m, &host, &path));
        }
    }
    let downloads = m.extension(Downloads::default);
    let fetched = download(&host, &downloads, request, method);
    let path = m.hosted(fetched, pos)?;
    Ok(finished(m, &host, &path))
}

fn finished(m: &mut Machine, host: &HostHandle, path: &StorePath) -> Value {
    let path = host.store_dir().display(path);
    host.access.allow(&path);
    path_string(m, &path)
}

/// Downloads, unpacks if asked, checks the hash and adds to the store. What was fetched is added
/// also when nothing else may be written: it is going to be read.
fn download(
    host: &HostHandle,
    downloads: &Downloads,
    request: &Request,
    method: ContentAddressMethod,
) -> Result<StorePath, HostError> {
    let local = |error: std::io::Error| HostError::new(format!("downloading: {error}"));
    let folder = tempfile::tempdir().map_err(local)?;
    let place = folder.path().join("download");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&place)
        .map_err(local)?;
    let activity = Activity::Work { text: format!("downloading '{}'", request.url) };
    let span = downloads.reporter.start(activity);
    let fetched = Fetcher::new(downloads.options.clone()).fetch(&request.url, &mut file, &span);
    span.finish(fetched).map_err(|error| HostError::new(error.to_string()))?;
    file.rewind().map_err(local)?;
    let tree = folder.path().join("tree");
    let mut bytes = Vec::new();
    if request.unpack {
        let options = UnpackOptions { strip_single_folder: true };
        unpack(&mut file, &tree, options).map_err(|error| HostError::new(error.to_string()))?;
    } else {
        BufReader::new(file).read_to_end(&mut bytes).map_err(local)?;
    }
    let content = || match request.unpack {
        true => Content::Tree(&tree),
        false => Content::Bytes(&bytes),
    };
    let none = StorePathSet::new();
    let dir = host.store_dir();
    if let Some(expected) = request.expected {
        let (_, address) =
            compute_path(dir, &request.name, content(), method, expected.algo(), &none)
                .map_err(crate::host::in_store)?;
        if address.hash != expected {
            return Err(HostError::new(format!(
                "hash mismatch in file downloaded from '{}':\n  specified: {}\n  got:       {}",
                request.url,
                expected.sri(),
                address.hash.sri()
            )));
        }
    }
    host.store
        .add(&request.name, content(), method, HashAlgo::Sha256, &none)
        .map_err(crate::host::in_store)
}
