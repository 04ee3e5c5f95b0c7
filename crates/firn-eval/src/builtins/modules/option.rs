//! The value of one option: as `evalOption` of `nix/lib/modules/define.nix` has it.

use firn_syntax::{Symbol, sym};

use super::definitions::only_value;
use super::properties::{Tag, all_plain, kind, select};
use super::tree::{DEFINITIONS, INERT, State, result, symbol};
use super::{Definition, field, helper, list_of, set_of, sets};
use crate::attrs::Attrs;
use crate::coerce::Coerce;
use crate::error::{R, Raised};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::Value;

/// The result of a name that is an option, declared in one place.
pub(super) fn declared(
    m: &mut Machine,
    state: State,
    name: Value,
    file: Value,
    set: Attrs,
    option: Value,
) -> R<Value> {
    let place = state.place(m, symbol(name))?;
    let kind = type_of(m, state, file, option);
    let mut args = [state.value(), name, place, file, option, kind, set.value(), Value::NULL];
    let value = m.lazy_native(&VALUE, &args[..7]);
    args[7] = value;
    let options = m.lazy_native(&OPTIONS, &args);
    let unmatched = if is_fallback(m, state, file)? {
        m.lazy_native(&INERT, &args[..2])
    } else {
        m.empty_list()
    };
    Ok(result(m, options, unmatched, value))
}

/// Is a file the one whose declarations count only where there are no others?
fn is_fallback(m: &mut Machine, state: State, file: Value) -> R<bool> {
    let fallback = helper(m, state.helpers(), "fallbackFile")?;
    let (file, fallback) = (m.force(file)?, m.force(fallback)?);
    Ok(match (file.as_str(), fallback.as_str()) {
        (Some(file), Some(fallback)) => file.bytes() == fallback.bytes(),
        _ => false,
    })
}

/// The type of an option, at once if that takes no evaluation.
fn type_of(m: &mut Machine, state: State, file: Value, option: Value) -> Value {
    let declared = option.as_attrs().and_then(|set| set.get(sym::TYPE)).map(|slot| slot.get());
    let known = declared.map(Value::known).and_then(|kind| kind.as_attrs());
    let modules = known.and_then(|set| set.get(sym::GET_SUB_MODULES)).map(|s| s.get().known());
    match (declared, modules) {
        (Some(kind), Some(modules)) if modules.is_null() => kind.known(),
        _ => m.lazy_native(&TYPE, &[state.helpers(), file, option]),
    }
}

static TYPE: PrimOp =
    PrimOp::new("__moduleType", &["helpers", "file", "option"], type_slowly, "").without_frame();

fn type_slowly(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let option = set_of(m, args[2])?;
    let Some(kind) = option.get(sym::TYPE) else { return helper(m, args[0], "unspecified") };
    let kind = m.force_slot(kind)?;
    let modules = match kind.as_attrs().and_then(|set| set.get(sym::GET_SUB_MODULES)) {
        Some(slot) => m.force_slot(slot)?,
        None => Value::NULL,
    };
    if modules.is_null() {
        return Ok(kind);
    }
    let located = helper(m, args[0], "locatedType")?;
    m.call(located, &[args[1], kind], Pos::NONE)
}

/// An option of which the value is wanted.
struct Wanted<'a> {
    state: State,
    name: Value,
    place: Value,
    file: Value,
    option: Value,
    kind: Value,
    args: &'a [Value],
}

impl<'a> Wanted<'a> {
    fn of(m: &mut Machine, args: &'a [Value]) -> R<Wanted<'a>> {
        Ok(Wanted {
            state: State::of(m, args[0])?,
            name: args[1],
            place: args[2],
            file: args[3],
            option: args[4],
            kind: args[5],
            args,
        })
    }

    fn whence(&self, m: &mut Machine) -> Value {
        m.lazy_call(self.state.context(), &[self.place])
    }
}

static VALUE: PrimOp = PrimOp::new(
    "__moduleValue",
    &["state", "name", "place", "file", "option", "type", "set"],
    value,
    "",
)
.without_frame();

fn value(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let wanted = Wanted::of(m, args)?;
    // Forced here, so that an error in it says which option it belongs to.
    let value = match quickly(m, &wanted) {
        Ok(Some(value)) => m.force(value).map(Some),
        other => other,
    };
    match value {
        Ok(Some(value)) => Ok(value),
        Ok(None) => {
            let record = slowly(m, &wanted)?;
            field(m, record, sym::VALUE)
        }
        Err(raised) => Err(in_option(m, raised, &wanted)),
    }
}

/// Says of an error which option was being evaluated.
#[cold]
fn in_option(m: &mut Machine, raised: Raised, wanted: &Wanted) -> Raised {
    let error = m.set_aside();
    let depth = m.depth;
    let text = option_context(m, wanted);
    m.depth = depth;
    // What keeps the message from saying more is often the same mistake.
    m.error = error;
    match text {
        Ok(text) => m.frame_always(raised, Pos::NONE, text),
        Err(_) => raised,
    }
}

fn option_context(m: &mut Machine, wanted: &Wanted) -> R<String> {
    let explain = helper(m, wanted.state.helpers(), "whileEvaluating")?;
    let whence = wanted.whence(m);
    let text = m.call(explain, &[whence, wanted.place], Pos::NONE)?;
    let text = m.coerce(text, Coerce { more: false, copy: false }, Pos::NONE, "")?;
    Ok(text.to_text().into_owned())
}

/// What `evalOption` of the library gives for it: `{ options, unmatched, value }`.
fn slowly(m: &mut Machine, wanted: &Wanted) -> R<Attrs> {
    let set = set_of(m, wanted.args[6])?;
    let pos = set.entry(symbol(wanted.name)).map_or(Pos::NONE, |entry| entry.pos);
    let evaluate = helper(m, wanted.state.helpers(), "option")?;
    let whence = wanted.whence(m);
    let definitions = m.lazy_native(&DEFINITIONS, &wanted.args[..2]);
    let position = m.position_value(pos);
    let given = m.attrs_of(&[
        (Symbol::of("whence"), whence),
        (sym::LOC, wanted.place),
        (sym::FILE, wanted.file),
        (Symbol::of("option"), wanted.option),
        (sym::TYPE, wanted.kind),
        (Symbol::of("position"), position),
        (Symbol::of("definitions"), definitions),
    ]);
    let answer = m.call(evaluate, &[given], Pos::NONE)?;
    set_of(m, answer)
}

static OPTIONS: PrimOp = PrimOp::new(
    "__moduleOption",
    &["state", "name", "place", "file", "option", "type", "set", "value"],
    options,
    "",
)
.without_frame();

/// What stands in the tree `options`.
fn options(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let wanted = Wanted::of(m, args)?;
    let record = slowly(m, &wanted)?;
    let record = field(m, record, sym::OPTIONS)?;
    let value = m.attrs_of(&[(sym::VALUE, args[7])]);
    let (record, value) = (set_of(m, record)?, set_of(m, value)?);
    Ok(m.update(record, value).value())
}

/// The value, if nothing about the option is unusual or wrong.
fn quickly(m: &mut Machine, wanted: &Wanted) -> R<Option<Value>> {
    let option = set_of(m, wanted.option)?;
    let Some(values) = selected(m, wanted, option)? else { return Ok(None) };
    // What is no type is a mistake that the library explains.
    let kind = m.force(wanted.kind)?.as_attrs().filter(|kind| kind.get(sym::MERGE).is_some());
    let Some(kind) = kind else { return Ok(None) };
    if let Some(slot) = kind.get(sym::DEPRECATION_MESSAGE)
        && !m.force_slot(slot)?.is_null()
    {
        return Ok(None);
    }
    let Some(merged) = merged(m, kind, wanted.place, values)? else { return Ok(None) };
    match option.get(sym::APPLY) {
        Some(apply) => m.call(apply.get(), &[merged], Pos::NONE).map(Some),
        None => Ok(Some(merged)),
    }
}

/// The definitions that count.
fn selected(m: &mut Machine, wanted: &Wanted, option: Attrs) -> R<Option<Value>> {
    let definitions = wanted.state.definitions(m, symbol(wanted.name))?;
    let default = option.get(sym::DEFAULT);
    let by_default = |value: Value| Definition { file: wanted.file, value, pos: Pos::NONE };
    if definitions.is_empty() {
        let Some(default) = default else { return Ok(Some(m.empty_list())) };
        let default = m.force_slot(default)?;
        if kind(m, default)? == Tag::Order {
            return Ok(None);
        }
        return Ok(Some(sets(m, &[by_default(default)])));
    }
    if let Some(read_only) = option.get(sym::READ_ONLY)
        && m.force_slot(read_only)? != Value::FALSE
    {
        return Ok(None);
    }
    if all_plain(m, &definitions)? {
        return Ok(Some(sets(m, &definitions)));
    }
    match default {
        Some(default) => {
            let (of, priority) = (m.string(b"override"), m.int(1500));
            let entries =
                [(sym::TYPE_ATTR, of), (sym::PRIORITY, priority), (sym::CONTENT, default.get())];
            let layout = m.interner.priority;
            let weakest = m.of_layout(layout, entries);
            let mut all = vec![by_default(weakest)];
            all.extend(definitions);
            select(m, &all)
        }
        None => select(m, &definitions),
    }
}

/// Definitions checked and merged by a type; nothing where they don't fit it.
pub(super) fn merged(m: &mut Machine, kind: Attrs, loc: Value, values: Value) -> R<Option<Value>> {
    let all = list_of(m, values)?;
    if all.is_empty() {
        let empty = field(m, kind, sym::EMPTY_VALUE)?;
        let empty = m.force(empty)?;
        return Ok(empty.as_attrs().and_then(|set| set.get(sym::VALUE)).map(|slot| slot.get()));
    }
    let merge = field(m, kind, sym::MERGE)?;
    let merge = m.force(merge)?;
    let check = field(m, kind, sym::CHECK)?;
    if let Some(v2) = merge.as_attrs().and_then(|set| set.get(sym::V2)) {
        return merged_v2(m, v2.get(), check, loc, values);
    }
    for definition in all.iter() {
        let definition = set_of(m, definition)?;
        let value = field(m, definition, sym::VALUE)?;
        if m.call(check, &[value], Pos::NONE)? != Value::TRUE {
            return Ok(None);
        }
    }
    if let Some(value) = only_value(m, merge, all)? {
        return m.force(value).map(Some);
    }
    m.call(merge, &[loc, values], Pos::NONE).map(Some)
}

fn merged_v2(
    m: &mut Machine,
    merge: Value,
    check: Value,
    loc: Value,
    values: Value,
) -> R<Option<Value>> {
    let check = m.force(check)?;
    let coherent = match check.as_attrs().and_then(|set| set.get(sym::IS_V2_MERGE_COHERENT)) {
        Some(slot) => m.force_slot(slot)? == Value::TRUE,
        None => false,
    };
    if !coherent {
        return Ok(None);
    }
    let layout = m.interner.to_merge;
    let given = m.of_layout(layout, [(sym::LOC, loc), (sym::DEFS, values)]);
    let answer = m.call(merge, &[given], Pos::NONE)?;
    let answer = set_of(m, answer)?;
    let error = field(m, answer, sym::HEAD_ERROR)?;
    if !m.force(error)?.is_null() {
        return Ok(None);
    }
    field(m, answer, sym::VALUE).map(Some)
}
