//! String contexts as values of the language. Nix manual, "String context".

use std::collections::BTreeMap;

use firn_eval::{ContextElem, Ctx, ErrorKind, Machine, Pos, PrimOp, R, SinglePath, Symbol, Value};
use firn_formats::StoreDir;

use super::host;

pub(super) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "__hasContext",
        &["s"],
        has_context,
        "Whether the string *s* refers to anything in the store.",
    ),
    PrimOp::new(
        "__getContext",
        &["s"],
        get_context,
        "What the string *s* refers to: a set by store path, each with `path = true` for the path as it is, \
         `allOutputs = true` for a derivation with everything it is built from, and `outputs` for outputs by name.",
    ),
    PrimOp::new(
        "__appendContext",
        &["s", "context"],
        append_context,
        "The string *s*, referring also to everything in *context*, a set as `getContext` returns it.",
    ),
    PrimOp::new(
        "__unsafeDiscardStringContext",
        &["s"],
        discard_context,
        "The string *s* without anything that it refers to.",
    ),
    PrimOp::new(
        "__unsafeDiscardOutputDependency",
        &["s"],
        discard_output_dependency,
        "The string *s*, referring to `.drv` files as files where it referred to all that they build.",
    ),
    PrimOp::new(
        "__addDrvOutputDependencies",
        &["s"],
        add_drv_output_dependencies,
        "The string *s*, which refers to one `.drv` file, referring to all that it builds as well.",
    ),
];

/// Coerces the way builtins on contexts do: paths become store paths.
fn text(m: &mut Machine, value: Value, what: &'static str) -> R<firn_eval::Str> {
    m.coerce(value, firn_eval::Coerce { more: false, copy: true }, Pos::NONE, what)
}

fn has_context(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let what = "while evaluating the argument passed to builtins.hasContext";
    let text = m.force_string(args[0], pos, what)?;
    Ok(Value::bool(!text.ctx().is_empty()))
}

fn discard_context(m: &mut Machine, args: &[Value], _pos: Pos) -> R<Value> {
    let text = text(
        m,
        args[0],
        "while evaluating the argument passed to builtins.unsafeDiscardStringContext",
    )?;
    Ok(m.string_ctx(text.bytes(), Ctx::NONE))
}

fn discard_output_dependency(m: &mut Machine, args: &[Value], _pos: Pos) -> R<Value> {
    let text = text(
        m,
        args[0],
        "while evaluating the argument passed to builtins.unsafeDiscardOutputDependency",
    )?;
    let elems = m.context_elems(text.ctx()).into_iter().map(|elem| match elem {
        ContextElem::DrvDeep(path) => ContextElem::Path(path),
        other => other,
    });
    let context = m.make_context(elems.collect::<Vec<_>>());
    Ok(m.string_ctx(text.bytes(), context))
}

fn add_drv_output_dependencies(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let text = text(
        m,
        args[0],
        "while evaluating the argument passed to builtins.addDrvOutputDependencies",
    )?;
    let elems = m.context_elems(text.ctx());
    let [elem] = elems.as_slice() else {
        let message = format!(
            "context of string '{}' must have exactly one element, but has {}",
            text.to_text(),
            elems.len()
        );
        return Err(m.fail(ErrorKind::Eval, pos, message));
    };
    let path = match elem {
        ContextElem::Path(path) | ContextElem::DrvDeep(path) => path.clone(),
        ContextElem::Output { output, .. } => {
            let message = format!(
                "`addDrvOutputDependencies` can only act on derivations, not on a derivation output such as '{output}'"
            );
            return Err(m.fail(ErrorKind::Eval, pos, message));
        }
    };
    if !path.ends_with(".drv") {
        return Err(m.fail(ErrorKind::Eval, pos, format!("path '{path}' is not a derivation")));
    }
    let context = m.make_context([ContextElem::DrvDeep(path)]);
    Ok(m.string_ctx(text.bytes(), context))
}

/// What a string says about one store path.
#[derive(Default)]
struct Mention {
    path: bool,
    all_outputs: bool,
    outputs: Vec<String>,
}

fn get_context(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let what = "while evaluating the argument passed to builtins.getContext";
    let text = m.force_string(args[0], pos, what)?;
    let mut mentions: BTreeMap<String, Mention> = BTreeMap::new();
    for elem in m.context_elems(text.ctx()) {
        match elem {
            ContextElem::Path(path) => mentions.entry(path).or_default().path = true,
            ContextElem::DrvDeep(path) => mentions.entry(path).or_default().all_outputs = true,
            ContextElem::Output { drv, output } => {
                mentions.entry(drv.display()).or_default().outputs.push(output);
            }
        }
    }
    let entries: Vec<_> =
        mentions.into_iter().map(|(path, mention)| mention_value(m, &path, mention)).collect();
    Ok(m.attrs_of(&entries))
}

fn mention_value(m: &mut Machine, path: &str, mut mention: Mention) -> (Symbol, Value) {
    let mut entries = Vec::new();
    if mention.path {
        entries.push((Symbol::of("path"), Value::TRUE));
    }
    if mention.all_outputs {
        entries.push((Symbol::of("allOutputs"), Value::TRUE));
    }
    if !mention.outputs.is_empty() {
        mention.outputs.sort();
        let names: Vec<Value> =
            mention.outputs.iter().map(|name| m.string(name.as_bytes())).collect();
        entries.push((Symbol::of("outputs"), m.list(&names)));
    }
    (Symbol::of(path), m.attrs_of(&entries))
}

fn append_context(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.appendContext";
    let text = m.force_string(args[0], pos, what)?;
    let what = "while evaluating the second argument passed to builtins.appendContext";
    let added = m.force_attrs(args[1], pos, what)?;
    let dir = host(m, pos)?.store_dir().clone();
    let mut elems = m.context_elems(text.ctx());
    for entry in m.sorted(added) {
        append_entry(m, &dir, &entry, &mut elems)?;
    }
    let context = m.make_context(elems);
    Ok(m.string_ctx(text.bytes(), context))
}

fn append_entry(
    m: &mut Machine,
    dir: &StoreDir,
    entry: &firn_eval::Entry,
    elems: &mut Vec<ContextElem>,
) -> R<()> {
    let path = entry.sym.text().into_owned();
    if dir.parse(&path).is_err() {
        return Err(m.fail(
            ErrorKind::Eval,
            entry.pos,
            format!("context key '{path}' is not a store path"),
        ));
    }
    let mention =
        m.force_attrs(entry.value(), entry.pos, "while evaluating the value of a string context")?;
    if let Some(slot) = mention.get(Symbol::of("path"))
        && m.force_bool(
            slot.get(),
            entry.pos,
            "while evaluating the `path` attribute of a string context",
        )?
    {
        elems.push(ContextElem::Path(path.clone()));
    }
    if let Some(slot) = mention.get(Symbol::of("allOutputs"))
        && m.force_bool(
            slot.get(),
            entry.pos,
            "while evaluating the `allOutputs` attribute of a string context",
        )?
    {
        needs_derivation(m, &path, entry.pos, "all outputs")?;
        elems.push(ContextElem::DrvDeep(path.clone()));
    }
    if let Some(slot) = mention.get(Symbol::of("outputs")) {
        let what = "while evaluating the `outputs` attribute of a string context";
        let names = m.force_list(slot.get(), entry.pos, what)?;
        if !names.is_empty() {
            needs_derivation(m, &path, entry.pos, "derivation output")?;
        }
        for name in names.iter() {
            let name = m.string_without_context(
                name,
                entry.pos,
                "while evaluating an output name within a string context",
            )?;
            let output = name.to_text().into_owned();
            elems.push(ContextElem::Output { drv: SinglePath::Path(path.clone()), output });
        }
    }
    Ok(())
}

fn needs_derivation(m: &mut Machine, path: &str, pos: Pos, what: &str) -> R<()> {
    if path.ends_with(".drv") {
        return Ok(());
    }
    let text =
        format!("tried to add {what} context of {path}, which is not a derivation, to a string");
    Err(m.fail(ErrorKind::Eval, pos, text))
}
