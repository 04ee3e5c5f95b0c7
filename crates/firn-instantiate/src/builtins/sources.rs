//! `builtins.path` and `filterSource`: trees on disk as store paths.

use std::path::Path;

use firn_eval::{ErrorKind, FileType, Machine, Pos, PrimOp, R, Raised, Value};
use firn_formats::{
    ContentAddress, ContentAddressMethod, Hash, HashAlgo, References, StorePath, StorePathSet,
};
use firn_store::{Content, FileKind, StoreError};

use super::store_paths::path_string;
use super::{HostHandle, failed, host};

pub(super) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "__path",
        &["args"],
        path,
        "Copies the tree at `path` to the store and returns its path. Optional are `name` (of the store path), \
         `filter` (a function of path and type that says what is taken), `recursive` (false hashes a single file by \
         its bytes) and `sha256` (the expected hash).",
    ),
    PrimOp::new(
        "__filterSource",
        &["filter", "path"],
        filter_source,
        "Copies the tree *path* to the store without what the function *filter* refuses; it is called with the path \
         and the type (`\"regular\"`, `\"directory\"`, `\"symlink\"` or `\"unknown\"`) of each file.",
    ),
];

/// What is to be copied.
struct Source {
    path: Vec<u8>,
    name: String,
    filter: Option<Value>,
    method: ContentAddressMethod,
    expected: Option<Hash>,
}

fn filter_source(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let what = "while evaluating the second argument (the path to filter) passed to 'builtins.filterSource'";
    let (path, context) = m.coerce_path(args[1], pos, what)?;
    let path = m.realise_path(path, context, pos)?;
    let name = base_name(&path);
    let path = link_target(m, &path, pos)?;
    let what = "while evaluating the first argument passed to builtins.filterSource";
    let filter = m.force_function(args[0], pos, what)?;
    let source = Source {
        path,
        name,
        filter: Some(filter),
        method: ContentAddressMethod::Nar,
        expected: None,
    };
    add(m, &source, pos)
}

fn path(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let attrs =
        m.force_attrs(args[0], pos, "while evaluating the argument passed to 'builtins.path'")?;
    let mut found: Option<Vec<u8>> = None;
    let mut source = Source {
        path: Vec::new(),
        name: String::new(),
        filter: None,
        method: ContentAddressMethod::Nar,
        expected: None,
    };
    for entry in m.sorted(attrs) {
        let (value, at) = (entry.value(), entry.pos);
        match entry.sym.text().as_ref() {
            "path" => {
                let what = "while evaluating the 'path' attribute passed to 'builtins.path'";
                let (path, context) = m.coerce_path(value, at, what)?;
                found = Some(m.realise_path(path, context, at)?);
            }
            "name" => {
                let what = "while evaluating the `name` attribute passed to builtins.path";
                source.name = m.string_without_context(value, at, what)?.to_text().into_owned();
            }
            "filter" => {
                let what = "while evaluating the `filter` parameter passed to builtins.path";
                source.filter = Some(m.force_function(value, at, what)?);
            }
            "recursive" => {
                let what = "while evaluating the `recursive` attribute passed to builtins.path";
                let recursive = m.force_bool(value, at, what)?;
                source.method =
                    if recursive { ContentAddressMethod::Nar } else { ContentAddressMethod::Flat };
            }
            "sha256" => {
                let what = "while evaluating the `sha256` attribute passed to builtins.path";
                let text = m.string_without_context(value, at, what)?.to_text();
                source.expected = Some(expected_hash(m, &text, at)?);
            }
            other => {
                let text = format!("unsupported argument '{other}' to 'builtins.path'");
                return Err(m.fail(ErrorKind::Eval, at, text));
            }
        }
    }
    let Some(path) = found else {
        let text = "missing required 'path' attribute in the first argument to 'builtins.path'";
        return Err(m.fail(ErrorKind::Eval, pos, text));
    };
    if source.name.is_empty() {
        source.name = base_name(&path);
    }
    source.path = link_target(m, &path, pos)?;
    add(m, &source, pos)
}

pub(super) fn expected_hash(m: &mut Machine, text: &str, pos: Pos) -> R<Hash> {
    if text.is_empty() {
        let zero = Hash::zero(HashAlgo::Sha256);
        m.host().warn(&format!("found empty hash, assuming '{}'", zero.sri()));
        return Ok(zero);
    }
    failed(m, pos, Hash::parse_any(text, Some(HashAlgo::Sha256)))
}

fn base_name(path: &[u8]) -> String {
    String::from_utf8_lossy(firn_eval::paths::base_name(path)).into_owned()
}

/// What is copied in place of a link.
fn link_target(m: &mut Machine, path: &[u8], pos: Pos) -> R<Vec<u8>> {
    let path = String::from_utf8_lossy(path).into_owned();
    let host = m.host();
    let is_link = m.hosted(host.file_type(&path), pos)? == Some(FileType::Symlink);
    let path = if is_link { m.hosted(host.resolve_links(&path), pos)? } else { path };
    Ok(path.into_bytes())
}

fn add(m: &mut Machine, source: &Source, pos: Pos) -> R<Value> {
    let host = host(m, pos)?;
    let references = references_of(&host, source);
    let expected = match expected_path(&host, source, &references) {
        None => None,
        Some(path) => Some(failed(m, pos, path)?),
    };
    // With a known hash nothing has to be read when the store has it already.
    if let Some(path) = &expected
        && !host.read_only
        && failed(m, pos, host.store.is_valid(path))?
    {
        let path = host.store_dir().display(path);
        host.access.allow(&path);
        return Ok(path_string(m, &path));
    }
    let added = copy(m, &host, source, &references, pos)?;
    if let Some(path) = expected.filter(|path| *path != added) {
        let (wanted, got) = (host.store_dir().display(&path), host.store_dir().display(&added));
        let from = String::from_utf8_lossy(&source.path).into_owned();
        let text = format!(
            "store path mismatch in (possibly filtered) path added from '{from}'\n  expected: {wanted}\n       got: {got}"
        );
        return Err(m.fail(ErrorKind::Eval, pos, text));
    }
    let added = host.store_dir().display(&added);
    Ok(path_string(m, &added))
}

/// What a copy refers to: of a path in the store, what that refers to.
fn references_of(host: &HostHandle, source: &Source) -> StorePathSet {
    let path = String::from_utf8_lossy(&source.path);
    let Ok((object, _)) = host.store_dir().split(&path) else { return StorePathSet::new() };
    let info = host.store.path_info(&object).ok().flatten();
    info.map(|info| info.references.clone()).unwrap_or_default()
}

fn expected_path(
    host: &HostHandle,
    source: &Source,
    references: &StorePathSet,
) -> Option<Result<StorePath, firn_formats::FormatError>> {
    let address = ContentAddress { method: source.method, hash: source.expected? };
    Some(host.store_dir().make_content_path(
        &source.name,
        &address,
        &References::to(references.clone()),
    ))
}

fn copy(
    m: &mut Machine,
    host: &HostHandle,
    source: &Source,
    references: &StorePathSet,
    pos: Pos,
) -> R<StorePath> {
    let path = String::from_utf8_lossy(&source.path).into_owned();
    let checked = host.access.check(&path).map_err(firn_eval::HostError::restricted);
    m.hosted(checked, pos)?;
    let real = host.real_path(&path).into_owned();
    if std::fs::symlink_metadata(&real).is_err() {
        return Err(m.fail(ErrorKind::Outside, pos, host.origins.missing(&path)));
    }
    let Some(filter) = source.filter else {
        let added = host.add(
            &source.name,
            Content::Tree(&real),
            source.method,
            HashAlgo::Sha256,
            references,
        );
        return m.hosted(added, pos);
    };
    let mut raised: Option<Raised> = None;
    let mut ask = |file: &Path, kind: FileKind| {
        let logical = logical_path(&path, &real, file);
        wanted(m, filter, &logical, kind, pos).map_err(|error| {
            raised = Some(error);
            StoreError::other("the filter failed")
        })
    };
    let content = Content::Filtered(&real, &mut ask);
    let added = host.add(&source.name, content, source.method, HashAlgo::Sha256, references);
    match raised {
        Some(raised) => {
            let text = format!("while adding path '{path}'");
            Err(m.frame(raised, pos, text))
        }
        None => m.hosted(added, pos),
    }
}

/// The path of a file below a tree, as the language sees it.
fn logical_path(tree: &str, real_tree: &Path, file: &Path) -> String {
    match file.strip_prefix(real_tree) {
        Ok(inside) => format!("{}/{}", tree.trim_end_matches('/'), inside.display()),
        Err(_) => file.to_string_lossy().into_owned(),
    }
}

fn wanted(m: &mut Machine, filter: Value, path: &str, kind: FileKind, pos: Pos) -> R<bool> {
    let path = m.string(path.as_bytes());
    let kind = m.string(kind.name().as_bytes());
    let answer = m.call(filter, &[path, kind], pos)?;
    m.force_bool(answer, pos, "while evaluating the return value of the path filter function")
}
