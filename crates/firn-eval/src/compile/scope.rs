//! Which names are visible, and where.

use firn_syntax::Symbol;
use rustc_hash::FxHashMap;

use crate::pos::Pos;
use crate::value::Value;

/// Where a variable is.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// In a slot of the environment at a level (0 is the outermost).
    Slot { level: u32, slot: u32 },
    /// A global of this value.
    Global(Value),
    /// In one of the enclosing `with`s, to be found at run time.
    Dynamic,
}

/// The scopes around the expression being compiled. Each level is one environment at run time.
pub(super) struct Scopes {
    level: u32,
    names: FxHashMap<Symbol, Vec<(u32, u32)>>,
    withs: Vec<(u32, Pos)>,
}

impl Scopes {
    pub fn new() -> Scopes {
        Scopes { level: 0, names: FxHashMap::default(), withs: Vec::new() }
    }

    pub fn level(&self) -> u32 {
        self.level
    }

    pub fn enter(&mut self) {
        self.level += 1;
    }

    pub fn leave(&mut self) {
        self.level -= 1;
    }

    /// Makes a name visible in the innermost environment, hiding the same name further out.
    pub fn bind(&mut self, name: Symbol, slot: u32) {
        self.names.entry(name).or_default().push((self.level, slot));
    }

    /// Takes back the last [`Scopes::bind`] of a name.
    pub fn unbind(&mut self, name: Symbol) {
        if let Some(places) = self.names.get_mut(&name) {
            places.pop();
        }
    }

    pub fn enter_with(&mut self, pos: Pos) {
        self.level += 1;
        self.withs.push((self.level, pos));
    }

    pub fn leave_with(&mut self) {
        self.level -= 1;
        self.withs.pop();
    }

    pub fn has_with(&self) -> bool {
        !self.withs.is_empty()
    }

    /// The `with`s, innermost first: how many environments out, and their positions.
    pub fn withs(&self) -> impl Iterator<Item = (u32, Pos)> {
        self.withs.iter().rev().map(|&(level, pos)| (self.level - level, pos))
    }

    pub fn find(&self, name: Symbol) -> Option<Place> {
        let &(level, slot) = self.names.get(&name)?.last()?;
        Some(Place::Slot { level, slot })
    }
}
