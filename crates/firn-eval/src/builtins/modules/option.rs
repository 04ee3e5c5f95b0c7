//! The value of one option: as `evalOption` of `nix/lib/modules/define.nix` has it.

use firn_syntax::{Symbol, sym};

use super::merge::{Place, merged};
use super::properties::{Selected, Selection, Tag, all_plain, kind, select};
use super::tree::{DEFINITIONS, INERT, State, result, symbol};
use super::{Definition, field, helper, helper_of, list_of, set_of};
use crate::attrs::Attrs;
use crate::coerce::Coerce;
use crate::error::{R, Raised};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::{List, Value};

/// The result of a name that is an option, declared in one place.
pub(super) fn declared(
    m: &mut Machine,
    state: State,
    name: Value,
    file: Value,
    set: Attrs,
    option: Value,
) -> R<Value> {
    let kind = known_type(option).unwrap_or(Value::NULL);
    let wanted = m.list(&[state.value(), name, file, set.value(), kind]);
    let value = m.lazy_native(&VALUE, &[wanted]);
    let options = m.lazy_native(&OPTIONS, &[wanted, value]);
    let unmatched = if is_fallback(m, state, file)? {
        m.lazy_native(&INERT, &[state.value(), name])
    } else {
        m.empty_list()
    };
    Ok(result(m, options, unmatched, value))
}

/// Is a file the one whose declarations count only where there are no others?
fn is_fallback(m: &mut Machine, state: State, file: Value) -> R<bool> {
    let fallback = helper_of(m, state.helpers(), sym::FALLBACK_FILE)?;
    let (file, fallback) = (m.force(file)?, m.force(fallback)?);
    Ok(match (file.as_str(), fallback.as_str()) {
        (Some(file), Some(fallback)) => file.bytes() == fallback.bytes(),
        _ => false,
    })
}

/// The type of an option, if that takes no evaluation.
fn known_type(option: Value) -> Option<Value> {
    let declared = option.as_attrs()?.get(sym::TYPE)?.get().known();
    let modules = declared.as_attrs()?.get(sym::GET_SUB_MODULES)?.get().known();
    modules.is_null().then_some(declared)
}

/// An option of which the value is wanted: a list of what [`State`] holds, of name and file, of the set
/// of options with the declaration, and of the type, once it is known.
#[derive(Clone, Copy)]
struct Wanted {
    list: List,
    state: State,
}

impl Wanted {
    fn of(m: &mut Machine, list: Value) -> R<Wanted> {
        let list = list_of(m, list)?;
        Ok(Wanted { list, state: State::of(m, list.get(0))? })
    }

    /// As thunks carry it.
    fn name(self) -> Value {
        self.list.get(1)
    }

    fn file(self) -> Value {
        self.list.get(2)
    }

    fn set(self, m: &mut Machine) -> R<Attrs> {
        set_of(m, self.list.get(3))
    }

    /// What `mkOption` gave.
    fn option(self, m: &mut Machine) -> R<Attrs> {
        let set = self.set(m)?;
        let option = field(m, set, symbol(self.name()))?;
        set_of(m, option)
    }

    /// The type, with submodules that know where they were declared.
    fn kind(self, m: &mut Machine) -> R<Value> {
        let known = self.list.get(4);
        if !known.is_null() {
            return Ok(known);
        }
        let kind = self.declared_type(m)?;
        if let Some(slot) = self.list.slots().last() {
            slot.set(kind);
        }
        Ok(kind)
    }

    fn declared_type(self, m: &mut Machine) -> R<Value> {
        let helpers = self.state.helpers();
        let option = self.option(m)?;
        let Some(kind) = option.get(sym::TYPE) else {
            let kind = helper(m, helpers, "unspecified")?;
            return m.force(kind);
        };
        let kind = m.force_slot(kind)?;
        let modules = match kind.as_attrs().and_then(|set| set.get(sym::GET_SUB_MODULES)) {
            Some(slot) => m.force_slot(slot)?,
            None => Value::NULL,
        };
        if modules.is_null() {
            return Ok(kind);
        }
        let located = helper(m, helpers, "locatedType")?;
        let kind = m.call(located, &[self.file(), kind], Pos::NONE)?;
        m.force(kind)
    }

    fn place(self, m: &mut Machine) -> R<Value> {
        self.state.place(m, symbol(self.name()))
    }

    fn whence(self, m: &mut Machine, place: Value) -> Value {
        m.lazy_call(self.state.context(), &[place])
    }
}

static TYPE: PrimOp = PrimOp::new("__moduleType", &["wanted"], kind_of, "").without_frame();

fn kind_of(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    Wanted::of(m, args[0])?.kind(m)
}

static VALUE: PrimOp = PrimOp::new("__moduleValue", &["wanted"], value, "").without_frame();

fn value(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let wanted = Wanted::of(m, args[0])?;
    // Forced here, so that an error in it says which option it belongs to.
    let value = match quickly(m, wanted) {
        Ok(Some(value)) => m.force(value).map(Some),
        other => other,
    };
    match value {
        Ok(Some(value)) => Ok(value),
        Ok(None) => {
            let record = slowly(m, wanted)?;
            field(m, record, sym::VALUE)
        }
        Err(raised) => Err(in_option(m, raised, wanted)),
    }
}

/// Says of an error which option was being evaluated.
#[cold]
fn in_option(m: &mut Machine, raised: Raised, wanted: Wanted) -> Raised {
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

fn option_context(m: &mut Machine, wanted: Wanted) -> R<String> {
    let explain = helper(m, wanted.state.helpers(), "whileEvaluating")?;
    let place = wanted.place(m)?;
    let whence = wanted.whence(m, place);
    let text = m.call(explain, &[whence, place], Pos::NONE)?;
    let text = m.coerce(text, Coerce { more: false, copy: false }, Pos::NONE, "")?;
    Ok(text.to_text().into_owned())
}

/// What `evalOption` of the library gives for it: `{ options, unmatched, value }`.
fn slowly(m: &mut Machine, wanted: Wanted) -> R<Attrs> {
    let (state, name) = (wanted.state, wanted.name());
    let (set, place) = (wanted.set(m)?, wanted.place(m)?);
    let pos = set.entry(symbol(name)).map_or(Pos::NONE, |entry| entry.pos);
    let evaluate = helper(m, state.helpers(), "option")?;
    let whence = wanted.whence(m, place);
    let definitions = m.lazy_native(&DEFINITIONS, &[state.value(), name]);
    let position = m.position_value(pos);
    let option = wanted.option(m)?;
    let kind = m.lazy_native(&TYPE, &[wanted.list.value()]);
    let given = m.attrs_of(&[
        (Symbol::of("whence"), whence),
        (sym::LOC, place),
        (sym::FILE, wanted.file()),
        (Symbol::of("option"), option.value()),
        (sym::TYPE, kind),
        (Symbol::of("position"), position),
        (Symbol::of("definitions"), definitions),
    ]);
    let answer = m.call(evaluate, &[given], Pos::NONE)?;
    set_of(m, answer)
}

static OPTIONS: PrimOp =
    PrimOp::new("__moduleOption", &["wanted", "value"], options, "").without_frame();

/// What stands in the tree `options`.
fn options(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let wanted = Wanted::of(m, args[0])?;
    let record = slowly(m, wanted)?;
    let record = field(m, record, sym::OPTIONS)?;
    let value = m.attrs_of(&[(sym::VALUE, args[1])]);
    let (record, value) = (set_of(m, record)?, set_of(m, value)?);
    Ok(m.update(record, value).value())
}

/// The value, if nothing about the option is unusual or wrong.
fn quickly(m: &mut Machine, wanted: Wanted) -> R<Option<Value>> {
    let option = wanted.option(m)?;
    let definitions = wanted.state.definitions(m, symbol(wanted.name()))?;
    if !definitions.is_empty() {
        let Some(selected) = selected(m, wanted, option, definitions)? else { return Ok(None) };
        return of_selected(m, wanted, option, selected.as_ref());
    }
    let Some(default) = option.get(sym::DEFAULT) else {
        return of_selected(m, wanted, option, Selected { all: &[], sets: None });
    };
    let value = m.force_slot(default)?;
    if kind(m, value)? == Tag::Order {
        return Ok(None);
    }
    let all = [Definition { file: wanted.file(), value, pos: Pos::NONE }];
    of_selected(m, wanted, option, Selected { all: &all, sets: None })
}

/// The value of the definitions that count.
fn of_selected(
    m: &mut Machine,
    wanted: Wanted,
    option: Attrs,
    selected: Selected,
) -> R<Option<Value>> {
    // What is no type is a mistake that the library explains.
    let kind = wanted.kind(m)?.as_attrs().filter(|kind| kind.get(sym::MERGE).is_some());
    let Some(kind) = kind else { return Ok(None) };
    if let Some(slot) = kind.get(sym::DEPRECATION_MESSAGE)
        && !m.force_slot(slot)?.is_null()
    {
        return Ok(None);
    }
    let place = Place::In(wanted.state, wanted.name());
    let Some(merged) = merged(m, kind, place, selected)? else { return Ok(None) };
    match option.get(sym::APPLY) {
        Some(apply) => m.call(apply.get(), &[merged], Pos::NONE).map(Some),
        None => Ok(Some(merged)),
    }
}

/// Of the definitions of an option, those that count.
fn selected(
    m: &mut Machine,
    wanted: Wanted,
    option: Attrs,
    definitions: Vec<Definition>,
) -> R<Option<Selection>> {
    if let Some(read_only) = option.get(sym::READ_ONLY)
        && m.force_slot(read_only)? != Value::FALSE
    {
        return Ok(None);
    }
    if all_plain(m, &definitions)? {
        return Ok(Some(Selection { all: definitions, sets: None }));
    }
    match option.get(sym::DEFAULT) {
        Some(default) => {
            let (of, priority) = (m.string(b"override"), m.int(1500));
            let entries =
                [(sym::TYPE_ATTR, of), (sym::PRIORITY, priority), (sym::CONTENT, default.get())];
            let layout = m.interner.priority;
            let value = m.of_layout(layout, entries);
            let mut all = vec![Definition { file: wanted.file(), value, pos: Pos::NONE }];
            all.extend(definitions);
            select(m, &all)
        }
        None => select(m, &definitions),
    }
}
