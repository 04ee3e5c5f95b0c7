//! String contexts: which store paths a string depends on. Interned, so that a string carries one
//! 32-bit id and most unions are a table lookup. (Manual: "String context".)

use std::rc::Rc;

use rustc_hash::FxHashMap;

/// Id of an interned set of context elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Ctx(pub(crate) u32);

impl Ctx {
    /// The empty context.
    pub const NONE: Ctx = Ctx(0);

    /// Whether there is no element.
    #[inline(always)]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A store path, or an output of a derivation that may itself be an output.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum SinglePath {
    /// A store path, absolute.
    Path(String),
    /// Output `.1` of derivation `.0`.
    Output(Box<SinglePath>, String),
}

/// One element of a string context. Paths are absolute store paths.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ContextElem {
    /// A plain store path (a source, or a derivation file as a file).
    Path(String),
    /// A derivation with its whole build closure (`addDrvOutputDependencies`, `drvPath`).
    DrvDeep(String),
    /// An output of a derivation.
    Output {
        /// The derivation.
        drv: SinglePath,
        /// The output's name.
        output: String,
    },
}

impl SinglePath {
    /// As `path^out^out…`, the form of error messages.
    pub fn display(&self) -> String {
        match self {
            SinglePath::Path(p) => p.clone(),
            SinglePath::Output(drv, out) => format!("{}^{out}", drv.display()),
        }
    }
}

impl ContextElem {
    /// The form of error messages.
    pub fn display(&self) -> String {
        match self {
            ContextElem::Path(p) | ContextElem::DrvDeep(p) => p.clone(),
            ContextElem::Output { drv, output } => format!("{}^{output}", drv.display()),
        }
    }
}

/// Up to so many contexts are united one after the other, where the table of unions helps.
const PAIRWISE: usize = 4;
/// Repeated ids are thrown out when so many have come together.
const TIDY_FROM: usize = 1 << 16;

/// Contexts that will be united: those of the elements of a list, say.
///
/// Uniting them one after the other would intern a set for each step: for *n* strings of one element
/// each, *n*²/2 ids.
#[derive(Default, Debug)]
pub struct ContextJoin {
    last: Ctx,
    seen: Vec<Ctx>,
}

impl ContextJoin {
    /// Takes a further context.
    #[inline(always)]
    pub fn add(&mut self, ctx: Ctx) {
        if !ctx.is_empty() && ctx != self.last {
            self.push(ctx);
        }
    }

    fn push(&mut self, ctx: Ctx) {
        self.last = ctx;
        self.seen.push(ctx);
    }
}

/// The tables behind [`Ctx`].
#[derive(Default)]
pub struct Contexts {
    elems: Vec<Rc<ContextElem>>,
    elem_ids: FxHashMap<Rc<ContextElem>, u32>,
    /// Sorted element ids; entry 0 is the empty set.
    sets: Vec<Rc<[u32]>>,
    set_ids: FxHashMap<Rc<[u32]>, u32>,
    unions: FxHashMap<(u32, u32), u32>,
}

impl Contexts {
    /// Empty tables.
    pub fn new() -> Contexts {
        Contexts { sets: vec![Rc::default()], ..Contexts::default() }
    }

    fn elem(&mut self, elem: ContextElem) -> u32 {
        if let Some(&id) = self.elem_ids.get(&elem) {
            return id;
        }
        let id = self.elems.len() as u32;
        let elem = Rc::new(elem);
        self.elems.push(elem.clone());
        self.elem_ids.insert(elem, id);
        id
    }

    fn set(&mut self, ids: Vec<u32>) -> Ctx {
        if ids.is_empty() {
            return Ctx::NONE;
        }
        if let Some(&id) = self.set_ids.get(ids.as_slice()) {
            return Ctx(id);
        }
        let id = self.sets.len() as u32;
        let ids: Rc<[u32]> = ids.into();
        self.sets.push(ids.clone());
        self.set_ids.insert(ids, id);
        Ctx(id)
    }

    /// The context with exactly these elements.
    pub fn make(&mut self, elems: impl IntoIterator<Item = ContextElem>) -> Ctx {
        let mut ids: Vec<u32> = elems.into_iter().map(|e| self.elem(e)).collect();
        ids.sort_unstable();
        ids.dedup();
        self.set(ids)
    }

    /// The context with one element.
    pub fn single(&mut self, elem: ContextElem) -> Ctx {
        let id = self.elem(elem);
        self.set(vec![id])
    }

    /// The elements of both.
    #[inline]
    pub fn union(&mut self, a: Ctx, b: Ctx) -> Ctx {
        if a == b || b.is_empty() {
            return a;
        }
        if a.is_empty() {
            return b;
        }
        self.union_slow(a, b)
    }

    fn union_slow(&mut self, a: Ctx, b: Ctx) -> Ctx {
        let key = (a.0.min(b.0), a.0.max(b.0));
        if let Some(&id) = self.unions.get(&key) {
            return Ctx(id);
        }
        let mut ids = [&*self.sets[a.0 as usize], &*self.sets[b.0 as usize]].concat();
        ids.sort_unstable();
        ids.dedup();
        let ctx = self.set(ids);
        self.unions.insert(key, ctx.0);
        ctx
    }

    /// The elements of all that were collected, without a set for each step on the way.
    pub fn union_all(&mut self, join: ContextJoin) -> Ctx {
        let mut seen = join.seen;
        seen.sort_unstable_by_key(|ctx| ctx.0);
        seen.dedup();
        if seen.len() <= PAIRWISE {
            return seen.into_iter().fold(Ctx::NONE, |all, ctx| self.union(all, ctx));
        }
        let mut ids: Vec<u32> = Vec::new();
        let mut tidy_at = TIDY_FROM;
        for ctx in seen {
            ids.extend_from_slice(&self.sets[ctx.0 as usize]);
            if ids.len() > tidy_at {
                ids.sort_unstable();
                ids.dedup();
                tidy_at = ids.len() * 2 + TIDY_FROM;
            }
        }
        ids.sort_unstable();
        ids.dedup();
        self.set(ids)
    }

    /// The elements with their numbers, in the order of these.
    pub fn parts(&self, ctx: Ctx) -> impl ExactSizeIterator<Item = (u32, &ContextElem)> {
        self.sets[ctx.0 as usize].iter().map(|&id| (id, &*self.elems[id as usize]))
    }

    /// The elements, in no particular order.
    pub fn elems(&self, ctx: Ctx) -> impl ExactSizeIterator<Item = &ContextElem> {
        self.sets[ctx.0 as usize].iter().map(|&id| &*self.elems[id as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(n: usize) -> ContextElem {
        ContextElem::Path(format!("/nix/store/{n}"))
    }

    #[test]
    fn all_at_once_is_the_same_set_as_one_after_the_other() {
        for (count, repeat) in [(0, 1), (1, 3), (3, 2), (5, 1), (40, 3), (400, 1)] {
            let mut tables = Contexts::new();
            let mut join = ContextJoin::default();
            let mut stepwise = Ctx::NONE;
            for n in (0..count).cycle().take(count * repeat) {
                let ctx = tables.make([path(n), path(n / 2), path(1)]);
                join.add(ctx);
                join.add(Ctx::NONE);
                stepwise = tables.union(stepwise, ctx);
            }
            assert_eq!(tables.union_all(join), stepwise, "{count} contexts, {repeat} times");
        }
    }

    #[test]
    fn joining_many_makes_one_set() {
        let mut tables = Contexts::new();
        let mut join = ContextJoin::default();
        for n in 0..1000 {
            join.add(tables.single(ContextElem::DrvDeep(n.to_string())));
        }
        let before = tables.sets.len();
        let all = tables.union_all(join);
        assert_eq!(tables.sets.len(), before + 1);
        assert_eq!(tables.elems(all).len(), 1000);
    }

    #[test]
    fn repeated_elements_are_thrown_out_on_the_way() {
        let mut tables = Contexts::new();
        let mut join = ContextJoin::default();
        let shared: Vec<usize> = (0..1000).collect();
        for n in 0..200 {
            join.add(tables.make(shared.iter().copied().chain([1000 + n]).map(path)));
        }
        let all = tables.union_all(join);
        assert_eq!(tables.elems(all).len(), 1200);
    }
}
