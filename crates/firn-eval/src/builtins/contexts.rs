//! String contexts.

use firn_syntax::{Symbol, sym};
use std::collections::BTreeMap;

use crate::attrs::AttrsBuilder;
use crate::coerce::Coerce;
use crate::context::{ContextElem, SinglePath};
use crate::error::{ErrorKind, R};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::Value;

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "__hasContext",
        &["s"],
        has_context,
        "Returns whether the string *s* has a context.",
    )
    .strict(1),
    PrimOp::new(
        "__unsafeDiscardStringContext",
        &["s"],
        discard,
        "Returns the string *s* without its context.",
    ),
    PrimOp::new(
        "__unsafeDiscardOutputDependency",
        &["s"],
        discard_deep,
        "Returns the string *s* in whose context derivations with all their outputs are only files.",
    ),
    PrimOp::new(
        "__addDrvOutputDependencies",
        &["s"],
        add_deep,
        "Returns the string *s*, which must refer to one derivation file, so that it refers to the \
         derivation with all its outputs.",
    ),
    PrimOp::new(
        "__getContext",
        &["s"],
        get_context,
        "Returns the context of the string *s* as a set: for each store path `path`, `allOutputs` or \
         `outputs`.",
    ),
    PrimOp::new(
        "__appendContext",
        &["s", "context"],
        append_context,
        "Returns the string *s* with *context* (in the form of `getContext`) added.",
    ),
];

const PLAIN: Coerce = Coerce { more: false, copy: true };

fn has_context(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let s = m.force_string(
        args[0],
        Pos::NONE,
        "while evaluating the argument passed to builtins.hasContext",
    )?;
    Ok(Value::bool(!s.ctx().is_empty()))
}

fn discard(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the argument passed to builtins.unsafeDiscardStringContext";
    let s = m.coerce(args[0], PLAIN, Pos::NONE, what)?;
    if s.ctx().is_empty() {
        return Ok(s.value());
    }
    Ok(m.substring(s, 0, s.bytes().len(), crate::context::Ctx::NONE))
}

fn discard_deep(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the argument passed to builtins.unsafeDiscardOutputDependency";
    let s = m.coerce(args[0], PLAIN, Pos::NONE, what)?;
    let elems: Vec<ContextElem> = m
        .context_elems(s.ctx())
        .into_iter()
        .map(|e| match e {
            ContextElem::DrvDeep(path) => ContextElem::Path(path),
            other => other,
        })
        .collect();
    let ctx = m.make_context(elems);
    Ok(m.substring(s, 0, s.bytes().len(), ctx))
}

fn add_deep(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the argument passed to builtins.addDrvOutputDependencies";
    let s = m.coerce(args[0], PLAIN, Pos::NONE, what)?;
    let elems = m.context_elems(s.ctx());
    let [elem] = elems.as_slice() else {
        let text = format!(
            "context of string '{}' must have exactly one element, but has {}",
            s.to_text(),
            elems.len()
        );
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    };
    let path = match elem {
        ContextElem::Path(path) if path.ends_with(".drv") => path.clone(),
        ContextElem::DrvDeep(path) => path.clone(),
        ContextElem::Path(path) => {
            let text = format!("path '{path}' is not a derivation");
            return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
        }
        ContextElem::Output { output, .. } => {
            let text = format!(
                "`addDrvOutputDependencies` can only act on derivations, not on a derivation output such as '{output}'"
            );
            return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
        }
    };
    let ctx = m.make_context([ContextElem::DrvDeep(path)]);
    Ok(m.substring(s, 0, s.bytes().len(), ctx))
}

/// What a context says of one path.
#[derive(Default)]
struct Facts {
    path: bool,
    all_outputs: bool,
    outputs: Vec<String>,
}

fn facts(elems: Vec<ContextElem>) -> BTreeMap<String, Facts> {
    let mut found: BTreeMap<String, Facts> = BTreeMap::new();
    for elem in elems {
        match elem {
            ContextElem::Path(path) => found.entry(path).or_default().path = true,
            ContextElem::DrvDeep(path) => found.entry(path).or_default().all_outputs = true,
            ContextElem::Output { drv, output } => {
                found.entry(drv.display()).or_default().outputs.push(output)
            }
        }
    }
    found
}

fn get_context(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let s = m.force_string(
        args[0],
        Pos::NONE,
        "while evaluating the argument passed to builtins.getContext",
    )?;
    let mut result = AttrsBuilder::default();
    let elems = m.context_elems(s.ctx());
    let nested = elems.iter().find_map(|elem| match elem {
        ContextElem::Output { drv: SinglePath::Output(drv, output), .. } => {
            Some((drv.display(), output.clone()))
        }
        _ => None,
    });
    if let Some((drv, output)) = nested {
        let text = format!("cannot operate on output '{output}' of the unbuilt derivation '{drv}'");
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    }
    for (path, mut facts) in facts(elems) {
        let mut entry = AttrsBuilder::default();
        if facts.path {
            entry.insert(sym::PATH, Value::TRUE);
        }
        if facts.all_outputs {
            entry.insert(Symbol::of("allOutputs"), Value::TRUE);
        }
        if !facts.outputs.is_empty() {
            facts.outputs.sort();
            let outputs: Vec<Value> =
                facts.outputs.iter().map(|o| m.string(o.as_bytes())).collect();
            let outputs = m.list(&outputs);
            entry.insert(sym::OUTPUTS, outputs);
        }
        let entry = m.attrs(entry);
        result.insert(Symbol::of(&path), entry);
    }
    Ok(m.attrs(result))
}

fn append_context(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.appendContext";
    let s = m.force_string(args[0], Pos::NONE, what)?;
    let what = "while evaluating the second argument passed to builtins.appendContext";
    let set = m.force_attrs(args[1], Pos::NONE, what)?;
    let mut elems = m.context_elems(s.ctx());
    for entry in m.sorted(set) {
        let path = entry.sym.to_string();
        if !is_store_path(&path, &m.settings.store_dir) {
            let text = format!("context key '{path}' is not a store path");
            return Err(m.fail(ErrorKind::Eval, entry.pos, text));
        }
        add_elems(m, &path, entry, &mut elems)?;
    }
    let ctx = m.make_context(elems);
    Ok(m.substring(s, 0, s.bytes().len(), ctx))
}

/// Whether a path is directly in the store.
fn is_store_path(path: &str, store: &str) -> bool {
    let name = path.strip_prefix(store).and_then(|rest| rest.strip_prefix('/'));
    name.is_some_and(|n| n.len() > 33 && !n.contains('/') && n.as_bytes()[32] == b'-')
}

fn add_elems(
    m: &mut Machine,
    path: &str,
    entry: crate::attrs::Entry,
    elems: &mut Vec<ContextElem>,
) -> R<()> {
    let facts =
        m.force_attrs(entry.value(), entry.pos, "while evaluating the value of a string context")?;
    if let Some(slot) = facts.get(sym::PATH)
        && m.force_bool(
            slot.get(),
            Pos::NONE,
            "while evaluating the `path` attribute of a string context",
        )?
    {
        elems.push(ContextElem::Path(path.to_owned()));
    }
    if let Some(all) = facts.entry(Symbol::of("allOutputs")) {
        let what = "while evaluating the `allOutputs` attribute of a string context";
        if m.force_bool(all.value(), all.pos, what)? {
            need_derivation(
                m,
                path,
                "tried to add all-outputs context of",
                "to a string",
                all.pos,
            )?;
            elems.push(ContextElem::DrvDeep(path.to_owned()));
        }
    }
    if let Some(outputs) = facts.entry(sym::OUTPUTS) {
        let what = "while evaluating the `outputs` attribute of a string context";
        let list = m.force_list(outputs.value(), outputs.pos, what)?;
        if !list.is_empty() {
            need_derivation(
                m,
                path,
                "tried to add derivation output context of",
                "to a string",
                outputs.pos,
            )?;
        }
        for v in list.iter() {
            let what = "while evaluating an output name within a string context";
            let output = m.string_without_context(v, outputs.pos, what)?.to_text().into_owned();
            elems.push(ContextElem::Output { drv: SinglePath::Path(path.to_owned()), output });
        }
    }
    Ok(())
}

fn need_derivation(m: &mut Machine, path: &str, before: &str, after: &str, pos: Pos) -> R<()> {
    if path.ends_with(".drv") {
        return Ok(());
    }
    let text = format!("{before} {path}, which is not a derivation, {after}");
    Err(m.fail(ErrorKind::Eval, pos, text))
}
