//! Builtins that name store paths: `toFile`, `storePath`, `placeholder`, `outputOf`.

use firn_eval::{ContextElem, ErrorKind, Machine, Pos, PrimOp, R, SinglePath, Value};
use firn_formats::{
    ContentAddressMethod, HashAlgo, Placeholder, SingleDerivedPath, StorePathSet, hash_placeholder,
};
use firn_store::Content;

use super::{failed, host};
use crate::context::single_to_store;

pub(super) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "__toFile",
        &["name", "s"],
        to_file,
        "Stores the string *s* in a file of the store called *name*, and returns its path. The string may refer \
         to files that are in the store already, and not to what has to be built.",
    ),
    PrimOp::new(
        "__storePath",
        &["path"],
        store_path,
        "The store path *path* as it is, with a context that makes it a dependency.",
    ),
    PrimOp::new(
        "placeholder",
        &["output"],
        placeholder,
        "A string that is replaced by the path of the output *output* while a derivation that has it in its \
         attributes is built.",
    ),
    PrimOp::new(
        "__outputOf",
        &["derivation-reference", "output-name"],
        output_of,
        "A placeholder for an output of a derivation that is itself made by a build.",
    )
    .feature("dynamic-derivations"),
];

fn to_file(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.toFile";
    let name = m.string_without_context(args[0], pos, what)?.to_text();
    let what = "while evaluating the second argument passed to builtins.toFile";
    let text = m.force_string(args[1], pos, what)?;
    let host = host(m, pos)?;
    let mut references = StorePathSet::new();
    for elem in m.context_elems(text.ctx()) {
        let ContextElem::Path(path) = &elem else {
            let message = format!(
                "files created by builtins.toFile may not reference derivations, but {name} references {}",
                elem.display()
            );
            return Err(m.fail(ErrorKind::Eval, pos, message));
        };
        let parsed = host.store_dir().parse(path);
        references.insert(failed(m, pos, parsed)?);
    }
    let content = Content::Bytes(text.bytes());
    let added = host.add(&name, content, ContentAddressMethod::Text, HashAlgo::Sha256, &references);
    let path = m.hosted(added, pos)?;
    Ok(path_string(m, &host.store_dir().display(&path)))
}

/// A string that is a store path and depends on it.
pub(super) fn path_string(m: &mut Machine, path: &str) -> Value {
    let context = m.make_context([ContextElem::Path(path.to_owned())]);
    m.string_ctx(path.as_bytes(), context)
}

fn store_path(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    if m.settings.pure {
        let text = "'builtins.storePath' is not allowed in pure evaluation mode";
        return Err(m.fail(ErrorKind::Restricted, pos, text));
    }
    let what = "while evaluating the first argument passed to 'builtins.storePath'";
    let (path, context) = m.coerce_path(args[0], pos, what)?;
    let text = String::from_utf8_lossy(&path).into_owned();
    let host = host(m, pos)?;
    // A link into the store, such as a profile, stands for what it leads to.
    let text = match host.store_dir().contains(&text) {
        true => text,
        false => {
            let resolved = firn_eval::Host::resolve_links(&*host, &text);
            m.hosted(resolved, pos)?
        }
    };
    let Ok((root, _)) = host.store_dir().split(&text) else {
        return Err(m.fail(ErrorKind::Eval, pos, format!("path '{text}' is not in the Nix store")));
    };
    let valid = host.read_only || failed(m, pos, host.store.is_valid(&root))?;
    let root = host.store_dir().display(&root);
    if !valid {
        return Err(m.fail(ErrorKind::Eval, pos, format!("path '{root}' is not valid")));
    }
    host.access.allow(&root);
    let own = m.make_context([ContextElem::Path(root)]);
    let context = m.join_contexts(context, own);
    Ok(m.string_ctx(text.as_bytes(), context))
}

fn placeholder(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.placeholder";
    let output = m.string_without_context(args[0], pos, what)?.to_text();
    Ok(m.string(hash_placeholder(&output).as_bytes()))
}

fn output_of(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let text =
        m.force_string(args[0], pos, "while evaluating the first argument to builtins.outputOf")?;
    let what = "while evaluating the second argument to builtins.outputOf";
    let output = m.string_without_context(args[1], pos, what)?.to_text().into_owned();
    let elems = m.context_elems(text.ctx());
    let drv = match elems.as_slice() {
        [ContextElem::Path(path)] => SinglePath::Path(path.clone()),
        [ContextElem::Output { drv, output }] => {
            SinglePath::Output(Box::new(drv.clone()), output.clone())
        }
        [ContextElem::DrvDeep(_)] => {
            let message = "string has a context which refers to a complete source and binary closure, which outputOf \
                           can't take; 'builtins.unsafeDiscardOutputDependency' makes it refer to the file alone";
            return Err(m.fail(ErrorKind::Eval, pos, message));
        }
        elems => {
            let message = format!(
                "string '{}' has {} entries in its context. It should only have exactly one entry",
                text.to_text(),
                elems.len()
            );
            return Err(m.fail(ErrorKind::Eval, pos, message));
        }
    };
    check_reference(m, &text.to_text(), &drv, pos)?;
    let rendered = output_text(m, &drv, &output, pos)?;
    let context = m.make_context([ContextElem::Output { drv, output }]);
    Ok(m.string_ctx(rendered.as_bytes(), context))
}

/// Checks that a string is nothing but what its context says.
fn check_reference(m: &mut Machine, text: &str, single: &SinglePath, pos: Pos) -> R<()> {
    let (expected, message) = match single {
        SinglePath::Path(path) => (
            path.clone(),
            format!("path string '{text}' has context with the different path '{path}'"),
        ),
        SinglePath::Output(drv, output) => {
            let expected = output_text(m, drv, output, pos)?;
            let message = format!(
                "string '{text}' has context with the output '{output}' from derivation '{}', but the string is \
                 not the right placeholder for this derivation output. It should be '{expected}'",
                drv.display()
            );
            (expected, message)
        }
    };
    if text == expected { Ok(()) } else { Err(m.fail(ErrorKind::Eval, pos, message)) }
}

/// The text that stands for an output: its path, if that is known before anything is built, else a
/// placeholder.
fn output_text(m: &mut Machine, drv: &SinglePath, output: &str, pos: Pos) -> R<String> {
    let host = host(m, pos)?;
    let single = single_to_store(host.store_dir(), drv);
    let single: SingleDerivedPath = failed(m, pos, single)?;
    if let SingleDerivedPath::Opaque(path) = &single {
        let derivation = failed(m, pos, host.store.read_derivation(path))?;
        if !derivation.outputs.contains_key(output) {
            let message = format!("derivation '{}' does not have output '{output}'", drv.display());
            return Err(m.fail(ErrorKind::Eval, pos, message));
        }
        let known = failed(m, pos, derivation.output_path(host.store_dir(), output))?;
        if let Some(known) = known {
            return Ok(host.store_dir().display(&known));
        }
    }
    let rendered = Placeholder::for_built(&single, output);
    Ok(failed(m, pos, rendered)?.render())
}
