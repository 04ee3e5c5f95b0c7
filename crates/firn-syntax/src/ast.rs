//! The syntax tree that the evaluator compiles: flat tables, nodes by number.
//!
//! Everything that evaluation does not need to know is gone: parentheses, comments, escapes and the
//! indentation of strings; names are [`Symbol`]s; attribute paths `a.b.c = …` are nested sets,
//! merged where the language merges them. Children have smaller numbers than their parents, except
//! in sets that were merged. What is kept beyond evaluation is what messages, positions, `--parse`
//! and `:doc` need.
//!
//! **Positions.** Offsets are bytes in the source text of [`Ast::file`]. [`Ast::pos`] is where
//! CppNix places a node: operators at the operator, everything else at its first byte.

use std::borrow::Cow;
use std::sync::Arc;

use firn_diag::Diagnostic;
use firn_source::{FileId, SourceFile, Span};

use crate::kept::{Kept, Table};
use crate::symbol::Symbol;

/// Number of an expression in its [`Ast`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExprId(pub u32);

/// Number of an attribute set's description in its [`Ast`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AttrsId(pub u32);

/// Number of a function's description in its [`Ast`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LambdaId(pub u32);

/// A stretch of one of the tables; which one is said where it is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Range32 {
    /// Index of the first item.
    pub start: u32,
    /// How many items.
    pub len: u32,
}

impl Range32 {
    /// As indices.
    pub fn indices(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }

    /// Whether it holds nothing.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// Bytes of a string or path: a stretch of the tree's text table. See [`Ast::text`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Text(pub Range32);

/// Eight bytes that need only four bytes' alignment, so that [`Expr`] stays small.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wide([u32; 2]);

impl Wide {
    /// Holds these bits.
    pub fn new(bits: u64) -> Wide {
        Wide([bits as u32, (bits >> 32) as u32])
    }

    /// The bits.
    pub fn bits(self) -> u64 {
        u64::from(self.0[0]) | u64::from(self.0[1]) << 32
    }

    /// The bits as an integer.
    pub fn int(self) -> i64 {
        self.bits() as i64
    }

    /// The bits as a float.
    pub fn float(self) -> f64 {
        f64::from_bits(self.bits())
    }
}

/// How a path literal begins, which says what it is relative to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PathKind {
    /// `/a/b`.
    Absolute,
    /// `./a`, `../a`, `a/b`: relative to the folder of the source file.
    Relative,
    /// `~/a`: relative to the user's home; an error in pure evaluation.
    Home,
}

/// Operators with two operands. In the reference `-`, `*`, `/` and the comparisons are calls of the
/// variables `__sub`, `__mul`, `__div` and `__lessThan`: a program that binds one of these names
/// around the operator (`let __sub = …`) changes what it does. Nobody does, but a compiler looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryOp {
    /// `a + b`: numbers, strings or paths.
    Add,
    /// `a - b`, i.e. `__sub a b`.
    Sub,
    /// `a * b`, i.e. `__mul a b`.
    Mul,
    /// `a / b`, i.e. `__div a b`.
    Div,
    /// `a ++ b`.
    Concat,
    /// `a // b`.
    Update,
    /// `a == b`.
    Equal,
    /// `a != b`.
    NotEqual,
    /// `a < b`, i.e. `__lessThan a b`.
    Less,
    /// `a <= b`, i.e. `!(__lessThan b a)`.
    LessEqual,
    /// `a > b`, i.e. `__lessThan b a`.
    Greater,
    /// `a >= b`, i.e. `!(__lessThan a b)`.
    GreaterEqual,
    /// `a && b`.
    And,
    /// `a || b`.
    Or,
    /// `a -> b`.
    Implies,
}

/// One expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expr {
    /// An integer literal; [`Wide::int`].
    Int(Wide),
    /// A float literal; [`Wide::float`].
    Float(Wide),
    /// A string without interpolation, or a URL literal.
    Str(Text),
    /// A path without interpolation: the text as written ([`Ast::text`]). A relative or absolute
    /// one still has to be made canonical (`.`, `..`, repeated `/`).
    Path(PathKind, Text),
    /// `<text>`: calls `__findFile __nixPath "text"`, two variables that a program may bind itself
    /// (`scopedImport` and tests do).
    SearchPath(Text),
    /// A string with interpolations: [`Ast::parts`]. The result is a string also when there is one
    /// part only.
    Interpolated(Range32),
    /// A path with interpolations: [`Ast::parts`], the first is a [`Expr::Path`] whose trailing `/`
    /// stays. The parts are added to the first like with `+`.
    InterpolatedPath(Range32),
    /// A variable, to be resolved by the surrounding scopes.
    Var(Symbol),
    /// `__curPos`.
    CurPos,
    /// `base.path`, or `base.path or default`.
    Select {
        /// What is selected from.
        base: ExprId,
        /// Index for [`Ast::path`].
        path: PathId,
        /// After `or`.
        default: Option<ExprIdOpt>,
    },
    /// `base ? path`.
    HasAttr {
        /// What is looked in.
        base: ExprId,
        /// Index for [`Ast::path`].
        path: PathId,
    },
    /// `{ … }` or `rec { … }`.
    Attrs(AttrsId),
    /// `[ … ]`: [`Ast::list`].
    List(Range32),
    /// A function of one argument.
    Lambda(LambdaId),
    /// A call with one or more arguments ([`Ast::list`]): `f a b` is one call. Also `a |> f` and
    /// `f <| a`.
    Call {
        /// The function.
        function: ExprId,
        /// Arguments, in order.
        args: Range32,
    },
    /// `let … in body`. The set is never marked recursive, though its bindings see each other.
    Let {
        /// The bindings; no dynamic ones.
        bindings: AttrsId,
        /// The body.
        body: ExprId,
    },
    /// `with scope; body`.
    With {
        /// Whose attributes come into scope.
        scope: ExprId,
        /// The body.
        body: ExprId,
    },
    /// `assert condition; body`.
    Assert {
        /// What must be true.
        condition: ExprId,
        /// The body.
        body: ExprId,
    },
    /// `if condition then yes else no`.
    If {
        /// The condition.
        condition: ExprId,
        /// Value if true.
        yes: ExprId,
        /// Value if false.
        no: ExprId,
    },
    /// `!a`.
    Not(ExprId),
    /// `-a`, i.e. `__sub 0 a`; see [`BinaryOp`].
    Negate(ExprId),
    /// `left op right`.
    Binary {
        /// Which.
        op: BinaryOp,
        /// Left operand.
        left: ExprId,
        /// Right operand.
        right: ExprId,
        /// Offset of the operator in the source.
        at: u32,
    },
}

/// Number of an attribute path in its [`Ast`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PathId(pub u32);

/// An [`ExprId`] such that an `Option` of it needs no more room. See [`ExprIdOpt::get`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ExprIdOpt(std::num::NonZeroU32);

impl ExprIdOpt {
    /// Packs an id.
    pub fn new(id: ExprId) -> ExprIdOpt {
        ExprIdOpt(std::num::NonZeroU32::MIN.saturating_add(id.0))
    }

    /// The id.
    pub fn get(self) -> ExprId {
        ExprId(self.0.get() - 1)
    }
}

/// One piece of an interpolated string or path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// A [`Expr::Str`] for text between interpolations, or the interpolated expression.
    pub expr: ExprId,
    /// Offset of the text, or of `${`.
    pub pos: u32,
}

/// One name of an attribute path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttrName {
    /// Known when parsing: `a`, `"a"`, `${"a"}`.
    Static(Symbol),
    /// `${e}` or `"…${e}…"`.
    Dynamic(ExprId),
}

/// One name of an attribute path and where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PathName {
    /// The name.
    pub name: AttrName,
    /// Offset of its first byte.
    pub pos: u32,
}

/// How an attribute was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttrKind {
    /// `name = value;` also within a path.
    Plain,
    /// `inherit name;`: the value is a variable looked up *outside* the set, also if it is `rec`
    /// or a `let`.
    Inherited,
    /// `inherit (from) name;`: an index into the set's [`AttrSet::inherit_from`]. The value is a
    /// [`Expr::Select`] of the name from that expression, which is evaluated at most once for the
    /// whole group, in the scope of the set's own values.
    InheritedFrom(u32),
}

/// One attribute with a static name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AttrDef {
    /// The name; no other attribute of the set has it.
    pub name: Symbol,
    /// How it was given.
    pub kind: AttrKind,
    /// The value.
    pub value: ExprId,
    /// Offset of the attribute path's first byte, as `unsafeGetAttrPos` gives it.
    pub pos: u32,
}

/// One attribute whose name is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DynamicAttr {
    /// The name; `null` means that there is no such attribute.
    pub name: ExprId,
    /// The value.
    pub value: ExprId,
    /// Offset of the attribute path's first byte.
    pub pos: u32,
}

/// What is in the braces of a set or between `let` and `in`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AttrSet {
    /// Whether it is `rec`.
    pub recursive: bool,
    /// [`Ast::attr_defs`], in the order of the source.
    pub attrs: Range32,
    /// [`Ast::dynamic_attrs`], in the order of the source. Their names and values see the set's own
    /// scope if it is recursive.
    pub dynamic: Range32,
    /// [`Ast::list`]: the expressions of `inherit (…)`. In a recursive set and a `let` they see the
    /// set's own scope.
    pub inherit_from: Range32,
}

/// A function's head and body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lambda {
    /// `arg:`, `arg@{…}:` or `{…}@arg:`.
    pub arg: Option<Symbol>,
    /// The pattern, if there is one.
    pub formals: Option<Formals>,
    /// The body.
    pub body: ExprId,
    /// The name of the attribute or variable that the function was bound to; for messages.
    pub name: Option<Symbol>,
    /// The doc comment that speaks for it, as an index into [`Ast::docs`].
    pub doc: Option<u32>,
}

/// A pattern: `{ a, b ? 1, ... }`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Formals {
    /// [`Ast::formals`], in the order of the source.
    pub list: Range32,
    /// Whether there is an `...`.
    pub ellipsis: bool,
}

/// One name of a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Formal {
    /// The name.
    pub name: Symbol,
    /// The value after `?`; it sees all names of the pattern and the `@` name.
    pub default: Option<ExprIdOpt>,
    /// Offset of the name.
    pub pos: u32,
}

/// A doc comment `/** … */` and the token that follows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Doc {
    /// Offset of the token that the comment stands before, or of the attribute's value.
    pub pos: u32,
    /// Offset of the comment.
    pub start: u32,
    /// Offset after the comment.
    pub end: u32,
}

/// The syntax tree of one source text.
#[derive(Clone, Debug)]
pub struct Ast {
    pub(crate) file: Arc<SourceFile>,
    pub(crate) root: ExprId,
    pub(crate) tables: Tables,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Where the parts of a tree are.
#[derive(Clone, Debug)]
pub(crate) enum Tables {
    /// As the parser made them.
    Parsed(Arc<Parsed>),
    /// As they were kept.
    Kept(Arc<Kept>),
}

/// The parts of a tree as the parser makes them.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub exprs: Vec<Expr>,
    pub spans: Vec<(u32, u32)>,
    pub ids: Vec<ExprId>,
    pub parts: Vec<Part>,
    pub paths: Vec<Range32>,
    pub names: Vec<PathName>,
    pub sets: Vec<AttrSet>,
    pub attrs: Vec<AttrDef>,
    pub dynamic: Vec<DynamicAttr>,
    pub lambdas: Vec<Lambda>,
    pub formals: Vec<Formal>,
    pub texts: Vec<u8>,
    pub docs: Vec<Doc>,
    pub value_docs: Vec<Doc>,
    /// Parenthesised expressions with the offset of the outermost parenthesis, by id.
    pub parens: Vec<Paren>,
    /// See [`Ast::free_names`].
    pub free: std::sync::OnceLock<Vec<Symbol>>,
}

/// An expression in parentheses, and the offset of the outermost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Paren {
    pub inner: ExprId,
    pub start: u32,
}

/// Reads an item of a table, wherever it is.
macro_rules! item {
    ($self:ident, $table:ident, $kept:ident, $index:expr) => {
        match &$self.tables {
            Tables::Parsed(parsed) => parsed.$table[$index as usize],
            Tables::Kept(kept) => kept.item(Table::$kept, $index as usize),
        }
    };
}

/// Reads a stretch of a table, wherever it is.
macro_rules! items {
    ($self:ident, $table:ident, $kept:ident, $range:expr) => {
        match &$self.tables {
            Tables::Parsed(parsed) => Cow::Borrowed(&parsed.$table[$range.indices()]),
            Tables::Kept(kept) => Cow::Owned(kept.items(Table::$kept, $range.indices())),
        }
    };
}

impl Ast {
    /// The whole expression.
    pub fn root(&self) -> ExprId {
        self.root
    }

    /// The source text.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// The id of the source text.
    pub fn file_id(&self) -> FileId {
        self.file.id()
    }

    /// How many expressions there are; every [`ExprId`] is below.
    pub fn len(&self) -> usize {
        match &self.tables {
            Tables::Parsed(parsed) => parsed.exprs.len(),
            Tables::Kept(kept) => kept.len(Table::Exprs),
        }
    }

    /// Never: a tree has a root.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many attribute sets and `let`s there are; every [`AttrsId`] is below.
    pub(crate) fn sets(&self) -> usize {
        match &self.tables {
            Tables::Parsed(parsed) => parsed.sets.len(),
            Tables::Kept(kept) => kept.len(Table::Sets),
        }
    }

    /// The expression with this id.
    pub fn expr(&self, id: ExprId) -> Expr {
        item!(self, exprs, Exprs, id.0)
    }

    fn bounds(&self, id: ExprId) -> (u32, u32) {
        match &self.tables {
            Tables::Parsed(parsed) => parsed.spans[id.0 as usize],
            Tables::Kept(kept) => kept.span(id.0 as usize),
        }
    }

    /// The source span of an expression, without parentheses around it.
    pub fn span(&self, id: ExprId) -> Span {
        let (start, end) = self.bounds(id);
        Span::new(self.file_id(), start, end)
    }

    /// The offset where CppNix places an expression: the operator of a [`Expr::Binary`] (and of a
    /// pipe call), behind the quote of an interpolated string, the first byte of anything else.
    pub fn pos(&self, id: ExprId) -> u32 {
        if let Tables::Kept(kept) = &self.tables {
            return kept.pos(id.0 as usize);
        }
        match self.expr(id) {
            Expr::Binary { at, .. } => at,
            Expr::Interpolated(_) => {
                let start = self.bounds(id).0;
                start + u32::from(self.file.text().get(start as usize) == Some(&b'"'))
            }
            _ => self.bounds(id).0,
        }
    }

    /// The first byte of an expression, or of the outermost parenthesis around it: the position of
    /// operands of `+`.
    pub fn outer_start(&self, id: ExprId) -> u32 {
        let paren = match &self.tables {
            Tables::Parsed(parsed) => {
                let after = parsed.parens.partition_point(|paren| paren.inner <= id);
                after.checked_sub(1).map(|last| parsed.parens[last])
            }
            Tables::Kept(kept) => kept.last_paren(id),
        };
        match paren {
            Some(paren) if paren.inner == id => paren.start,
            _ => self.bounds(id).0,
        }
    }

    /// Elements of a list, arguments of a call, or the expressions of `inherit (…)`.
    pub fn list(&self, range: Range32) -> Cow<'_, [ExprId]> {
        items!(self, ids, Ids, range)
    }

    /// Parts of an interpolated string or path.
    pub fn parts(&self, range: Range32) -> Cow<'_, [Part]> {
        items!(self, parts, Parts, range)
    }

    /// The names of an attribute path; at least one.
    pub fn path(&self, path: PathId) -> Cow<'_, [PathName]> {
        let range: Range32 = item!(self, paths, Paths, path.0);
        items!(self, names, PathNames, range)
    }

    /// An attribute set's or `let`'s description.
    pub fn attrs(&self, id: AttrsId) -> AttrSet {
        item!(self, sets, Sets, id.0)
    }

    /// The statically named attributes of a set.
    pub fn attr_defs(&self, id: AttrsId) -> Cow<'_, [AttrDef]> {
        items!(self, attrs, Attrs, self.attrs(id).attrs)
    }

    /// The dynamically named attributes of a set.
    pub fn dynamic_attrs(&self, id: AttrsId) -> Cow<'_, [DynamicAttr]> {
        items!(self, dynamic, Dynamic, self.attrs(id).dynamic)
    }

    /// The expressions of a set's `inherit (…)` groups.
    pub fn inherit_from(&self, id: AttrsId) -> Cow<'_, [ExprId]> {
        self.list(self.attrs(id).inherit_from)
    }

    /// A function's description.
    pub fn lambda(&self, id: LambdaId) -> Lambda {
        item!(self, lambdas, Lambdas, id.0)
    }

    /// The names of a pattern.
    pub fn formals(&self, formals: Formals) -> Cow<'_, [Formal]> {
        items!(self, formals, Formals, formals.list)
    }

    /// The bytes of a string or path literal.
    pub fn text(&self, text: Text) -> &[u8] {
        match &self.tables {
            Tables::Parsed(parsed) => &parsed.texts[text.0.indices()],
            Tables::Kept(kept) => kept.text(text.0.indices()),
        }
    }

    /// The variables outside of any `with` that nothing in the text binds.
    pub fn free_names(&self) -> Cow<'_, [Symbol]> {
        match &self.tables {
            Tables::Parsed(parsed) => {
                Cow::Borrowed(parsed.free.get_or_init(|| crate::scope::free_names(self)))
            }
            Tables::Kept(kept) => Cow::Owned(kept.all(Table::Free)),
        }
    }

    /// What the settings ask to warn about.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The doc comments that stand before a token, sorted by [`Doc::pos`].
    pub fn docs(&self) -> Cow<'_, [Doc]> {
        match &self.tables {
            Tables::Parsed(parsed) => Cow::Borrowed(&parsed.docs),
            Tables::Kept(kept) => Cow::Owned(kept.all(Table::Docs)),
        }
    }

    fn value_docs(&self) -> Cow<'_, [Doc]> {
        match &self.tables {
            Tables::Parsed(parsed) => Cow::Borrowed(&parsed.value_docs),
            Tables::Kept(kept) => Cow::Owned(kept.all(Table::ValueDocs)),
        }
    }

    /// The doc comment for the token or attribute value at an offset.
    pub fn doc_at(&self, pos: u32) -> Option<Doc> {
        let find =
            |docs: &[Doc]| docs.binary_search_by_key(&pos, |doc| doc.pos).ok().map(|i| docs[i]);
        find(&self.docs()).or_else(|| find(&self.value_docs()))
    }
}

const _: () = assert!(size_of::<Expr>() == 16, "an expression takes 16 bytes");
