//! Which names are visible, and where.

use std::rc::Rc;

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

/// Up to this many names of one scope are scanned.
const SCAN: usize = 8;

/// The scopes around an expression. Each level is one environment at run time. A copy costs nothing and
/// stays as it is, so that compiling can go on later.
#[derive(Clone)]
pub(crate) struct Scopes {
    level: u32,
    /// How many functions are around.
    functions: u32,
    innermost: Option<Rc<Frame>>,
}

/// Names that become visible together, in one environment.
struct Frame {
    level: u32,
    names: Names,
    /// Of a `with`: its position.
    with: Option<Pos>,
    /// Whether this or a scope further out is a `with`.
    has_with: bool,
    outer: Option<Rc<Frame>>,
}

/// Names with their slots; of the same name the last counts.
enum Names {
    Few(Vec<(Symbol, u32)>),
    Many(FxHashMap<Symbol, u32>),
}

impl Names {
    fn new(names: Vec<(Symbol, u32)>) -> Names {
        if names.len() > SCAN {
            Names::Many(names.into_iter().collect())
        } else {
            Names::Few(names)
        }
    }

    fn find(&self, name: Symbol) -> Option<u32> {
        match self {
            Names::Few(names) => {
                names.iter().rev().find(|known| known.0 == name).map(|known| known.1)
            }
            Names::Many(names) => names.get(&name).copied(),
        }
    }

    fn pairs(&self) -> Vec<(Symbol, u32)> {
        match self {
            Names::Few(names) => names.clone(),
            Names::Many(names) => names.iter().map(|(&name, &slot)| (name, slot)).collect(),
        }
    }
}

impl Scopes {
    fn new() -> Scopes {
        Scopes { level: 0, functions: 0, innermost: None }
    }

    /// The scopes around a whole file, with names in the slots of one environment.
    pub fn of_file(names: &[Symbol]) -> Scopes {
        let mut scopes = Scopes::new();
        if !names.is_empty() {
            scopes.bind(names.iter().copied().zip(1..).collect());
        }
        scopes
    }

    pub fn level(&self) -> u32 {
        self.level
    }

    /// Whether both are the same place.
    pub fn is(&self, other: &Scopes) -> bool {
        let address =
            |scopes: &Scopes| scopes.innermost.as_ref().map_or(std::ptr::null(), Rc::as_ptr);
        self.level == other.level && std::ptr::eq(address(self), address(other))
    }

    pub fn enter(&mut self) {
        self.level += 1;
    }

    pub fn leave(&mut self) {
        self.level -= 1;
    }

    pub fn enter_function(&mut self) {
        self.functions += 1;
        self.enter();
    }

    pub fn leave_function(&mut self) {
        self.functions -= 1;
        self.leave();
    }

    /// Whether what is compiled here may be evaluated more than once.
    pub fn in_function(&self) -> bool {
        self.functions > 0
    }

    /// Makes names visible in the innermost environment, hiding the same names further out.
    pub fn bind(&mut self, names: Vec<(Symbol, u32)>) {
        self.push(Names::new(names), None);
    }

    /// Takes back the last [`Scopes::bind`].
    pub fn unbind(&mut self) {
        self.innermost = self.innermost.take().and_then(|frame| frame.outer.clone());
    }

    pub fn enter_with(&mut self, pos: Pos) {
        self.level += 1;
        self.push(Names::Few(Vec::new()), Some(pos));
    }

    pub fn leave_with(&mut self) {
        self.level -= 1;
        self.unbind();
    }

    fn push(&mut self, names: Names, with: Option<Pos>) {
        let has_with = with.is_some() || self.has_with();
        let outer = self.innermost.take();
        self.innermost = Some(Rc::new(Frame { level: self.level, names, with, has_with, outer }));
    }

    pub fn has_with(&self) -> bool {
        self.innermost.as_ref().is_some_and(|frame| frame.has_with)
    }

    fn frames(&self) -> impl Iterator<Item = &Frame> {
        std::iter::successors(self.innermost.as_deref(), |frame| frame.outer.as_deref())
    }

    /// The `with`s, innermost first: how many environments out, and their positions.
    pub fn withs(&self) -> impl Iterator<Item = (u32, Pos)> {
        self.frames().filter_map(|frame| Some((self.level - frame.level, frame.with?)))
    }

    /// The variables of each environment, innermost first, for a debugger.
    pub fn visible(&self) -> Visible {
        let mut levels = vec![Level::default(); self.level as usize + 1];
        for frame in self.frames() {
            let level = &mut levels[(self.level - frame.level) as usize];
            level.names.extend(frame.names.pairs());
            level.is_with |= frame.with.is_some();
        }
        if levels.last().is_some_and(|outermost| outermost.names.is_empty()) {
            levels.pop();
        }
        Visible::new(levels)
    }

    pub fn find(&self, name: Symbol) -> Option<Place> {
        let mut frames = self.frames();
        frames.find_map(|frame| {
            let slot = frame.names.find(name)?;
            Some(Place::Slot { level: frame.level, slot })
        })
    }
}
