//! The builtin `fetchMercurial`. Nix manual, "Built-in Functions".

use firn_eval::{Coerce, ErrorKind, HostError, Machine, Pos, PrimOp, R, Symbol, Value};
use firn_fetch::input::{Attrs, Fetched, Input, is_rev};
use firn_instantiate::StoreHost;

use crate::call::flakes;

/// The builtins of this file.
pub(crate) const TABLE: &[PrimOp] = &[PrimOp::new(
    "fetchMercurial",
    &["args"],
    fetch_mercurial,
    "Fetches a revision of a Mercurial repository, by the program `hg`. *args* is a URL or path, or a set with `url` \
     and optionally `rev` (a revision, or the name of a branch or tag) and `name`. The result has `outPath`, `branch`, \
     `rev`, `shortRev` and `revCount`.",
)];

/// As much of a revision as `shortRev` has.
const SHORT: usize = 12;

fn fetch_mercurial(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let (url, attrs) = read_arguments(m, args[0], pos)?;
    if let Some(host) = m.host().as_any().downcast_ref::<StoreHost>() {
        let allowed = host.access.check_url(&url).map_err(HostError::restricted);
        m.hosted(allowed, pos)?;
    }
    if m.settings.pure && attrs.get("rev").is_none() {
        let text = "in pure evaluation mode, 'fetchMercurial' requires a Mercurial revision";
        return Err(m.fail(ErrorKind::Restricted, pos, text));
    }
    let flakes = flakes(m, pos)?;
    match Input::from_attrs(attrs).and_then(|input| flakes.fetch(&input)) {
        Ok(fetched) => {
            let path = flakes.fetcher().store.store_dir().display(&fetched.store_path);
            Ok(described(m, &path, &fetched))
        }
        Err(error) => Err(m.fail(ErrorKind::Outside, pos, error.message)),
    }
}

/// The URL as it was given, and the attributes of the input.
fn read_arguments(m: &mut Machine, arg: Value, pos: Pos) -> R<(String, Attrs)> {
    let arg = m.force_at(arg, pos)?;
    let mut attrs = Attrs::new().with("type", "hg").with("name", "source");
    let Some(set) = arg.as_attrs() else {
        let what = "while evaluating the first argument passed to builtins.fetchMercurial";
        let url = url_text(m, arg, pos, what)?;
        return Ok((url.clone(), attrs.with("url", with_scheme(url))));
    };
    let mut url = String::new();
    for entry in m.sorted(set) {
        let (value, at) = (entry.value(), entry.pos);
        match entry.sym.bytes() {
            b"url" => {
                let what = "while evaluating the `url` attribute passed to builtins.fetchMercurial";
                url = url_text(m, value, at, what)?;
            }
            b"rev" => {
                let what = "while evaluating the `rev` attribute passed to builtins.fetchMercurial";
                let rev = m.string_without_context(value, at, what)?.to_text().into_owned();
                let lower = rev.to_ascii_lowercase();
                match is_rev(&lower) {
                    true => attrs.set("rev", lower),
                    false => attrs.set("ref", rev),
                };
            }
            b"name" => {
                let what =
                    "while evaluating the `name` attribute passed to builtins.fetchMercurial";
                let name = m.string_without_context(value, at, what)?.to_text().into_owned();
                attrs.set("name", name);
            }
            _ => {
                let text = format!("unsupported argument '{}' to 'fetchMercurial'", entry.sym);
                return Err(m.fail(ErrorKind::Eval, at, text));
            }
        }
    }
    if url.is_empty() {
        return Err(m.fail(ErrorKind::Eval, pos, "'url' argument required"));
    }
    Ok((url.clone(), attrs.with("url", with_scheme(url))))
}

fn url_text(m: &mut Machine, value: Value, pos: Pos, what: &'static str) -> R<String> {
    let text = m.coerce(value, Coerce { more: false, copy: false }, pos, what)?;
    Ok(text.to_text().into_owned())
}

fn with_scheme(url: String) -> String {
    if url.contains("://") { url } else { format!("file://{url}") }
}

/// The set that the builtin returns. A tree with changes has a revision too, as older expressions
/// count on one: zeros.
fn described(m: &mut Machine, path: &str, fetched: &Fetched) -> Value {
    // What was fetched for an expression may be read by it, also in pure evaluation.
    if let Some(host) = m.host().as_any().downcast_ref::<StoreHost>() {
        host.access.allow(path);
    }
    let attrs = fetched.input.attrs();
    let rev = fetched.input.rev().map_or_else(|| "0".repeat(40), str::to_owned);
    let context = m.make_context([firn_eval::ContextElem::Path(path.to_owned())]);
    let mut entries = vec![
        (Symbol::of("outPath"), m.string_ctx(path.as_bytes(), context)),
        (Symbol::of("rev"), m.string(rev.as_bytes())),
        (Symbol::of("shortRev"), m.string(&rev.as_bytes()[..SHORT])),
    ];
    if let Ok(Some(branch)) = attrs.text("ref") {
        entries.push((Symbol::of("branch"), m.string(branch.as_bytes())));
    }
    if let Ok(Some(count)) = attrs.int("revCount") {
        entries.push((Symbol::of("revCount"), m.int(count as i64)));
    }
    m.attrs_of(&entries)
}
