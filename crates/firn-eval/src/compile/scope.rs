//! Which names are visible, and where.

use firn_syntax::Symbol;
use rustc_hash::FxHashMap;

use crate::debug::{Level, Visible};
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
    /// What [`Scopes::visible`] said, until something changes.
    visible: Option<Visible>,
}

impl Scopes {
    pub fn new() -> Scopes {
        Scopes { level: 0, names: FxHashMap::default(), withs: Vec::new(), visible: None }
    }

    pub fn level(&self) -> u32 {
        self.level
    }

    pub fn enter(&mut self) {
        self.visible = None;
        self.level += 1;
    }

    pub fn leave(&mut self) {
        self.visible = None;
        self.level -= 1;
    }

    /// Makes a name visible in the innermost environment, hiding the same name further out.
    pub fn bind(&mut self, name: Symbol, slot: u32) {
        self.visible = None;
        self.names.entry(name).or_default().push((self.level, slot));
    }

    /// Takes back the last [`Scopes::bind`] of a name.
    pub fn unbind(&mut self, name: Symbol) {
        self.visible = None;
        if let Some(places) = self.names.get_mut(&name) {
            places.pop();
        }
    }

    pub fn enter_with(&mut self, pos: Pos) {
        self.visible = None;
        self.level += 1;
        self.withs.push((self.level, pos));
    }

    pub fn leave_with(&mut self) {
        self.visible = None;
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

    /// The variables of each environment, innermost first, for a debugger.
    pub fn visible(&mut self) -> Visible {
        if let Some(known) = &self.visible {
            return known.clone();
        }
        let mut levels = vec![Level::default(); self.level as usize + 1];
        for (&name, places) in &self.names {
            for &(level, slot) in places {
                levels[(self.level - level) as usize].names.push((name, slot));
            }
        }
        for &(level, _) in &self.withs {
            levels[(self.level - level) as usize].is_with = true;
        }
        if levels.last().is_some_and(|outermost| outermost.names.is_empty()) {
            levels.pop();
        }
        let visible = Visible::new(levels);
        self.visible = Some(visible.clone());
        visible
    }

    pub fn find(&self, name: Symbol) -> Option<Place> {
        let &(level, slot) = self.names.get(&name)?.last()?;
        Some(Place::Slot { level, slot })
    }
}
