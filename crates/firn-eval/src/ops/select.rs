//! Selection (`a.b.c`, with and without `or`) and `?`.

use crate::attrs::Attrs;
use crate::code::{Node, symbol_of_word};
use crate::error::{ErrorKind, EvalError, FrameText, R, Raised};
use crate::machine::Machine;
use crate::ops::attempt::{attempt, attempt_attrs};
use crate::ops::vars::cached_find;
use crate::pos::Pos;
use crate::value::{Env, Slot, Value};
use firn_syntax::Symbol;

/// An attribute with a name known from the text, if the set and the value are computed already. (Nodes of
/// `select_one`.)
#[inline(always)]
pub(crate) fn try_select(m: &mut Machine, node: &'static Node, env: Env) -> Option<Value> {
    let attrs = attempt_attrs(m, node.child(0), env)?.flat_already()?;
    let index = cached_find(node, 2, attrs.layout(), node.symbol(1))?;
    attrs.slot_at(index).known_at_once()
}

/// The end of a path of known names through sets that are computed already.
enum Way {
    To(&'static Slot),
    /// A set lacks the name, or there is something else than a set.
    Missing,
}

/// Follows a path as far as it is known; nothing if that is not to its end. (Nodes of `select_path` and
/// those with the same words.)
fn follow(m: &mut Machine, node: &'static Node, env: Env) -> Option<Way> {
    let mut value = attempt(m, node.child(0), env)?;
    let last = node.word(1) as usize - 1;
    for i in 0..=last {
        let Name::Known(sym) = name_at(node, NAMES + 2 * i) else { return None };
        let Some(attrs) = value.as_attrs() else { return Some(Way::Missing) };
        let attrs = attrs.flat_already()?;
        let index = cached_find(node, NAMES + 2 * i + 1, attrs.layout(), sym);
        let Some(index) = index else { return Some(Way::Missing) };
        let slot = attrs.slot_at(index);
        if i == last {
            return Some(Way::To(slot));
        }
        value = slot.known_at_once()?;
    }
    None
}

/// An attribute behind several names, or its default. (Nodes of `select_path` and `select_or`.)
pub(crate) fn try_path(m: &mut Machine, node: &'static Node, env: Env) -> Option<Value> {
    match follow(m, node, env)? {
        Way::To(slot) => slot.known_at_once(),
        Way::Missing if std::ptr::fn_addr_eq(node.op, select_or as crate::code::Op) => {
            attempt(m, node.child(NAMES + 2 * node.word(1) as usize), env)
        }
        Way::Missing => None,
    }
}

/// Whether there is an attribute. (Nodes of `has_attr`.)
pub(crate) fn try_has(m: &mut Machine, node: &'static Node, env: Env) -> Option<Value> {
    Some(Value::bool(matches!(follow(m, node, env)?, Way::To(_))))
}

/// `base.name`. Words: base, name, cache.
pub(crate) fn select_one(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let base = match node.child(0).eval_operand(m, env) {
        Ok(v) => v,
        Err(raised) => {
            return Err(m.frame(raised, node.child(0).pos, "while selecting an attribute"));
        }
    };
    let Some(attrs) = base.as_attrs() else { return Err(not_a_set(m, node, base)) };
    let sym = node.symbol(1);
    let attrs = m.settled(attrs);
    let slot = if attrs.is_layered() {
        attrs.get(sym)
    } else {
        cached_find(node, 2, attrs.layout(), sym).map(|i| attrs.slot_at(i))
    };
    let Some(slot) = slot else { return Err(missing_one(m, node, base)) };
    if let Some(value) = slot.plain() {
        return Ok(value);
    }
    match m.force_thunk(slot.get()) {
        Ok(v) => {
            slot.set(v);
            Ok(v)
        }
        Err(raised) => Err(select_one_failed(m, node, base, raised)),
    }
}

#[cold]
#[inline(never)]
fn not_a_set(m: &mut Machine, node: &'static Node, base: Value) -> Raised {
    let raised = m.type_error(base, "a set", Pos::NONE);
    let raised = m.frame(raised, node.pos, "while selecting an attribute");
    m.frame(raised, node.pos, FrameText::Attribute(node.symbol(1)))
}

#[cold]
#[inline(never)]
fn missing_one(m: &mut Machine, node: &'static Node, base: Value) -> Raised {
    let raised = missing(m, base, node.symbol(1));
    m.frame(raised, node.pos, FrameText::Attribute(node.symbol(1)))
}

/// Raises `attribute 'x' missing`, with what was perhaps meant.
#[cold]
pub(crate) fn missing(m: &mut Machine, base: Value, sym: Symbol) -> Raised {
    let mut error = EvalError::new(
        ErrorKind::Eval,
        Pos::NONE,
        format!("attribute '{}' missing", show_name(sym)),
    );
    if let Some(attrs) = base.as_attrs() {
        let names: Vec<Symbol> = m.flat(attrs).iter().map(|e| e.sym).collect();
        error.suggestions = crate::suggest::best_matches(names, sym);
    }
    m.raise(error)
}

#[cold]
#[inline(never)]
fn select_one_failed(m: &mut Machine, node: &'static Node, base: Value, raised: Raised) -> Raised {
    let sym = node.symbol(1);
    let pos = base.as_attrs().and_then(|a| a.entry(sym)).map_or(Pos::NONE, |e| e.pos);
    let raised = m.fix_cycle_pos(raised, pos.or(node.pos));
    let raised = definition_frame(m, raised, pos, |_| FrameText::Definition(sym));
    m.frame(raised, node.pos, FrameText::Attribute(sym))
}

fn definition_frame(
    m: &mut Machine,
    raised: Raised,
    pos: Pos,
    text: impl FnOnce(&mut Machine) -> FrameText,
) -> Raised {
    let internal = m
        .positions()
        .resolve(pos)
        .is_none_or(|(file, _)| file.origin().path().is_none() && is_builtin(file));
    if internal {
        return raised;
    }
    let text = text(m);
    m.frame(raised, pos, text)
}

fn is_builtin(file: &firn_source::SourceFile) -> bool {
    matches!(file.origin(), firn_source::Origin::Builtin(_))
}

/// How a name appears in messages.
pub(crate) fn show_name(sym: Symbol) -> String {
    crate::print::attr_name(sym)
}

/// One name of a path at run time.
enum Name {
    Known(Symbol),
    Computed(&'static Node),
}

/// A name of a path: a symbol, or a node's address with bit 0 set.
#[inline(always)]
fn name_at(node: &'static Node, index: usize) -> Name {
    let word = node.word(index);
    if word & 1 == 1 {
        // SAFETY: the compiler sets bit 0 on addresses of nodes only; symbols are shifted by one.
        Name::Computed(unsafe { &*((word & !1) as *const Node) })
    } else {
        Name::Known(symbol_of_word(word >> 1))
    }
}

/// The word of a known name in a path.
pub(crate) fn known_name(sym: Symbol) -> u64 {
    u64::from(sym.as_u32()) << 1
}

/// The word of a computed name in a path.
pub(crate) fn computed_name(node: &'static Node) -> u64 {
    node.word_of() | 1
}

/// Evaluates a computed name.
fn compute_name(m: &mut Machine, name: &'static Node, env: Env) -> R<Symbol> {
    let value = name.eval(m, env);
    let text = m.string_without_context(value?, name.pos, "while evaluating an attribute name")?;
    Ok(m.symbol(text))
}

fn resolve(m: &mut Machine, node: &'static Node, index: usize, env: Env) -> R<Symbol> {
    match name_at(node, index) {
        Name::Known(sym) => Ok(sym),
        Name::Computed(name) => compute_name(m, name, env),
    }
}

/// The slot of name `i` of a path, by the name's cache.
#[inline(always)]
fn find(
    m: &mut Machine,
    node: &'static Node,
    i: usize,
    attrs: Attrs,
    sym: Symbol,
) -> Option<&'static Slot> {
    let attrs = m.settled(attrs);
    if attrs.is_layered() {
        return attrs.get(sym);
    }
    let known = matches!(name_at(node, NAMES + 2 * i), Name::Known(_));
    let index = if known {
        cached_find(node, NAMES + 2 * i + 1, attrs.layout(), sym)
    } else {
        attrs.layout().find(sym)
    };
    index.map(|index| attrs.slot_at(index))
}

/// `base.a.b…`. Words: base, number of names, start and end of the path in the text, then each name
/// and its cache.
pub(crate) fn select_path(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let base = match node.child(0).eval_operand(m, env) {
        Ok(v) => v,
        Err(raised) => {
            return Err(m.frame(raised, node.child(0).pos, "while selecting an attribute"));
        }
    };
    let mut found = Found { value: base, done: 0 };
    match walk(m, node, env, &mut found) {
        Ok(v) => Ok(v),
        Err(raised) => Err(path_failed(m, node, env, &found, raised)),
    }
}

/// How far a selection got.
struct Found {
    value: Value,
    done: usize,
}

const NAMES: usize = 4;

fn walk(m: &mut Machine, node: &'static Node, env: Env, found: &mut Found) -> R<Value> {
    let count = node.word(1) as usize;
    let mut slot: Option<&'static Slot> = None;
    for i in 0..count {
        let sym = resolve(m, node, NAMES + 2 * i, env)?;
        let set = match slot {
            Some(slot) => match m.force_slot(slot) {
                Ok(v) => v,
                Err(raised) => {
                    let raised = m.fix_cycle_pos(raised, node.pos);
                    return Err(m.frame(raised, node.pos, "while selecting an attribute"));
                }
            },
            None => found.value,
        };
        let Some(attrs) = set.as_attrs() else {
            let raised = m.type_error(set, "a set", Pos::NONE);
            return Err(m.frame(raised, node.pos, "while selecting an attribute"));
        };
        let Some(next) = find(m, node, i, attrs, sym) else { return Err(missing(m, set, sym)) };
        found.value = set;
        found.done = i + 1;
        slot = Some(next);
    }
    let Some(slot) = slot else { return Ok(found.value) };
    let value = slot.get();
    if !value.is_thunk() {
        return Ok(value);
    }
    match m.force_thunk(value) {
        Ok(v) => {
            slot.set(v);
            Ok(v)
        }
        Err(raised) => {
            let pos = last_pos(m, node, env, found);
            Err(m.fix_cycle_pos(raised, pos.or(node.pos)))
        }
    }
}

/// Where the attribute reached last was defined.
fn last_pos(m: &mut Machine, node: &'static Node, env: Env, found: &Found) -> Pos {
    let Some(last) = found.done.checked_sub(1) else { return Pos::NONE };
    let kept = m.set_aside();
    let sym = resolve(m, node, NAMES + 2 * last, env);
    m.error = kept;
    let entry = sym.ok().and_then(|sym| found.value.as_attrs().and_then(|a| a.entry(sym)));
    entry.map_or(Pos::NONE, |e| e.pos)
}

#[cold]
#[inline(never)]
fn path_failed(
    m: &mut Machine,
    node: &'static Node,
    env: Env,
    found: &Found,
    raised: Raised,
) -> Raised {
    let pos = last_pos(m, node, env, found);
    let raised = if pos.is_some() {
        definition_frame(m, raised, pos, |m| {
            format!("from the definition of '{}'", show_path(m, node, env, found.done)).into()
        })
    } else {
        raised
    };
    let whole = show_path(m, node, env, node.word(1) as usize);
    m.frame(raised, node.pos, format!("while evaluating the attribute '{whole}'"))
}

fn show_path(m: &mut Machine, node: &'static Node, env: Env, count: usize) -> String {
    let kept = m.set_aside();
    let mut out = String::new();
    for i in 0..count {
        if i > 0 {
            out.push('.');
        }
        match name_at(node, NAMES + 2 * i) {
            Name::Known(sym) => out.push_str(&show_name(sym)),
            Name::Computed(name) => match compute_name(m, name, env) {
                Ok(sym) => out.push_str(&show_name(sym)),
                Err(_) => {
                    let (start, end) = (node.word(2) as u32, node.word(3) as u32);
                    out.push_str(&format!(
                        "\"${{{}}}\"",
                        crate::show::path_name(m, node.pos, start, end, i)
                    ));
                }
            },
        }
    }
    m.error = kept;
    out
}

/// `base.a.b… or default`. Words as `select_path`, with the default behind the names.
pub(crate) fn select_or(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let base = match node.child(0).eval_operand(m, env) {
        Ok(v) => v,
        Err(raised) => {
            return Err(m.frame(raised, node.child(0).pos, "while selecting an attribute"));
        }
    };
    let count = node.word(1) as usize;
    let mut found = Found { value: base, done: 0 };
    match walk_or(m, node, env, &mut found, count) {
        Ok(Some(v)) => Ok(v),
        Ok(None) => {
            let default = node.child(NAMES + 2 * count);
            match default.eval(m, env) {
                Ok(v) => Ok(v),
                Err(raised) => Err(path_failed(m, node, env, &found, raised)),
            }
        }
        Err(raised) => Err(path_failed(m, node, env, &found, raised)),
    }
}

fn walk_or(
    m: &mut Machine,
    node: &'static Node,
    env: Env,
    found: &mut Found,
    count: usize,
) -> R<Option<Value>> {
    let mut slot: Option<&'static Slot> = None;
    for i in 0..count {
        let sym = resolve(m, node, NAMES + 2 * i, env)?;
        let set = match slot {
            Some(slot) => m.force_slot(slot)?,
            None => found.value,
        };
        let Some(next) = set.as_attrs().and_then(|a| find(m, node, i, a, sym)) else {
            return Ok(None);
        };
        found.value = set;
        found.done = i + 1;
        slot = Some(next);
    }
    match slot {
        Some(slot) => match m.force_slot(slot) {
            Ok(v) => Ok(Some(v)),
            Err(raised) => {
                let pos = last_pos(m, node, env, found);
                Err(m.fix_cycle_pos(raised, pos.or(node.pos)))
            }
        },
        None => Ok(Some(found.value)),
    }
}

/// `base ? a.b…`. Words as `select_path`.
pub(crate) fn has_attr(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let mut set = match node.child(0).eval(m, env) {
        Ok(v) => v,
        Err(raised) => return Err(m.frame(raised, node.child(0).pos, "in the argument of '?'")),
    };
    let count = node.word(1) as usize;
    for i in 0..count {
        let sym = resolve(m, node, NAMES + 2 * i, env)?;
        let Some(next) = set.as_attrs().and_then(|a| find(m, node, i, a, sym)) else {
            return Ok(Value::FALSE);
        };
        if i + 1 < count {
            set = m.force_slot(next)?;
        }
    }
    Ok(Value::TRUE)
}
