//! Attribute paths, and sets as they are written: nested paths, inherited names, and the merging of
//! what is written in several places.

use rustc_hash::FxHashMap;

use super::{Parser, Res};
use crate::ast::{
    AttrDef, AttrKind, AttrName, AttrSet, AttrsId, Doc, DynamicAttr, Expr, ExprId, PathId,
    PathName, Range32,
};
use crate::lexer::{Tok, Token};
use crate::symbol::Symbol;
use firn_diag::Diagnostic;
use firn_source::Span;

/// Where bindings stand, which says what may end them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// `{ … }`
    Set,
    /// `rec { … }` and `let { … }`
    Recursive,
    /// `let … in`
    Let,
    /// The prompt: up to the end of the text.
    Prompt,
}

impl Place {
    fn end(self) -> Tok {
        match self {
            Place::Let => Tok::In,
            Place::Prompt => Tok::Eof,
            _ => Tok::BraceClose,
        }
    }

    fn expected(self) -> &'static [Tok] {
        match self {
            Place::Set | Place::Prompt => &[Tok::Inherit],
            Place::Recursive => &[Tok::Inherit, Tok::BraceClose],
            Place::Let => &[Tok::In, Tok::Inherit],
        }
    }
}

/// A set that is still being written. Sets that were closed are opened again when something is
/// merged into them.
#[derive(Default)]
pub(super) struct SetBuilder {
    set: Option<AttrsId>,
    attrs: Vec<AttrDef>,
    dynamic: Vec<DynamicAttr>,
    inherit_from: Vec<ExprId>,
    /// Index into `attrs` by name, for sets of more than [`LINEAR`] attributes.
    index: FxHashMap<Symbol, u32>,
}

/// What an attribute name can begin with.
const ATTR_START: [Tok; 4] = [Tok::Id, Tok::OrWord, Tok::Dollar, Tok::Quote];
/// Sets of up to this many attributes are searched from the front.
const LINEAR: usize = 12;
/// The length of a set's range while it is open; its start is the builder's index.
const OPEN: u32 = u32::MAX;

impl SetBuilder {
    fn find(&self, name: Symbol) -> Option<AttrDef> {
        if self.attrs.len() <= LINEAR {
            return self.attrs.iter().find(|attr| attr.name == name).copied();
        }
        self.index.get(&name).map(|&i| self.attrs[i as usize])
    }

    fn insert(&mut self, attr: AttrDef) {
        self.attrs.push(attr);
        let len = self.attrs.len();
        if len == LINEAR + 1 {
            self.index.extend(self.attrs.iter().enumerate().map(|(i, a)| (a.name, i as u32)));
        } else if len > LINEAR {
            self.index.insert(attr.name, len as u32 - 1);
        }
    }
}

impl Parser<'_> {
    /// A path of attribute names, for `.` and `?`.
    #[inline]
    pub(super) fn attr_path(&mut self) -> Res<PathId> {
        let mark = self.name_stack.len();
        self.attr_names()?;
        let start = self.names.len() as u32;
        self.names.extend(self.name_stack.drain(mark..));
        self.paths.push(Range32 { start, len: self.names.len() as u32 - start });
        Ok(PathId(self.paths.len() as u32 - 1))
    }

    /// Puts `a.b.c` on the stack of names.
    #[inline]
    fn attr_names(&mut self) -> Res<()> {
        loop {
            let name = self.attr_name()?;
            self.name_stack.push(name);
            if self.tok.kind != Tok::Dot {
                return Ok(());
            }
            self.bump()?;
        }
    }

    #[inline]
    fn attr_name(&mut self) -> Res<PathName> {
        let pos = self.tok.start;
        let name = match self.tok.kind {
            Tok::Id | Tok::OrWord => AttrName::Static(self.bump()?.symbol),
            Tok::Quote => self.quoted_name()?,
            Tok::Dollar => {
                self.bump()?;
                let name = self.expr()?;
                self.expect(Tok::BraceClose, &[Tok::BraceClose])?;
                match self.exprs[name.0 as usize] {
                    Expr::Str(text) => {
                        AttrName::Static(Symbol::intern(&self.texts[text.0.indices()]))
                    }
                    _ => AttrName::Dynamic(name),
                }
            }
            _ => return Err(self.unexpected(&ATTR_START)),
        };
        Ok(PathName { name, pos })
    }

    pub(super) fn empty_set(&mut self, start: u32) -> ExprId {
        let id = AttrsId(self.sets.len() as u32);
        self.sets.push(AttrSet::default());
        self.push(Expr::Attrs(id), start)
    }

    /// Bindings up to and with their end; `in` and the end of the text are left.
    pub(super) fn bindings(&mut self, start: u32, place: Place) -> Res<ExprId> {
        let builder = self.open_builder();
        self.bindings_into(builder, start, place)
    }

    /// A set whose first name was taken.
    pub(super) fn set_after_name(&mut self, start: u32, name: Token) -> Res<ExprId> {
        let builder = self.open_builder();
        let mark = self.name_stack.len();
        self.name_stack.push(PathName { name: AttrName::Static(name.symbol), pos: name.start });
        match self.tok.kind {
            Tok::Dot => {
                self.bump()?;
                self.attr_names()?;
            }
            Tok::Assign => {}
            _ => return Err(self.unexpected(&[Tok::Dot, Tok::Assign])),
        }
        self.binding_value(builder, mark, name.start)?;
        self.bindings_into(builder, start, Place::Set)
    }

    fn bindings_into(&mut self, builder: usize, start: u32, place: Place) -> Res<ExprId> {
        loop {
            match self.tok.kind {
                Tok::Id | Tok::OrWord | Tok::Quote | Tok::Dollar => self.binding(builder)?,
                Tok::Inherit => self.inherit(builder)?,
                kind if kind == place.end() => break,
                _ => return Err(self.unexpected(place.expected())),
            }
        }
        if place.end() == Tok::BraceClose {
            self.bump()?;
        }
        let id = AttrsId(self.sets.len() as u32);
        self.sets.push(AttrSet { recursive: place == Place::Recursive, ..AttrSet::default() });
        self.builders[builder].set = Some(id);
        self.close_builders(builder);
        Ok(self.push(Expr::Attrs(id), start))
    }

    fn binding(&mut self, builder: usize) -> Res<()> {
        let mark = self.name_stack.len();
        let pos = self.tok.start;
        self.attr_names()?;
        self.binding_value(builder, mark, pos)
    }

    /// `= value;` for the path that the stack of names holds since `mark`.
    fn binding_value(&mut self, builder: usize, mark: usize, pos: u32) -> Res<()> {
        self.expect(Tok::Assign, &[Tok::Dot, Tok::Assign])?;
        let value_pos = self.tok.start;
        let value = self.expr()?;
        if self.tok.kind != Tok::Semi {
            return Err(self.unexpected(&[Tok::Semi]));
        }
        self.add_attr(builder, mark, pos, value)?;
        if let Some(doc) = self.doc_index(pos) {
            self.document(value, doc);
            let Doc { start, end, .. } = self.lexer.docs[doc as usize];
            self.value_docs.push(Doc { pos: value_pos, start, end });
        }
        self.name_stack.truncate(mark);
        self.bump()?;
        Ok(())
    }

    fn inherit(&mut self, builder: usize) -> Res<()> {
        self.bump()?;
        let from = match self.tok.kind {
            Tok::ParenOpen => {
                self.bump()?;
                let from = self.expr()?;
                self.expect(Tok::ParenClose, &[Tok::ParenClose])?;
                let groups = &mut self.builders[builder].inherit_from;
                groups.push(from);
                Some((groups.len() as u32 - 1, from))
            }
            _ => None,
        };
        let mark = self.name_stack.len();
        while matches!(self.tok.kind, Tok::Id | Tok::OrWord | Tok::Quote | Tok::Dollar) {
            let name = self.attr_name()?;
            if let AttrName::Dynamic(_) = name.name {
                let message = "dynamic attributes not allowed in inherit".into();
                return Err(self.error("parse.dynamic-inherit", message, name.pos, self.prev_end));
            }
            self.name_stack.push(name);
        }
        if self.tok.kind != Tok::Semi {
            self.in_inherit = true;
            return Err(self.unexpected(&[]));
        }
        for i in mark..self.name_stack.len() {
            let PathName { name: AttrName::Static(name), pos } = self.name_stack[i] else {
                continue;
            };
            self.inherit_name(builder, name, pos, from)?;
        }
        self.name_stack.truncate(mark);
        self.bump()?;
        Ok(())
    }

    fn inherit_name(
        &mut self,
        builder: usize,
        name: Symbol,
        pos: u32,
        from: Option<(u32, ExprId)>,
    ) -> Res<()> {
        if let Some(earlier) = self.builders[builder].find(name) {
            return Err(self.duplicate(name.text().into_owned(), pos, earlier.pos));
        }
        let end = pos + name.bytes().len() as u32;
        let (kind, value) = match from {
            Some((group, base)) => {
                let path = self.static_path(name, pos);
                let select = Expr::Select { base, path, default: None };
                (AttrKind::InheritedFrom(group), self.push_span(select, pos, end))
            }
            None => (AttrKind::Inherited, self.push_span(Expr::Var(name), pos, end)),
        };
        self.builders[builder].insert(AttrDef { name, kind, value, pos });
        Ok(())
    }

    /// Adds a value under the path on the stack of names since `mark`.
    fn add_attr(&mut self, mut builder: usize, mark: usize, pos: u32, value: ExprId) -> Res<()> {
        let last = self.name_stack.len() - 1;
        for i in mark..last {
            let AttrName::Static(name) = self.name_stack[i].name else {
                builder = self.add_dynamic_set(builder, i, pos, value);
                continue;
            };
            builder = match self.builders[builder].find(name) {
                Some(earlier) => match self.exprs[earlier.value.0 as usize] {
                    Expr::Attrs(set) => self.reopen(set),
                    _ => return Err(self.duplicate(self.show_path(mark, i), pos, earlier.pos)),
                },
                None => {
                    let (set, inner) = self.implicit_set(pos, value);
                    let attr = AttrDef { name, kind: AttrKind::Plain, value: set, pos };
                    self.builders[builder].insert(attr);
                    inner
                }
            };
        }
        match self.name_stack[last].name {
            AttrName::Dynamic(name) => {
                self.builders[builder].dynamic.push(DynamicAttr { name, value, pos });
                Ok(())
            }
            AttrName::Static(name) => {
                let attr = AttrDef { name, kind: AttrKind::Plain, value, pos };
                match self.builders[builder].find(name) {
                    None => {
                        self.builders[builder].insert(attr);
                        self.name_functions(value, name);
                        Ok(())
                    }
                    Some(earlier) => self.merge(mark, earlier, attr),
                }
            }
        }
    }

    fn add_dynamic_set(&mut self, builder: usize, name: usize, pos: u32, value: ExprId) -> usize {
        let AttrName::Dynamic(name) = self.name_stack[name].name else { return builder };
        let (set, inner) = self.implicit_set(pos, value);
        self.builders[builder].dynamic.push(DynamicAttr { name, value: set, pos });
        inner
    }

    /// A set that a path makes, and its builder.
    fn implicit_set(&mut self, pos: u32, value: ExprId) -> (ExprId, usize) {
        let id = AttrsId(self.sets.len() as u32);
        let builder = self.open_builder();
        let attrs = Range32 { start: builder as u32, len: OPEN };
        self.sets.push(AttrSet { attrs, ..AttrSet::default() });
        self.builders[builder].set = Some(id);
        let end = self.spans[value.0 as usize].1;
        (self.push_span(Expr::Attrs(id), pos, end), builder)
    }

    /// Two definitions of one attribute: merges them if both are sets.
    fn merge(&mut self, mark: usize, earlier: AttrDef, attr: AttrDef) -> Res<()> {
        let (Expr::Attrs(into), Expr::Attrs(from)) =
            (self.exprs[earlier.value.0 as usize], self.exprs[attr.value.0 as usize])
        else {
            let path = self.show_path(mark, self.name_stack.len() - 1);
            return Err(self.duplicate(path, attr.pos, earlier.pos));
        };
        // What is left to merge: (from, into, next attribute, length of the path for messages).
        let depth = self.name_stack.len();
        let mut work = vec![self.start_merge(from, into, depth)];
        while let Some(mut step) = work.pop() {
            self.name_stack.truncate(step.depth);
            let Some(&moved) = step.attrs.get(step.next) else { continue };
            step.next += 1;
            let (into, groups, depth) = (step.into, step.groups, step.depth);
            work.push(step);
            let mut attr = moved;
            if let AttrKind::InheritedFrom(group) = &mut attr.kind {
                *group += groups;
            }
            self.name_stack.push(PathName { name: AttrName::Static(attr.name), pos: attr.pos });
            let Some(earlier) = self.builders[into].find(attr.name) else {
                self.builders[into].insert(attr);
                continue;
            };
            match (self.exprs[earlier.value.0 as usize], self.exprs[attr.value.0 as usize]) {
                (Expr::Attrs(into), Expr::Attrs(from)) => {
                    work.push(self.start_merge(from, into, depth + 1));
                }
                _ => {
                    let path = self.show_path(mark, self.name_stack.len() - 1);
                    return Err(self.duplicate(path, attr.pos, earlier.pos));
                }
            }
        }
        Ok(())
    }

    /// Moves the dynamic attributes and the groups of `from` over to `into`; the rest is left to do.
    fn start_merge(&mut self, from: AttrsId, into: AttrsId, depth: usize) -> Merge {
        let into = self.reopen(into);
        let from = self.reopen(from);
        let attrs = std::mem::take(&mut self.builders[from].attrs);
        self.builders[from].index.clear();
        let dynamic = std::mem::take(&mut self.builders[from].dynamic);
        let inherit_from = std::mem::take(&mut self.builders[from].inherit_from);
        let target = &mut self.builders[into];
        let groups = target.inherit_from.len() as u32;
        target.dynamic.extend(dynamic);
        target.inherit_from.extend(inherit_from);
        Merge { attrs, next: 0, into, groups, depth }
    }

    fn open_builder(&mut self) -> usize {
        if self.builders.len() == self.open_builders {
            self.builders.push(SetBuilder::default());
        }
        self.open_builders += 1;
        self.open_builders - 1
    }

    /// The builder of a set, with what the set held if it was closed.
    fn reopen(&mut self, id: AttrsId) -> usize {
        let set = self.sets[id.0 as usize];
        if set.attrs.len == OPEN {
            return set.attrs.start as usize;
        }
        let at = self.open_builder();
        let builder = &mut self.builders[at];
        builder.set = Some(id);
        for attr in &self.attr_table[set.attrs.indices()] {
            builder.insert(*attr);
        }
        builder.dynamic.extend_from_slice(&self.dynamic[set.dynamic.indices()]);
        builder.inherit_from.extend_from_slice(&self.ids[set.inherit_from.indices()]);
        self.sets[id.0 as usize].attrs = Range32 { start: at as u32, len: OPEN };
        at
    }

    /// Writes the sets of all builders from `first` on to the tables.
    #[inline]
    fn close_builders(&mut self, first: usize) {
        for builder in &mut self.builders[first..self.open_builders] {
            let Some(id) = builder.set.take() else { continue };
            let set = &mut self.sets[id.0 as usize];
            set.attrs = move_into(&mut self.attr_table, &mut builder.attrs);
            set.dynamic = move_into(&mut self.dynamic, &mut builder.dynamic);
            set.inherit_from = move_into(&mut self.ids, &mut builder.inherit_from);
            if !builder.index.is_empty() {
                builder.index.clear();
            }
        }
        self.open_builders = first;
    }

    /// Names a function, and the functions that it returns, after what they are bound to.
    fn name_functions(&mut self, mut value: ExprId, name: Symbol) {
        while let Expr::Lambda(id) = self.exprs[value.0 as usize] {
            let lambda = &mut self.lambdas[id.0 as usize];
            lambda.name = Some(name);
            value = lambda.body;
        }
    }

    /// Index of the doc comment before the token at an offset.
    #[inline]
    pub(super) fn doc_index(&self, pos: u32) -> Option<u32> {
        let docs = &self.lexer.docs;
        docs.binary_search_by_key(&pos, |doc| doc.pos).ok().map(|i| i as u32)
    }

    /// Gives a function, and the functions that it returns, a doc comment; an inner one wins.
    pub(super) fn document(&mut self, mut value: ExprId, doc: u32) {
        while let Expr::Lambda(id) = self.exprs[value.0 as usize] {
            let lambda = &mut self.lambdas[id.0 as usize];
            if lambda.doc.is_some() {
                return;
            }
            lambda.doc = Some(doc);
            value = lambda.body;
        }
    }

    fn show_path(&self, first: usize, last: usize) -> String {
        let mut shown = String::new();
        for name in &self.name_stack[first..=last] {
            if !shown.is_empty() {
                shown.push('.');
            }
            match name.name {
                AttrName::Static(name) => shown.push_str(&crate::print::attr_name(name)),
                AttrName::Dynamic(id) => {
                    let (start, end) = self.spans[id.0 as usize];
                    let text = String::from_utf8_lossy(self.file.slice(start, end));
                    shown.push_str(&format!("\"${{{text}}}\""));
                }
            }
        }
        shown
    }

    #[cold]
    fn duplicate(&self, path: String, pos: u32, earlier: u32) -> Box<Diagnostic> {
        let at = self.file.line_column(earlier);
        let origin = self.file.origin();
        let message =
            format!("attribute '{path}' already defined at {origin}:{}:{}", at.line, at.column);
        let mut d = self.error("parse.duplicate-attribute", message, pos, pos + 1);
        self.label(&mut d, earlier, "first defined here");
        d
    }

    pub(super) fn label(&self, diagnostic: &mut Diagnostic, pos: u32, text: &str) {
        let span = Span::new(self.file.id(), pos, pos + 1);
        diagnostic.labels.push(firn_diag::Label { span, text: text.into() });
    }
}

/// A merge under way.
struct Merge {
    attrs: Vec<AttrDef>,
    next: usize,
    into: usize,
    /// How many groups `into` had before.
    groups: u32,
    depth: usize,
}

fn move_into<T>(table: &mut Vec<T>, items: &mut Vec<T>) -> Range32 {
    if items.is_empty() {
        return Range32::default();
    }
    let start = table.len() as u32;
    table.append(items);
    Range32 { start, len: table.len() as u32 - start }
}
