//! Attribute sets and `let`.

use firn_syntax::ast::{AttrDef, AttrKind, AttrsId, Expr, ExprId};
use firn_syntax::sym;

use super::Compiler;
use super::later::adopt;
use super::scope::Place;
use crate::attrs::{Attrs, Key, Layout};
use crate::code::{Delay, Node};
use crate::error::R;
use crate::ops::{attrs, control, vars};
use crate::pos::Pos;

/// `let`s with more bindings get an environment of their own.
const MAX_HERE: usize = 128;
/// A function's environment grows up to this many slots.
const MAX_FRAME: u32 = 512;

/// What `inherit name;` refers to, looked up before the set's own names are bound.
type Inherited = Vec<Option<Place>>;

impl Compiler<'_> {
    fn inherited(&mut self, defs: &[AttrDef]) -> R<Inherited> {
        let mut places = Vec::with_capacity(defs.len());
        for def in defs {
            let name = match def.kind {
                AttrKind::Inherited => self.ast.expr(def.value),
                _ => {
                    places.push(None);
                    continue;
                }
            };
            places.push(match name {
                Expr::Var(name) => {
                    let pos = self.pos(def.value);
                    Some(self.resolve(name, pos)?)
                }
                _ => None,
            });
        }
        Ok(places)
    }

    /// The node of one attribute; expressions of `inherit (…)` are in slots from `from` on.
    fn binding(
        &mut self,
        def: &AttrDef,
        inherited: Option<Place>,
        from: Option<u32>,
    ) -> R<&'static Node> {
        match (def.kind, inherited, from) {
            (AttrKind::Inherited, Some(place), _) => {
                let pos = self.pos(def.value);
                let name = match self.ast.expr(def.value) {
                    Expr::Var(name) => name,
                    _ => def.name,
                };
                Ok(self.place(place, name, pos))
            }
            (AttrKind::InheritedFrom(index), _, Some(from)) => {
                let pos = self.pos(def.value);
                let base = self.var_at(0, from + index, pos);
                Ok(self.select_one(base, def.name, pos))
            }
            _ => self.value_of_binding(def.value),
        }
    }

    // ---- let ----------------------------------------------------------------------------------

    pub(super) fn let_in(&mut self, bindings: AttrsId, body: ExprId, pos: Pos) -> R<&'static Node> {
        let defs = self.ast.attr_defs(bindings);
        let from = self.ast.inherit_from(bindings);
        let count = defs.len() + from.len();
        match self.frame {
            Some(next) if count <= MAX_HERE && next + count as u32 <= MAX_FRAME => {
                self.let_here(&defs, &from, body, next, pos)
            }
            _ => self.let_env(&defs, &from, body, pos),
        }
    }

    fn let_here(
        &mut self,
        defs: &[AttrDef],
        from: &[ExprId],
        body: ExprId,
        first: u32,
        pos: Pos,
    ) -> R<&'static Node> {
        let inherited = self.inherited(defs)?;
        let count = defs.len() + from.len();
        let frame = first + count as u32;
        let names = first + from.len() as u32;
        self.bind_all(defs, names);
        let nodes = self.bindings(defs, from, &inherited, first);
        self.frame = Some(frame);
        let body = self.spine(body);
        self.scopes.unbind();
        let mut words = vec![u64::from(first), count as u64, body?.word_of()];
        let nodes = nodes?;
        words.extend(nodes.iter().map(|n| n.word_of()));
        let node = self.emit(control::let_here, pos, Delay::Thunk, &words);
        Ok(adopt(node, 3, &nodes))
    }

    fn let_env(
        &mut self,
        defs: &[AttrDef],
        from: &[ExprId],
        body: ExprId,
        pos: Pos,
    ) -> R<&'static Node> {
        let inherited = self.inherited(defs)?;
        self.scopes.enter();
        self.bind_all(defs, 1 + from.len() as u32);
        let nodes = self.bindings(defs, from, &inherited, 1);
        let body = self.expr(body);
        let what = "while evaluating a 'let' expression";
        let body = body.map(|body| self.note(body, what, Pos::NONE, Pos::NONE));
        self.scopes.unbind();
        self.scopes.leave();
        let mut words = vec![(defs.len() + from.len()) as u64, body?.word_of()];
        let nodes = nodes?;
        words.extend(nodes.iter().map(|n| n.word_of()));
        let node = self.emit(control::let_env, pos, Delay::Thunk, &words);
        Ok(adopt(node, 2, &nodes))
    }

    fn bind_all(&mut self, defs: &[AttrDef], first: u32) {
        self.scopes.bind(defs.iter().map(|def| def.name).zip(first..).collect());
    }

    /// Nodes of the expressions of `inherit (…)`, then of the attributes.
    fn bindings(
        &mut self,
        defs: &[AttrDef],
        from: &[ExprId],
        inherited: &Inherited,
        first: u32,
    ) -> R<Vec<&'static Node>> {
        let mut nodes = Vec::with_capacity(defs.len() + from.len());
        for &e in from {
            nodes.push(self.expr(e)?);
        }
        for (def, place) in defs.iter().zip(inherited) {
            nodes.push(self.binding(def, *place, Some(first))?);
        }
        Ok(nodes)
    }

    // ---- sets ---------------------------------------------------------------------------------

    pub(super) fn attrs(&mut self, id: AttrsId, pos: Pos) -> R<&'static Node> {
        let mut defs: Vec<AttrDef> = self.ast.attr_defs(id).into_owned();
        defs.sort_by_key(|d| d.name);
        let dynamic = !self.ast.dynamic_attrs(id).is_empty();
        if self.ast.attrs(id).recursive {
            return self.recursive(id, &defs, dynamic, pos);
        }
        let complex = self.ast.inherit_from(id).iter().any(|&e| !self.is_simple(e));
        if complex {
            return self.with_inherit_env(id, &defs, pos);
        }
        let fixed = self.plain(&defs, None, pos)?;
        if dynamic { self.dynamic(id, fixed, 0, pos) } else { Ok(fixed) }
    }

    /// Whether an expression may be evaluated again for each name inherited from it.
    fn is_simple(&self, id: ExprId) -> bool {
        match self.ast.expr(id) {
            Expr::Var(name) => {
                matches!(self.scopes.find(name), Some(Place::Slot { .. }))
                    || !self.scopes.has_with()
            }
            _ => false,
        }
    }

    fn keys(&self, defs: &[AttrDef]) -> Vec<Key> {
        defs.iter().map(|d| Key { sym: d.name, pos: self.pos_at(d.pos) }).collect()
    }

    fn layout(&mut self, defs: &[AttrDef], pos: Pos) -> &'static Layout {
        let keys = self.keys(defs);
        Layout::alloc(&mut self.m.code, &keys, true, pos)
    }

    fn plain(&mut self, defs: &[AttrDef], from: Option<u32>, pos: Pos) -> R<&'static Node> {
        if defs.is_empty() {
            let empty = self.m.empty_attrs().value();
            return Ok(self.constant(empty, pos));
        }
        let inherited = self.inherited(defs)?;
        let mut nodes = Vec::with_capacity(defs.len());
        for (def, place) in defs.iter().zip(&inherited) {
            nodes.push(self.binding(def, *place, from)?);
        }
        let layout = self.layout(defs, pos);
        if nodes.iter().all(|n| n.delay == Delay::Const) {
            let set = Attrs::alloc(&mut self.m.heap, layout);
            for (i, node) in nodes.iter().enumerate() {
                set.slot_at(i).set(node.constant(0));
            }
            return Ok(self.literal(set.value(), pos));
        }
        let mut words = vec![layout as *const Layout as u64];
        words.extend(nodes.iter().map(|n| n.word_of()));
        let wait = super::may_wait(&nodes);
        let node = self.emit_with(attrs::plain, pos, Delay::Thunk, 0, wait, &words);
        Ok(adopt(node, 1, &nodes))
    }

    fn with_inherit_env(&mut self, id: AttrsId, defs: &[AttrDef], pos: Pos) -> R<&'static Node> {
        let from = self.ast.inherit_from(id);
        self.scopes.enter();
        let result = (|| {
            let mut nodes = Vec::with_capacity(from.len());
            for &e in from.iter() {
                nodes.push(self.expr(e)?);
            }
            let fixed = self.plain(defs, Some(1), pos)?;
            let dynamic = !self.ast.dynamic_attrs(id).is_empty();
            let set = if dynamic { self.dynamic(id, fixed, 0, pos)? } else { fixed };
            let mut words = vec![from.len() as u64, set.word_of()];
            words.extend(nodes.iter().map(|n| n.word_of()));
            Ok(self.emit(attrs::with_inherit_env, pos, Delay::Thunk, &words))
        })();
        self.scopes.leave();
        result
    }

    fn recursive(
        &mut self,
        id: AttrsId,
        defs: &[AttrDef],
        dynamic: bool,
        pos: Pos,
    ) -> R<&'static Node> {
        let from = self.ast.inherit_from(id);
        let overrides = defs.iter().any(|d| d.name == sym::OVERRIDES);
        let inherited = self.inherited(defs)?;
        self.scopes.enter();
        self.bind_all(defs, 1);
        let first_from = 1 + defs.len() as u32;
        let result = (|| {
            let mut nodes = Vec::with_capacity(defs.len() + from.len());
            for (def, place) in defs.iter().zip(&inherited) {
                let node = self.binding(def, *place, Some(first_from))?;
                // What overrides replace must not be looked at before they are applied.
                let defer = overrides && def.kind != AttrKind::Inherited;
                nodes.push(if defer {
                    let at = node.pos;
                    self.emit(vars::deferred, at, Delay::Thunk, &[node.word_of()])
                } else {
                    node
                });
            }
            for &e in from.iter() {
                nodes.push(self.expr(e)?);
            }
            let layout = self.layout(defs, pos);
            let mut words = vec![layout as *const Layout as u64, nodes.len() as u64];
            words.extend(nodes.iter().map(|n| n.word_of()));
            let op = if overrides { attrs::with_overrides } else { attrs::recursive };
            let fixed = adopt(self.emit(op, pos, Delay::Thunk, &words), 2, &nodes);
            if dynamic {
                self.dynamic(id, fixed, if overrides { 2 } else { 1 }, pos)
            } else {
                Ok(fixed)
            }
        })();
        self.scopes.unbind();
        self.scopes.leave();
        result
    }

    fn dynamic(
        &mut self,
        id: AttrsId,
        fixed: &'static Node,
        kind: u64,
        pos: Pos,
    ) -> R<&'static Node> {
        let list = self.ast.dynamic_attrs(id);
        let mut words = vec![fixed.word_of(), kind, list.len() as u64];
        for attr in list.iter() {
            words.push(self.expr(attr.name)?.word_of());
            words.push(self.expr(attr.value)?.word_of());
            words.push(u64::from(self.pos_at(attr.pos).0));
        }
        Ok(self.emit(attrs::dynamic, pos, Delay::Thunk, &words))
    }
}
