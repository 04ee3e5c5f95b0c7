//! Help for the module system of `nix/lib`: what most modules and options need, done here; whatever
//! is unusual, and every message about a mistake, is left to the functions in the language which the
//! library hands over. Without these builtins (`Settings::helpers`, another Nix) the library does all
//! of it in the language, with the same results: `tests/base_lib.rs` holds both against each other.
//!
//! They are not part of the language: `builtins.firn.modules`, for `nix/lib/modules` only.

mod collect;
mod definitions;
mod merge;
mod option;
mod properties;
mod tree;

use firn_syntax::{Symbol, sym};

use crate::attrs::{Attrs, AttrsBuilder};
use crate::error::{ErrorKind, R};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::{List, Value};

const TABLE: &[(&str, &PrimOp)] = &[
    ("attempt", &ATTEMPT),
    ("collect", &collect::COLLECT),
    ("headError", &definitions::HEAD_ERROR),
    ("mergeAttributes", &merge::ATTRIBUTES),
    ("mergeElements", &merge::ELEMENTS),
    ("mergeEqual", &definitions::MERGE_EQUAL),
    ("redefine", &REDEFINE),
    ("reversed", &REVERSED),
    ("tree", &tree::TREE),
];

/// The set of the helpers.
pub(crate) fn value(m: &mut Machine) -> Value {
    let mut all = AttrsBuilder::with_capacity(TABLE.len());
    for (name, op) in TABLE {
        let op = m.primop(op);
        all.insert(Symbol::of(name), op);
    }
    m.attrs(all)
}

/// The list that an argument holds, which this family made or checked itself.
fn list_of(m: &mut Machine, value: Value) -> R<List> {
    m.force_list(value, Pos::NONE, "")
}

/// The set that an argument holds, which this family made or checked itself.
fn set_of(m: &mut Machine, value: Value) -> R<Attrs> {
    m.force_attrs(value, Pos::NONE, "")
}

/// An attribute that must be there, not forced.
#[inline(always)]
fn field(m: &mut Machine, set: Attrs, name: Symbol) -> R<Value> {
    if let Some(slot) = set.get(name) {
        return Ok(slot.get());
    }
    Ok(m.required_attr(set, name, "while evaluating a module")?.get())
}

/// A function that the library handed over.
fn helper(m: &mut Machine, helpers: Value, name: &str) -> R<Value> {
    helper_of(m, helpers, Symbol::of(name))
}

/// A function that the library handed over, which is asked for often.
fn helper_of(m: &mut Machine, helpers: Value, name: Symbol) -> R<Value> {
    let helpers = set_of(m, helpers)?;
    field(m, helpers, name)
}

/// A definition. In lists of this family its fields stand by turns; the library gets it as
/// `{ file, value }`, of which `value` has the position: `showDefs` tells the user about it.
#[derive(Clone, Copy)]
struct Definition {
    file: Value,
    value: Value,
    /// Of the name in the user's file.
    pos: Pos,
}

/// How many values a definition takes in lists.
const FIELDS: usize = 3;

impl Definition {
    fn of_set(m: &mut Machine, set: Attrs) -> R<Definition> {
        let file = field(m, set, sym::FILE)?;
        let value = field(m, set, sym::VALUE)?;
        let pos = set.entry(sym::VALUE).map_or(Pos::NONE, |entry| entry.pos);
        Ok(Definition { file, value, pos })
    }

    fn fields(self) -> [Value; FIELDS] {
        let pos = Value::inline_int(i64::from(self.pos.0)).unwrap_or(Value::NULL);
        [self.file, self.value, pos]
    }

    fn of_fields([file, value, pos]: [Value; FIELDS]) -> Definition {
        let pos = pos.as_int().and_then(|pos| u32::try_from(pos).ok());
        Definition { file, value, pos: pos.map_or(Pos::NONE, Pos) }
    }

    /// The definitions in a list of fields.
    fn all(fields: List) -> impl Iterator<Item = Definition> {
        let fields = fields.slots().chunks_exact(FIELDS);
        fields.map(|of| Definition::of_fields([of[0].get(), of[1].get(), of[2].get()]))
    }

    /// `{ file, value }`
    fn set(self, m: &mut Machine) -> Attrs {
        let layout = m.definition_layout(self.pos);
        m.set_of_layout(layout, [(sym::FILE, self.file), (sym::VALUE, self.value)])
    }
}

/// The fields of definitions as a list.
fn packed(m: &mut Machine, all: &[Definition]) -> Value {
    let fields: Vec<Value> = all.iter().flat_map(|definition| definition.fields()).collect();
    m.list(&fields)
}

/// A list of `{ file, value }`.
fn sets(m: &mut Machine, all: &[Definition]) -> Value {
    let sets: Vec<Value> = all.iter().map(|definition| definition.set(m).value()).collect();
    m.list(&sets)
}

/// `redefine definition name value`: a definition of what `name` has in the definition's value, or of
/// the same (`name` is null), which has the value and is where the user wrote it.
static REDEFINE: PrimOp = PrimOp::new(
    "__moduleRedefine",
    &["definition", "name", "value"],
    redefine,
    "Makes a definition from another one, for `lib.modules`.",
)
.without_frame();

fn redefine(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let given = set_of(m, args[0])?;
    let whole = Definition::of_set(m, given)?;
    let name = m.force(args[1])?;
    let inner = match name.as_str() {
        Some(name) => {
            let set = set_of(m, whole.value)?;
            set.entry(Symbol::intern(name.bytes())).map_or(Pos::NONE, |entry| entry.pos)
        }
        None => Pos::NONE,
    };
    let pos = inner.or(whole.pos);
    Ok(Definition { file: whole.file, value: args[2], pos }.set(m).value())
}

/// `reversed list`: its elements from the last to the first.
static REVERSED: PrimOp =
    PrimOp::new("__moduleReversed", &["list"], reversed, "Reverses a list, for `lib.modules`.")
        .without_frame();

fn reversed(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let elements: Vec<Value> =
        list_of(m, args[0])?.slots().iter().rev().map(|slot| slot.get()).collect();
    Ok(m.list(&elements))
}

/// `attempt value`: `builtins.tryEval` for values that messages show, which may be wrong in ways that
/// `tryEval` lets through, such as an attribute that is missing; the message is in `error` then.
static ATTEMPT: PrimOp = PrimOp::new(
    "__moduleAttempt",
    &["value"],
    attempt,
    "Evaluates what a message of `lib.modules` shows.",
)
.without_frame();

fn attempt(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let depth = m.depth;
    let layout = m.interner.try_eval;
    match m.force(args[0]) {
        Ok(value) => Ok(m.of_layout(layout, [(sym::SUCCESS, Value::TRUE), (sym::VALUE, value)])),
        Err(raised) if m.error_mut().kind == ErrorKind::Interrupted => Err(raised),
        Err(raised) => {
            let message = m.take_error(raised).message;
            m.depth = depth;
            let message = m.string(message.as_bytes());
            Ok(m.attrs_of(&[
                (sym::SUCCESS, Value::FALSE),
                (sym::VALUE, Value::FALSE),
                (Symbol::of("error"), message),
            ]))
        }
    }
}
