//! Layouts of sets that builtins make often.

use firn_syntax::{Symbol, sym};

use crate::attrs::{Attrs, Key, Layout};
use crate::heap::Heap;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::value::Value;

/// The layouts, each of a few names.
pub(crate) struct WellKnown {
    pub try_eval: &'static Layout,
    pub partition: &'static Layout,
    pub position: &'static Layout,
    /// A definition of an option.
    pub definition: &'static Layout,
    /// `mkIf`
    pub condition: &'static Layout,
    /// `mkOverride`, `mkOrder`
    pub priority: &'static Layout,
    /// What a level of options gives.
    pub level: &'static Layout,
    /// A module in its full form.
    pub module: &'static Layout,
    /// What a type's `merge.v2` takes.
    pub to_merge: &'static Layout,
}

/// The names of a module in its full form.
pub(crate) const MODULE: [Symbol; 7] = [
    sym::CLASS_ATTR,
    sym::FILE_ATTR,
    sym::CONFIG,
    sym::DISABLED_MODULES,
    sym::IMPORTS,
    sym::KEY,
    sym::OPTIONS,
];

fn layout(heap: &mut Heap, names: &[Symbol]) -> &'static Layout {
    let mut keys: Vec<Key> = names.iter().map(|&sym| Key { sym, pos: Pos::NONE }).collect();
    keys.sort_by_key(|k| k.sym);
    Layout::alloc(heap, &keys, true, Pos::NONE)
}

impl WellKnown {
    pub fn new(heap: &mut Heap) -> WellKnown {
        WellKnown {
            try_eval: layout(heap, &[sym::SUCCESS, sym::VALUE]),
            partition: layout(heap, &[sym::RIGHT, sym::WRONG]),
            position: layout(heap, &[sym::FILE, sym::LINE, sym::COLUMN]),
            definition: layout(heap, &[sym::FILE, sym::VALUE]),
            condition: layout(heap, &[sym::TYPE_ATTR, sym::CONDITION, sym::CONTENT]),
            priority: layout(heap, &[sym::TYPE_ATTR, sym::PRIORITY, sym::CONTENT]),
            level: layout(heap, &[sym::OPTIONS, sym::UNMATCHED, sym::VALUE]),
            module: layout(heap, &MODULE),
            to_merge: layout(heap, &[sym::LOC, sym::DEFS]),
        }
    }
}

impl Machine {
    /// A set of a well-known layout.
    pub(crate) fn of_layout<const N: usize>(
        &mut self,
        layout: &'static Layout,
        entries: [(Symbol, Value); N],
    ) -> Value {
        self.set_of_layout(layout, entries).value()
    }

    /// The same, as a set.
    pub(crate) fn set_of_layout<const N: usize>(
        &mut self,
        layout: &'static Layout,
        entries: [(Symbol, Value); N],
    ) -> Attrs {
        let set = Attrs::alloc(&mut self.heap, layout);
        for (sym, value) in entries {
            if let Some(slot) = set.get_unfilled(sym) {
                slot.set(value);
            }
        }
        set
    }

    /// The layout of a definition of an option; its `value` has the position.
    pub(crate) fn definition_layout(&mut self, pos: Pos) -> &'static Layout {
        let known = self.interner.definition;
        if pos == Pos::NONE {
            return known;
        }
        let mut keys = [Key { sym: sym::FILE, pos: Pos::NONE }, Key { sym: sym::VALUE, pos }];
        keys.sort_unstable_by_key(|key| key.sym);
        self.shapes.layouts.intern(&keys)
    }

    /// `{ file, line, column }` of a position, or null without one.
    pub fn position_value(&mut self, pos: Pos) -> Value {
        let Some((file, offset)) = self.positions.resolve(pos) else { return Value::NULL };
        let at = file.line_column(offset);
        let Some(path) = file.origin().path() else { return Value::NULL };
        let path = path.to_string_lossy().into_owned();
        let file = self.string(path.as_bytes());
        let (line, column) = (self.int(i64::from(at.line)), self.int(i64::from(at.column)));
        let layout = self.interner.position;
        self.of_layout(layout, [(sym::FILE, file), (sym::LINE, line), (sym::COLUMN, column)])
    }
}
