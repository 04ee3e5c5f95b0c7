//! The tree of options and definitions, level by level: as `nix/lib/modules/tree.nix` has it.
//!
//! Declarations travel as pairs of a file and a set of options. Everything is as lazy as there: names of options come from declarations alone, and an option
//! is looked at when somebody asks for it.

use firn_syntax::{Symbol, sym};
use rustc_hash::FxHashMap;

use super::option;
use super::properties::push_down;
use super::{Definition, FIELDS, field, helper, list_of, packed, set_of, sets};
use crate::attrs::{Attrs, Key};
use crate::builtins::sets::of_sorted;
use crate::error::R;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::{List, Value};

/// `tree helpers context above loc modules`: `{ options, unmatched, value }` of modules in their full
/// form.
pub(super) static TREE: PrimOp = PrimOp::new(
    "__moduleTree",
    &["helpers", "context", "above", "loc", "modules"],
    tree,
    "Merges the declarations and definitions of modules, for `lib.evalModules`.",
)
.without_frame();

/// What the parts of a level share, in the order of [`State::new`].
#[derive(Clone, Copy)]
pub(super) struct State {
    list: List,
}

impl State {
    pub fn of(m: &mut Machine, value: Value) -> R<State> {
        Ok(State { list: list_of(m, value)? })
    }

    /// Functions of the library.
    pub fn helpers(self) -> Value {
        self.list.get(0)
    }

    /// Finds the places of definitions for messages, given the path of an option.
    pub fn context(self) -> Value {
        self.list.get(1)
    }

    /// How many names of the path lie outside of this evaluation.
    pub fn above(self) -> Value {
        self.list.get(2)
    }

    /// The level's path.
    pub fn loc(self) -> Value {
        self.list.get(3)
    }

    /// The definitions by name.
    pub fn defined(self) -> Value {
        self.list.get(4)
    }

    pub fn value(self) -> Value {
        self.list.value()
    }

    /// The path of a name in this level.
    pub fn place(self, m: &mut Machine, name: Symbol) -> R<Value> {
        let name = m.symbol_string(name);
        let above = list_of(m, self.loc())?;
        let (place, slots) = m.new_list(above.len() + 1);
        for (to, from) in slots.iter().zip(above.iter().chain([name])) {
            to.set(from);
        }
        Ok(place)
    }

    /// The definitions of a name.
    pub fn definitions(self, m: &mut Machine, name: Symbol) -> R<Vec<Definition>> {
        let defined = set_of(m, self.defined())?;
        match defined.get(name) {
            Some(slot) => Ok(Definition::all(list_of(m, slot.get())?).collect()),
            None => Ok(Vec::new()),
        }
    }
}

fn tree(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let [helpers, context, above, loc, modules] = *args else { return Ok(Value::NULL) };
    let mut declarations = Vec::new();
    for module in list_of(m, modules)?.iter() {
        let module = set_of(m, module)?;
        declarations.push(field(m, module, sym::FILE_ATTR)?);
        declarations.push(field(m, module, sym::OPTIONS)?);
    }
    let declarations = m.list(&declarations);
    let definitions = m.lazy_native(&ROOT_DEFINITIONS, &[modules]);
    level(m, helpers, context, above, loc, declarations, definitions)
}

static ROOT_DEFINITIONS: PrimOp =
    PrimOp::new("__moduleDefinitions", &["modules"], root_definitions, "").without_frame();

fn root_definitions(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let mut all = Vec::new();
    for module in list_of(m, args[0])?.iter() {
        let module = set_of(m, module)?;
        let file = field(m, module, sym::FILE_ATTR)?;
        let value = field(m, module, sym::CONFIG)?;
        open(m, Definition { file, value, pos: Pos::NONE }, &mut all)?;
    }
    Ok(packed(m, &all))
}

/// The definitions of a level in one of its name, with its properties moved into it.
fn open(m: &mut Machine, definition: Definition, all: &mut Vec<Definition>) -> R<()> {
    let value = m.force(definition.value)?;
    if value.as_attrs().is_none_or(|set| set.get(sym::TYPE_ATTR).is_none()) {
        all.push(Definition { value, ..definition });
        return Ok(());
    }
    let mut inner = Vec::new();
    push_down(m, value, &mut inner)?;
    all.extend(inner.into_iter().map(|value| Definition { value, ..definition }));
    Ok(())
}

/// One level: `{ options, unmatched, value }`, each lazy.
fn level(
    m: &mut Machine,
    helpers: Value,
    context: Value,
    above: Value,
    loc: Value,
    declarations: Value,
    definitions: Value,
) -> R<Value> {
    let defined =
        m.lazy_native(&DEFINED, &[helpers, context, above, loc, declarations, definitions]);
    let state = m.list(&[helpers, context, above, loc, defined]);
    let results = m.lazy_native(&RESULTS, &[state, declarations]);
    let options = m.lazy_native(&FIELDS_OPTIONS, &[results]);
    let value = m.lazy_native(&FIELDS_VALUE, &[results]);
    let unmatched = m.lazy_native(&UNMATCHED, &[state, results, definitions]);
    Ok(result(m, options, unmatched, value))
}

/// `{ options, unmatched, value }`
pub(super) fn result(m: &mut Machine, options: Value, unmatched: Value, value: Value) -> Value {
    let layout = m.interner.level;
    let entries = [(sym::OPTIONS, options), (sym::UNMATCHED, unmatched), (sym::VALUE, value)];
    m.of_layout(layout, entries)
}

static DEFINED: PrimOp = PrimOp::new(
    "__moduleDefined",
    &["helpers", "context", "above", "loc", "declarations", "definitions"],
    defined,
    "",
)
.without_frame();

/// The definitions of a level by name, each as a list of fields.
fn defined(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let definitions = list_of(m, args[5])?;
    if definitions.len() == FIELDS {
        let (file, config) = (definitions.get(0), definitions.get(1));
        let set = definition_set(m, args, file, config)?;
        let flat = m.flat(set);
        let layout = flat.layout.without_positions(&mut m.shapes.layouts);
        let result = Attrs::alloc(&mut m.heap, layout);
        for (to, entry) in result.flat_slots().iter().zip(flat.iter()) {
            let one = Definition { file, value: entry.value(), pos: entry.pos };
            let one = m.list(&one.fields());
            to.set(one);
        }
        return Ok(result.value());
    }
    let mut found: FxHashMap<Symbol, Vec<Value>> = FxHashMap::default();
    for definition in Definition::all(definitions) {
        let file = definition.file;
        let set = definition_set(m, args, file, definition.value)?;
        for entry in m.flat(set).iter() {
            let one = Definition { file, value: entry.value(), pos: entry.pos };
            found.entry(entry.sym).or_default().extend(one.fields());
        }
    }
    Ok(by_name(m, found, |m, _, pairs| m.list(&pairs)))
}

/// A set of what `make` makes of each name.
fn by_name(
    m: &mut Machine,
    found: FxHashMap<Symbol, Vec<Value>>,
    mut make: impl FnMut(&mut Machine, Symbol, Vec<Value>) -> Value,
) -> Value {
    let mut found: Vec<(Symbol, Vec<Value>)> = found.into_iter().collect();
    found.sort_unstable_by_key(|(name, _)| *name);
    let keys: Vec<Key> = found.iter().map(|(sym, _)| Key { sym: *sym, pos: Pos::NONE }).collect();
    let made: Vec<Value> = found.into_iter().map(|(name, values)| make(m, name, values)).collect();
    of_sorted(m, &keys, &made)
}

fn definition_set(m: &mut Machine, args: &[Value], file: Value, config: Value) -> R<Attrs> {
    let config = m.force(config)?;
    if let Some(set) = config.as_attrs() {
        return Ok(set);
    }
    let [helpers, context, above, loc, declarations, _] = *args else {
        return Ok(m.empty_attrs());
    };
    let explain = helper(m, helpers, "definitionNotASet")?;
    let whence = m.lazy_call(context, &[loc]);
    let given = m.attrs_of(&[(sym::FILE, file), (sym::CONFIG, config)]);
    // The message names the options of this level.
    let state = m.list(&[helpers, context, above, loc, Value::NULL]);
    let results = m.lazy_native(&RESULTS, &[state, declarations]);
    let answer = m.call(explain, &[whence, loc, given, results], Pos::NONE)?;
    set_of(m, answer)
}

static RESULTS: PrimOp =
    PrimOp::new("__moduleResults", &["state", "declarations"], results, "").without_frame();

/// For each name of a level, a thunk of what it is.
fn results(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let state = State::of(m, args[0])?;
    let declarations = list_of(m, args[1])?;
    if declarations.len() == 2 {
        let (file, options) = (declarations.get(0), declarations.get(1));
        let set = declared_set(m, state, file, options)?;
        let flat = m.flat(set);
        let layout = flat.layout.without_positions(&mut m.shapes.layouts);
        let result = Attrs::alloc(&mut m.heap, layout);
        for (to, entry) in result.flat_slots().iter().zip(flat.iter()) {
            let name = number(entry.sym);
            let thunk = m.lazy_native(&RESOLVE, &[state.value(), name, file, set.value()]);
            to.set(thunk);
        }
        return Ok(result.value());
    }
    let mut found: FxHashMap<Symbol, Vec<Value>> = FxHashMap::default();
    for pair in declarations.slots().chunks_exact(2) {
        let file = pair[0].get();
        let set = declared_set(m, state, file, pair[1].get())?;
        for entry in m.flat(set).iter() {
            found.entry(entry.sym).or_default().extend([file, set.value()]);
        }
    }
    Ok(by_name(m, found, |m, name, pairs| {
        let name = number(name);
        match pairs[..] {
            [file, set] => m.lazy_native(&RESOLVE, &[state.value(), name, file, set]),
            _ => {
                let pairs = m.list(&pairs);
                m.lazy_native(&RESOLVE_MANY, &[state.value(), name, pairs])
            }
        }
    }))
}

fn declared_set(m: &mut Machine, state: State, file: Value, options: Value) -> R<Attrs> {
    let options = m.force(options)?;
    match options.as_attrs() {
        Some(set) if set.get(sym::TYPE_ATTR).is_none() => Ok(set),
        _ => {
            let explain = helper(m, state.helpers(), "declaredSet")?;
            let declaration = m.attrs_of(&[(sym::FILE_ATTR, file), (sym::OPTIONS, options)]);
            let answer = m.call(explain, &[state.loc(), declaration], Pos::NONE)?;
            set_of(m, answer)
        }
    }
}

/// A name as thunks carry it.
fn number(name: Symbol) -> Value {
    Value::inline_int(i64::from(name.as_u32())).unwrap_or(Value::NULL)
}

/// The name that a thunk carries.
pub(super) fn symbol(number: Value) -> Symbol {
    let number = number.as_int().and_then(|n| u32::try_from(n).ok());
    number.and_then(Symbol::from_u32).unwrap_or(sym::EMPTY)
}

static RESOLVE: PrimOp =
    PrimOp::new("__moduleResolve", &["state", "name", "file", "set"], resolve, "").without_frame();

/// A name that one module declares: an option or another level.
fn resolve(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let state = State::of(m, args[0])?;
    let (name, file) = (args[1], args[2]);
    let set = set_of(m, args[3])?;
    let declared = field(m, set, symbol(name))?;
    let declared = m.force(declared)?;
    let tag = match declared.as_attrs().and_then(|set| set.get(sym::TYPE_ATTR)) {
        Some(slot) => Some(m.force_slot(slot)?),
        None => None,
    };
    match tag.map(|tag| tag.as_str().is_some_and(|s| s.bytes() == b"option")) {
        Some(true) => option::declared(m, state, name, file, set, declared),
        Some(false) => {
            let pairs = m.list(&[file, args[3]]);
            resolve_slowly(m, state, name, pairs)
        }
        None => {
            let declarations = m.list(&[file, declared]);
            level_below(m, state, name, declarations)
        }
    }
}

static RESOLVE_MANY: PrimOp =
    PrimOp::new("__moduleResolveMany", &["state", "name", "pairs"], resolve_many, "")
        .without_frame();

/// A name that several modules declare.
fn resolve_many(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let state = State::of(m, args[0])?;
    let name = symbol(args[1]);
    let mut declarations = Vec::new();
    for pair in list_of(m, args[2])?.slots().chunks_exact(2) {
        let set = set_of(m, pair[1].get())?;
        let declared = field(m, set, name)?;
        let declared = m.force(declared)?;
        if declared.as_attrs().is_some_and(|set| set.get(sym::TYPE_ATTR).is_some()) {
            return resolve_slowly(m, state, args[1], args[2]);
        }
        declarations.extend([pair[0].get(), declared]);
    }
    let declarations = m.list(&declarations);
    level_below(m, state, args[1], declarations)
}

fn level_below(m: &mut Machine, state: State, name: Value, declarations: Value) -> R<Value> {
    let place = state.place(m, symbol(name))?;
    let definitions = m.lazy_native(&BELOW, &[state.value(), name]);
    let (helpers, context, above) = (state.helpers(), state.context(), state.above());
    level(m, helpers, context, above, place, declarations, definitions)
}

static BELOW: PrimOp = PrimOp::new("__moduleBelow", &["state", "name"], below, "").without_frame();

/// The definitions of a level, from those of its name.
fn below(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let state = State::of(m, args[0])?;
    let found = state.definitions(m, symbol(args[1]))?;
    let mut all = Vec::with_capacity(found.len());
    for definition in found {
        open(m, definition, &mut all)?;
    }
    Ok(packed(m, &all))
}

/// Has the library resolve a name: several declarations of one option, or a mistake.
fn resolve_slowly(m: &mut Machine, state: State, name: Value, pairs: Value) -> R<Value> {
    let sym = symbol(name);
    let mut declarations = Vec::new();
    for pair in list_of(m, pairs)?.slots().chunks_exact(2) {
        let set = set_of(m, pair[1].get())?;
        let Some(entry) = set.entry(sym) else { continue };
        let position = m.position_value(entry.pos);
        declarations.push(m.attrs_of(&[
            (sym::FILE_ATTR, pair[0].get()),
            (sym::OPTIONS, entry.value()),
            (Symbol::of("pos"), position),
        ]));
    }
    let declarations = m.list(&declarations);
    let definitions = m.lazy_native(&DEFINITIONS, &[state.value(), name]);
    let place = state.place(m, sym)?;
    let resolve = helper(m, state.helpers(), "resolve")?;
    let args = [state.context(), state.above(), place, declarations, definitions];
    m.call(resolve, &args, Pos::NONE)
}

/// The definitions of a name as the library has them, lazily.
pub(super) static DEFINITIONS: PrimOp =
    PrimOp::new("__moduleDefinitionsOf", &["state", "name"], definitions_of, "").without_frame();

fn definitions_of(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let state = State::of(m, args[0])?;
    let found = state.definitions(m, symbol(args[1]))?;
    Ok(sets(m, &found))
}

static FIELDS_OPTIONS: PrimOp =
    PrimOp::new("__moduleOptions", &["results"], fields_options, "").without_frame();
static FIELDS_VALUE: PrimOp =
    PrimOp::new("__moduleValues", &["results"], fields_value, "").without_frame();
static FIELD_OPTIONS: PrimOp =
    PrimOp::new("__moduleOptionsOf", &["result"], field_options, "").without_frame();
static FIELD_VALUE: PrimOp =
    PrimOp::new("__moduleValueOf", &["result"], field_value, "").without_frame();

fn fields_options(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    fields(m, args[0], sym::OPTIONS, &FIELD_OPTIONS)
}

fn fields_value(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    fields(m, args[0], sym::VALUE, &FIELD_VALUE)
}

/// One attribute of every result of a level.
fn fields(m: &mut Machine, results: Value, name: Symbol, one: &'static PrimOp) -> R<Value> {
    let flat = {
        let results = set_of(m, results)?;
        m.flat(results)
    };
    let all = Attrs::alloc(&mut m.heap, flat.layout);
    for (to, entry) in all.flat_slots().iter().zip(flat.iter()) {
        let result = entry.value().known();
        let known = result.as_attrs().and_then(|set| set.get(name)).map(|slot| slot.get());
        let value = known.unwrap_or_else(|| m.lazy_native(one, &[result]));
        to.set(value);
    }
    Ok(all.value())
}

fn field_options(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let result = set_of(m, args[0])?;
    field(m, result, sym::OPTIONS)
}

fn field_value(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let result = set_of(m, args[0])?;
    field(m, result, sym::VALUE)
}

static UNMATCHED: PrimOp =
    PrimOp::new("__moduleUnmatched", &["state", "results", "definitions"], unmatched, "")
        .without_frame();

/// The definitions `{ file, value, prefix }` of names that are not declared, here and below.
fn unmatched(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    // Without definitions nothing is asked of the declarations.
    if list_of(m, args[2])?.is_empty() {
        return Ok(m.empty_list());
    }
    let state = State::of(m, args[0])?;
    let results = set_of(m, args[1])?;
    let defined = set_of(m, state.defined())?;
    let mut all = Vec::new();
    for entry in m.sorted(defined) {
        match results.get(entry.sym) {
            Some(slot) => {
                let result = m.force_slot(slot)?;
                let result = set_of(m, result)?;
                let below = field(m, result, sym::UNMATCHED)?;
                all.extend(list_of(m, below)?.iter());
            }
            None => {
                let definitions = list_of(m, entry.value())?;
                let prefix = prefix(m, state, entry.sym)?;
                let more = m.attrs_of(&[(sym::PREFIX, prefix)]);
                with_more(m, Definition::all(definitions), more, &mut all)?;
            }
        }
    }
    Ok(m.list(&all))
}

/// The path of a name from the root of this evaluation.
fn prefix(m: &mut Machine, state: State, name: Symbol) -> R<Value> {
    let place = state.place(m, name)?;
    let place = list_of(m, place)?;
    let above = m.force_int(state.above(), Pos::NONE, "")?;
    Ok(m.sublist(place, (above as usize).min(place.len()), place.len()))
}

/// Definitions as sets with further attributes.
fn with_more(
    m: &mut Machine,
    definitions: impl IntoIterator<Item = Definition>,
    more: Value,
    all: &mut Vec<Value>,
) -> R<()> {
    let more = set_of(m, more)?;
    for definition in definitions {
        let plain = definition.set(m);
        all.push(m.update(plain, more).value());
    }
    Ok(())
}

/// The definitions of an option that is declared as a fallback only: `{ file, value, prefix, inert }`.
pub(super) static INERT: PrimOp =
    PrimOp::new("__moduleInert", &["state", "name"], inert, "").without_frame();

fn inert(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let state = State::of(m, args[0])?;
    let name = symbol(args[1]);
    let definitions = state.definitions(m, name)?;
    let prefix = prefix(m, state, name)?;
    let more = m.attrs_of(&[(sym::PREFIX, prefix), (Symbol::of("inert"), Value::TRUE)]);
    let mut all = Vec::new();
    with_more(m, definitions, more, &mut all)?;
    Ok(m.list(&all))
}
