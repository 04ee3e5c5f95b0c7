//! The builtins `fetchTree` and `fetchGit`. Nix manual, "Built-in Functions".

use firn_eval::{Coerce, ErrorKind, HostError, Kind, Machine, Pos, PrimOp, R, Symbol, Value};
use firn_fetch::input::url::Url;
use firn_fetch::input::{Attr, Attrs, Input, InputError};
use firn_instantiate::StoreHost;

use crate::call::{Of, flakes, read_attrs};
use crate::tree::tree_attrs;

/// The builtins of this file.
pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "fetchGit",
        &["args"],
        fetch_git,
        "Fetches a revision of a Git repository. *args* is a URL or path, or a set with `url` and optionally `rev`, \
         `ref`, `name`, `shallow`, `submodules` and `allRefs`.",
    ),
    PrimOp::new(
        "fetchTree",
        &["input"],
        fetch_tree,
        "Fetches a source tree and returns its `outPath` and what is known about it. *input* is a set of attributes \
         with a `type` (`git`, `github`, `tarball`, `path`, …), or a URL. In pure evaluation the input has to be locked.",
    )
    .feature("fetch-tree"),
];

/// How a URL is made of what is no set: what it refers to in the store does not matter, and nothing is
/// copied there.
const TEXT: Coerce = Coerce { more: false, copy: false };

fn fetch_tree(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let value = m.force_at(args[0], pos)?;
    let input = match value.kind() {
        Kind::Attrs(set) => {
            let Some(kind) = set.entry(Symbol::of("type")) else {
                let text = "argument 'type' is missing in call to 'fetchTree'";
                return Err(m.fail(ErrorKind::Eval, pos, text));
            };
            let what = "while evaluating the `type` argument passed to 'fetchTree'";
            m.string_without_context(kind.value(), kind.pos, what)?;
            let mut attrs = read_attrs(m, value, Of::Fetcher("fetchTree"), pos)?;
            if attrs.get("name").is_some() {
                let text = "attribute 'name' isn't supported in call to 'fetchTree'";
                return Err(m.fail(ErrorKind::Eval, pos, text));
            }
            // The history is nothing that a tree is made of.
            if attrs.text("type") == Ok(Some("git")) && attrs.get("shallow").is_none() {
                attrs.set("shallow", true);
            }
            Input::from_attrs(attrs)
        }
        _ => {
            let what = "while evaluating the first argument passed to 'fetchTree'";
            input_of_url(&m.coerce(value, TEXT, pos, what)?.to_text())
        }
    };
    fetch(m, input, "fetchTree", pos)
}

fn input_of_url(text: &str) -> Result<Input, InputError> {
    match Url::parse(text) {
        Some(url) => Input::from_url(&url?, false),
        None => Err(InputError::new(format!("'{text}' doesn't have a scheme"))),
    }
}

fn fetch_git(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let value = m.force_at(args[0], pos)?;
    let mut attrs = match value.kind() {
        Kind::Attrs(_) => read_attrs(m, value, Of::Fetcher("fetchGit"), pos)?,
        _ => {
            let what = "while evaluating the first argument passed to 'fetchGit'";
            let text = m.coerce(value, TEXT, pos, what)?.to_text().into_owned();
            Attrs::new().with("url", text)
        }
    };
    if attrs.get("type").is_some() {
        let text = "unexpected argument 'type' to 'fetchGit'";
        return Err(m.fail(ErrorKind::Eval, pos, text));
    }
    attrs.set("type", "git");
    // As the reference: without submodules, what `.gitattributes` says is not for exports is left out.
    if attrs.get("exportIgnore").is_none() && attrs.get("submodules") != Some(&Attr::Bool(true)) {
        attrs.set("exportIgnore", true);
    }
    let tree = fetch(m, Input::from_attrs(attrs), "fetchGit", pos)?;
    with_revision(m, tree)
}

/// Older expressions count on `rev`, so that a tree with changes has one too: zeros.
fn with_revision(m: &mut Machine, tree: Value) -> R<Value> {
    let rev = m.string("0".repeat(40).as_bytes());
    let short = m.string(b"0000000");
    let count = m.int(0);
    let fallback = m.attrs_of(&[
        (Symbol::of("rev"), rev),
        (Symbol::of("shortRev"), short),
        (Symbol::of("revCount"), count),
    ]);
    let tree = m.force_attrs(tree, Pos::NONE, "")?;
    if tree.get(Symbol::of("rev")).is_some() {
        return Ok(tree.value());
    }
    let fallback = m.force_attrs(fallback, Pos::NONE, "")?;
    Ok(m.update(fallback, tree).value())
}

fn fetch(m: &mut Machine, input: Result<Input, InputError>, name: &str, pos: Pos) -> R<Value> {
    let flakes = flakes(m, pos)?;
    let pure = m.settings.pure;
    if let (Ok(input), Some(host)) = (&input, m.host().as_any().downcast_ref::<StoreHost>()) {
        let allowed = host.access.check_url(&input.to_string());
        m.hosted(allowed.map_err(HostError::restricted), pos)?;
    }
    let fetched = input.and_then(|input| {
        if pure && !input.is_locked() {
            if input.nar_hash().is_none() {
                return Err(InputError::new(format!(
                    "in pure evaluation mode, '{name}' doesn't fetch unlocked input '{input}'"
                )));
            }
            (flakes.fetcher().warn)(&format!(
                "Input '{input}' is unlocked (e.g. lacks a Git revision) but is checked by NAR hash. \
                 This is not reproducible and will break after garbage collection or when shared."
            ));
        }
        flakes.fetch(&input)
    });
    match fetched {
        Ok(fetched) => Ok(tree_attrs(m, &flakes, &fetched.store_path, &fetched.input, false, pos)),
        Err(error) => Err(m.fail(ErrorKind::Outside, pos, error.message)),
    }
}
