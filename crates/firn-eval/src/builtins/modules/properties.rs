//! `mkIf`, `mkMerge`, `mkOverride`, `mkOrder`: as `nix/lib/modules/properties.nix` has them.

use firn_syntax::{Symbol, sym};

use super::{Definition, field, list_of, set_of, sets};
use crate::attrs::Attrs;
use crate::error::{R, Raised};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::value::Value;

/// What a value is wrapped in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    None,
    Merge,
    If,
    Override,
    Order,
    Definition,
    Other,
}

/// The tag of a forced value, with the set that has it.
pub(super) fn tag(m: &mut Machine, forced: Value) -> R<Option<(Tag, Attrs)>> {
    let Some(set) = forced.as_attrs() else { return Ok(None) };
    let Some(slot) = set.get(sym::TYPE_ATTR) else { return Ok(None) };
    let name = m.force_slot(slot)?;
    let tag = match name.as_str().map(|s| s.bytes()) {
        Some(b"merge") => Tag::Merge,
        Some(b"if") => Tag::If,
        Some(b"override") => Tag::Override,
        Some(b"order") => Tag::Order,
        Some(b"definition") => Tag::Definition,
        _ => Tag::Other,
    };
    Ok(Some((tag, set)))
}

/// The tag alone.
pub(super) fn kind(m: &mut Machine, forced: Value) -> R<Tag> {
    Ok(tag(m, forced)?.map_or(Tag::None, |(tag, _)| tag))
}

/// Moves properties around a set of definitions to each definition in it. Conditions are not
/// evaluated.
pub(super) fn push_down(m: &mut Machine, config: Value, out: &mut Vec<Value>) -> R<()> {
    let config = m.force(config)?;
    match tag(m, config)? {
        Some((Tag::Merge, set)) => {
            let contents = field(m, set, sym::CONTENTS)?;
            for content in list_of(m, contents)?.iter() {
                push_down(m, content, out)?;
            }
        }
        Some((Tag::If, set)) => push_into(m, set, sym::CONDITION, out)?,
        Some((Tag::Override, set)) => push_into(m, set, sym::PRIORITY, out)?,
        Some((Tag::Definition, set)) => push_definition(m, set, out)?,
        _ => out.push(config),
    }
    Ok(())
}

/// The sets of definitions in one that says itself where it was made, which each of them then says.
fn push_definition(m: &mut Machine, definition: Attrs, out: &mut Vec<Value>) -> R<()> {
    let value = field(m, definition, sym::VALUE)?;
    let start = out.len();
    push_down(m, value, out)?;
    for config in &mut out[start..] {
        let Some(set) = config.as_attrs() else { continue };
        let flat = m.flat(set);
        let result = Attrs::alloc(&mut m.heap, flat.layout);
        for (to, entry) in result.flat_slots().iter().zip(flat.iter()) {
            let value = m.attrs_of(&[(sym::VALUE, entry.value())]);
            let value = set_of(m, value)?;
            to.set(m.update(definition, value).value());
        }
        *config = result.value();
    }
    Ok(())
}

/// The sets of definitions in a property, which has an attribute called `of` beside its content, with
/// every definition in one of its own.
fn push_into(m: &mut Machine, property: Attrs, of: Symbol, out: &mut Vec<Value>) -> R<()> {
    let content = field(m, property, sym::CONTENT)?;
    let start = out.len();
    push_down(m, content, out)?;
    let name = field(m, property, sym::TYPE_ATTR)?;
    let detail = field(m, property, of)?;
    for config in &mut out[start..] {
        *config = wrap_all(m, *config, of, name, detail);
    }
    Ok(())
}

fn wrap_all(m: &mut Machine, config: Value, of: Symbol, name: Value, detail: Value) -> Value {
    let Some(set) = config.as_attrs() else { return config };
    let flat = m.flat(set);
    let result = Attrs::alloc(&mut m.heap, flat.layout);
    let wrapper = if of == sym::CONDITION { m.interner.condition } else { m.interner.priority };
    for (to, entry) in result.flat_slots().iter().zip(flat.iter()) {
        let wrapped = m.of_layout(
            wrapper,
            [(sym::TYPE_ATTR, name), (of, detail), (sym::CONTENT, entry.value())],
        );
        to.set(wrapped);
    }
    result.value()
}

/// Where the reading of a definition failed.
#[cold]
fn in_definition(m: &mut Machine, raised: Raised, file: Value) -> Raised {
    let error = m.set_aside();
    let depth = m.depth;
    let file = m.force(file);
    m.depth = depth;
    m.error = error;
    let file = file.ok().and_then(|file| file.as_str());
    let file = file.map(|s| s.to_text().into_owned()).unwrap_or_default();
    m.frame_always(raised, Pos::NONE, format!("while evaluating definitions from `{file}':"))
}

/// Whether no definition has a property.
pub(super) fn all_plain(m: &mut Machine, all: &[Definition]) -> R<bool> {
    for definition in all {
        let plain = match m.force(definition.value) {
            Ok(value) => value.as_attrs().is_none_or(|set| set.get(sym::TYPE_ATTR).is_none()),
            Err(raised) => return Err(in_definition(m, raised, definition.file)),
        };
        if !plain {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The definitions that count, in order.
pub(super) struct Selection {
    pub all: Vec<Definition>,
    /// As the library gets them, where these sets hold more than [`sets`] makes.
    pub sets: Option<Value>,
}

impl Selection {
    pub fn as_ref(&self) -> Selected<'_> {
        Selected { all: &self.all, sets: self.sets }
    }
}

/// A [`Selection`] that somebody else holds.
#[derive(Clone, Copy)]
pub(super) struct Selected<'a> {
    pub all: &'a [Definition],
    pub sets: Option<Value>,
}

impl Selected<'_> {
    /// The definitions as a list of sets.
    pub fn value(self, m: &mut Machine) -> Value {
        self.sets.unwrap_or_else(|| sets(m, self.all))
    }
}

/// The definitions that count, in order; nothing when the library has to look at them.
pub(super) fn select(m: &mut Machine, all: &[Definition]) -> R<Option<Selection>> {
    let mut left = Vec::with_capacity(all.len());
    for definition in all {
        match discharge(m, *definition, &mut left) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(raised) => return Err(in_definition(m, raised, definition.file)),
        }
    }
    if !strongest(m, &mut left)? {
        return Ok(None);
    }
    in_order(m, left)
}

/// Opens `mkMerge` and drops what has a condition that does not hold. False: the library has to look.
fn discharge(m: &mut Machine, definition: Definition, out: &mut Vec<Definition>) -> R<bool> {
    let value = m.force(definition.value)?;
    let Some((tag, set)) = tag(m, value)? else {
        out.push(Definition { value, ..definition });
        return Ok(true);
    };
    match tag {
        Tag::Merge => {
            let contents = field(m, set, sym::CONTENTS)?;
            for content in list_of(m, contents)?.iter() {
                if !discharge(m, Definition { value: content, ..definition }, out)? {
                    return Ok(false);
                }
            }
        }
        Tag::If => {
            let condition = field(m, set, sym::CONDITION)?;
            match m.force(condition)?.as_bool() {
                Some(true) => {
                    let value = field(m, set, sym::CONTENT)?;
                    return discharge(m, Definition { value, ..definition }, out);
                }
                Some(false) => {}
                None => return Ok(false),
            }
        }
        Tag::Definition => return Ok(false),
        _ => out.push(Definition { value, ..definition }),
    }
    Ok(true)
}

/// Priority of a definition that has none.
const PLAIN: i64 = 100;
/// No priority is lower than this unless a definition is alone.
const LOWEST: i64 = 9999;

/// Leaves the definitions of the highest priority, without it. False: the library has to look, which
/// it does as well where several have an unusual priority, so that a message can name it.
fn strongest(m: &mut Machine, all: &mut Vec<Definition>) -> R<bool> {
    let mut found = Vec::with_capacity(all.len());
    let mut best = LOWEST;
    for definition in all.iter() {
        let (priority, value) = match tag(m, definition.value)? {
            Some((Tag::Override, set)) => {
                let priority = field(m, set, sym::PRIORITY)?;
                let Some(priority) = m.force(priority)?.as_int() else { return Ok(false) };
                (priority, field(m, set, sym::CONTENT)?)
            }
            _ => (PLAIN, definition.value),
        };
        best = best.min(priority);
        found.push((priority, Definition { value, ..*definition }));
    }
    if let [(priority, ..)] = found[..] {
        best = priority;
    }
    found.retain(|(priority, ..)| *priority == best);
    *all = found.into_iter().map(|(_, definition)| definition).collect();
    Ok(all.len() < 2 || best == PLAIN)
}

/// The place of a definition without one.
const MIDDLE: i64 = 1000;

/// The definitions sorted by `mkOrder`; nothing when the library has to sort them.
fn in_order(m: &mut Machine, all: Vec<Definition>) -> R<Option<Selection>> {
    for definition in &all {
        let value = m.force(definition.value)?;
        if kind(m, value)? == Tag::Order {
            return ordered(m, &all);
        }
    }
    Ok(Some(Selection { all, sets: None }))
}

fn ordered(m: &mut Machine, all: &[Definition]) -> R<Option<Selection>> {
    let mut sorted = Vec::with_capacity(all.len());
    for definition in all {
        let value = m.force(definition.value)?;
        let Some((Tag::Order, set)) = tag(m, value)? else {
            let plain = Definition { value, ..*definition };
            sorted.push((MIDDLE, plain, plain.set(m)));
            continue;
        };
        let priority = field(m, set, sym::PRIORITY)?;
        let Some(place) = m.force(priority)?.as_int() else { return Ok(None) };
        let value = field(m, set, sym::CONTENT)?;
        let plain = Definition { value, ..*definition };
        let priority = m.attrs_of(&[(sym::PRIORITY, priority)]);
        let (set, priority) = (plain.set(m), set_of(m, priority)?);
        sorted.push((place, plain, m.update(set, priority)));
    }
    sorted.sort_by_key(|(place, ..)| *place);
    let all = sorted.iter().map(|(_, definition, _)| *definition).collect();
    let sets: Vec<Value> = sorted.into_iter().map(|(.., set)| set.value()).collect();
    Ok(Some(Selection { all, sets: Some(m.list(&sets)) }))
}
