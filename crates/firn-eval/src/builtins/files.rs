//! Looking at files, through the host.

use firn_syntax::{Symbol, sym};

use crate::coerce::Coerce;
use crate::error::{ErrorKind, R};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::Value;
use crate::{FileType, paths};

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "__readFile",
        &["path"],
        read_file,
        "Returns the content of the file *path* as a string.",
    ),
    PrimOp::new(
        "__readDir",
        &["path"],
        read_dir,
        "Returns the entries of the directory *path* as a set from names to types: `\"regular\"`, \
         `\"directory\"`, `\"symlink\"` or `\"unknown\"`.",
    ),
    PrimOp::new(
        "__readFileType",
        &["path"],
        read_file_type,
        "Returns the type of what is at *path*, as `readDir` names it; links are not followed.",
    ),
    PrimOp::new(
        "__pathExists",
        &["path"],
        path_exists,
        "Returns whether something is at *path*. With a `/` at its end, whether it is a directory.",
    ),
    PrimOp::new(
        "__findFile",
        &["search-path", "lookup-path"],
        find_file,
        "Finds *lookup-path* in *search-path*, a list of sets with `prefix` and `path`; `<a/b>` is \
         `findFile nixPath \"a/b\"`.",
    ),
    PrimOp::new(
        "__getEnv",
        &["s"],
        get_env,
        "Returns the environment variable *s*, or the empty string if there is none. In pure and \
         restricted evaluation it is always empty.",
    )
    .strict(1),
    PrimOp::new(
        "__toPath",
        &["s"],
        to_path,
        "Returns the absolute path *s* in canonical form, as a string. Deprecated: `/. + \"/path\"` \
         makes a path of an absolute string.",
    ),
    PrimOp::new(
        "baseNameOf",
        &["x"],
        base_name_of,
        "Returns what follows the last `/` of the path or string *x*; one `/` at its end is ignored.",
    ),
    PrimOp::new(
        "dirOf",
        &["s"],
        dir_of,
        "Returns what comes before the last `/` of the path or string *s*.",
    )
    .strict(1),
];

/// An argument that names a file: its path, with what its context names made real.
pub(crate) fn path_argument(m: &mut Machine, v: Value, pos: Pos) -> R<String> {
    let what = "while realising the context of a path";
    let (path, ctx) = m.coerce_path(v, pos, what)?;
    let path = m.realise_path(path, ctx, pos)?;
    Ok(String::from_utf8_lossy(&path).into_owned())
}

fn read_file(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let path = path_argument(m, args[0], Pos::NONE)?;
    let content = m.host().read_file(&path);
    let content = m.hosted(content, Pos::NONE)?;
    if memchr::memchr(0, &content).is_some() {
        let text =
            format!("the contents of the file '{path}' cannot be represented as a Nix string");
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    }
    let references = m.host().references_in(&path, &content);
    let references = m.hosted(references, Pos::NONE)?;
    let ctx = m.make_context(references);
    Ok(m.string_owned(content, ctx))
}

fn read_dir(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let path = path_argument(m, args[0], Pos::NONE)?;
    let entries = m.host().read_dir(&path);
    let entries = m.hosted(entries, Pos::NONE)?;
    let mut builder = crate::attrs::AttrsBuilder::with_capacity(entries.len());
    for (name, kind) in entries {
        let kind = type_name(m, kind);
        builder.insert(Symbol::intern(&name), kind);
    }
    Ok(m.attrs(builder))
}

fn type_name(m: &mut Machine, kind: FileType) -> Value {
    m.symbol_string(Symbol::of(kind.name()))
}

fn read_file_type(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let path = path_argument(m, args[0], Pos::NONE)?;
    let kind = m.host().file_type(&path);
    match m.hosted(kind, Pos::NONE)? {
        Some(kind) => Ok(type_name(m, kind)),
        None => {
            let text = m.host().missing_text(&path);
            Err(m.fail(ErrorKind::Outside, Pos::NONE, text))
        }
    }
}

fn path_exists(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let v = m.force(args[0])?;
    let must_be_directory =
        v.as_str().is_some_and(|s| s.bytes().ends_with(b"/") || s.bytes().ends_with(b"/."));
    match exists(m, v, must_be_directory) {
        Ok(found) => Ok(Value::bool(found)),
        Err(raised) => {
            let error = m.take_error(raised);
            match error.kind {
                ErrorKind::Restricted => Ok(Value::FALSE),
                _ => Err(m.raise(error)),
            }
        }
    }
}

fn exists(m: &mut Machine, v: Value, must_be_directory: bool) -> R<bool> {
    let path = path_argument(m, v, Pos::NONE)?;
    let host = m.host();
    if !must_be_directory {
        let kind = host.file_type(&path);
        return Ok(m.hosted(kind, Pos::NONE)?.is_some());
    }
    let found = host.path_exists(&path);
    if !m.hosted(found, Pos::NONE)? {
        return Ok(false);
    }
    let resolved = host.resolve_links(&path);
    let resolved = m.hosted(resolved, Pos::NONE)?;
    let kind = host.file_type(&resolved);
    Ok(m.hosted(kind, Pos::NONE)? == Some(FileType::Directory))
}

fn find_file(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.findFile";
    let list = m.force_list(args[0], Pos::NONE, what)?;
    let mut entries = Vec::with_capacity(list.len());
    for element in list.iter() {
        entries.push(search_entry(m, element)?);
    }
    let what = "while evaluating the second argument passed to builtins.findFile";
    let wanted = m.string_without_context(args[1], Pos::NONE, what)?.to_text();
    for (prefix, place) in &entries {
        let Some(suffix) = below(prefix, &wanted) else { continue };
        let root = m.host().search_path_entry(place);
        let Some(root) = m.hosted(root, pos)? else { continue };
        let path = match suffix {
            "" => root,
            suffix => format!("{}/{suffix}", root.trim_end_matches('/')),
        };
        let path = paths::canonical(path.as_bytes());
        let text = String::from_utf8_lossy(&path).into_owned();
        let found = m.host().path_exists(&text);
        if m.hosted(found, pos)? {
            return Ok(m.path(&path));
        }
        // It may be there all the same, and not be for this evaluation to see.
        let kind = m.host().file_type(&text);
        m.hosted(kind, pos)?;
    }
    if let Some(internal) = super::corepkgs::find(m, &wanted) {
        return Ok(internal);
    }
    let text = if m.settings.pure {
        format!("cannot look up '<{wanted}>' in pure evaluation mode (use '--impure' to override)")
    } else {
        format!(
            "file '{wanted}' was not found in the Nix search path (add it using $NIX_PATH or -I)"
        )
    };
    Err(m.fail(ErrorKind::Throw, Pos::NONE, text))
}

/// The part of the wanted name below a prefix; nothing if it is not below it.
fn below<'a>(prefix: &str, wanted: &'a str) -> Option<&'a str> {
    if prefix.is_empty() {
        return Some(wanted);
    }
    let rest = wanted.strip_prefix(prefix)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
}

fn search_entry(m: &mut Machine, element: Value) -> R<(String, String)> {
    let what = "while evaluating an element of the list passed to builtins.findFile";
    let attrs = m.force_attrs(element, Pos::NONE, what)?;
    let prefix = match attrs.get(sym::PREFIX) {
        Some(slot) => {
            let what = "while evaluating the `prefix` attribute of an element of the list passed \
                        to builtins.findFile";
            m.string_without_context(slot.get(), Pos::NONE, what)?.to_text().into_owned()
        }
        None => String::new(),
    };
    let slot = m.required_attr(attrs, sym::PATH, "in an element of the __nixPath")?;
    let what = "while evaluating the `path` attribute of an element of the list passed to \
                builtins.findFile";
    let place = m.coerce(slot.get(), Coerce { more: false, copy: false }, Pos::NONE, what)?;
    let place = m.realise_path(place.bytes().to_vec(), place.ctx(), Pos::NONE)?;
    Ok((prefix, String::from_utf8_lossy(&place).into_owned()))
}

fn get_env(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.getEnv";
    let name = m.string_without_context(args[0], Pos::NONE, what)?.to_text();
    let value = match m.settings.pure || m.settings.restricted {
        true => None,
        false => m.host().env_var(&name),
    };
    Ok(m.string(&value.unwrap_or_default()))
}

fn to_path(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.toPath";
    let (path, ctx) = m.coerce_path(args[0], Pos::NONE, what)?;
    Ok(m.string_ctx(&path, ctx))
}

const AS_TEXT: Coerce = Coerce { more: false, copy: false };

fn base_name_of(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.baseNameOf";
    let text = m.coerce(args[0], AS_TEXT, Pos::NONE, what)?;
    let bytes = text.bytes();
    let end = match bytes.strip_suffix(b"/") {
        Some(rest) if !rest.is_empty() => rest.len(),
        _ => bytes.len(),
    };
    let start = memchr::memrchr(b'/', &bytes[..end]).map_or(0, |slash| slash + 1);
    Ok(m.substring(text, start.min(end), end, text.ctx()))
}

fn dir_of(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let v = m.force(args[0])?;
    if let Some(path) = v.as_path() {
        return Ok(m.path(paths::dir_name(path.bytes())));
    }
    let what = "while evaluating the first argument passed to 'builtins.dirOf'";
    let text = m.coerce(v, AS_TEXT, Pos::NONE, what)?;
    match memchr::memrchr(b'/', text.bytes()) {
        None => Ok(m.string_ctx(b".", text.ctx())),
        Some(0) => Ok(m.string_ctx(b"/", text.ctx())),
        Some(slash) => Ok(m.substring(text, 0, slash, text.ctx())),
    }
}
