//! `fetchurl` and `fetchTarball`: files and archives by URL, as store paths.

use firn_eval::{ErrorKind, HostError, Machine, Pos, PrimOp, R, Value};
use firn_events::Reporter;
use firn_fetch::{FetchOptions, Prefetch};
use firn_formats::{HashAlgo, check_store_path_name};

use super::host;
use super::store_paths::path_string;

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
) -> R<Prefetch> {
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
    let name = name.unwrap_or_else(|| match unpack {
        true => "source".into(),
        false => firn_fetch::name_of_url(&url).unwrap_or_default(),
    });
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
    let allowed = host(m, pos)?.access.check_url(&url).map_err(HostError::restricted);
    m.hosted(allowed, pos)?;
    Ok(Prefetch { url, name, expected, algo: HashAlgo::Sha256, unpack, executable: false })
}

fn text(m: &mut Machine, v: Value, pos: Pos, what: &'static str) -> R<String> {
    Ok(m.string_without_context(v, pos, what)?.to_text().into_owned())
}

/// `channel:NAME` is the newest archive of a channel.
fn resolve_channel(url: &str) -> String {
    match url.strip_prefix("channel:") {
        Some(name) => format!("https://channels.nixos.org/{name}/nixexprs.tar.xz"),
        None => url.to_owned(),
    }
}

/// What was fetched is added to the store also when nothing else may be written: it is going to be
/// read.
fn fetch(m: &mut Machine, request: &Prefetch, pos: Pos) -> R<Value> {
    let host = host(m, pos)?;
    let downloads = m.extension(Downloads::default);
    let fetched = request
        .run(&*host.store, &downloads.options, &downloads.reporter)
        .map_err(|error| HostError::new(error.to_string()));
    let fetched = m.hosted(fetched, pos)?;
    let path = host.store_dir().display(&fetched.path);
    host.access.allow(&path);
    Ok(path_string(m, &path))
}
