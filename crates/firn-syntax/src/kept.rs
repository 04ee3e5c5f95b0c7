//! A kept tree, read where it lies: only what somebody asks for is looked at, and names become symbols
//! when they are first met. See [`crate::stored`] for how it is written.
//!
//! Bytes that are not what was written give a senseless tree, but nothing worse.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use memmap2::Mmap;

use crate::ast::*;
use crate::stored::{FIRST_OPERATOR, INTERPOLATED, OPERATORS};
use crate::symbol::Symbol;

/// Words of the header before the lengths of the tables: the root, the number of names, bytes of texts,
/// bytes of the source.
pub(crate) const ROOT: usize = 0;
pub(crate) const NAMES: usize = 1;
pub(crate) const TEXTS: usize = 2;
pub(crate) const SOURCE: usize = 3;
pub(crate) const TABLES: usize = 4;
pub(crate) const TABLE_COUNT: usize = 14;
pub(crate) const HEADER: usize = TABLES + TABLE_COUNT;

/// The tables in their order.
#[derive(Clone, Copy)]
pub(crate) enum Table {
    Exprs,
    Ids,
    Parts,
    Paths,
    PathNames,
    Sets,
    Attrs,
    Dynamic,
    Lambdas,
    Formals,
    Docs,
    ValueDocs,
    Parens,
    Free,
}

const EXPR_WORDS: usize = 6;
/// Words of an item of each table.
const ITEM_WORDS: [usize; TABLE_COUNT] = [EXPR_WORDS, 1, 2, 2, 3, 7, 4, 3, 7, 3, 3, 3, 2, 1];

impl Table {
    pub fn words(self) -> usize {
        ITEM_WORDS[self as usize]
    }
}

/// Bytes within others that somebody keeps.
#[derive(Clone)]
pub struct Stretch {
    whole: Whole,
    range: Range<usize>,
}

#[derive(Clone)]
enum Whole {
    Mapped(Arc<Mmap>),
    Owned(Arc<Vec<u8>>),
}

impl Stretch {
    /// The bytes of a mapped file in `range`; none where there are none.
    pub fn new(whole: Arc<Mmap>, range: Range<usize>) -> Stretch {
        Stretch { whole: Whole::Mapped(whole), range }
    }

    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        let whole: &[u8] = match &self.whole {
            Whole::Mapped(file) => file,
            Whole::Owned(bytes) => bytes,
        };
        whole.get(self.range.clone()).unwrap_or_default()
    }
}

impl From<Vec<u8>> for Stretch {
    fn from(bytes: Vec<u8>) -> Stretch {
        let range = 0..bytes.len();
        Stretch { whole: Whole::Owned(Arc::new(bytes)), range }
    }
}

impl std::fmt::Debug for Stretch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.range)
    }
}

/// A tree in its kept form.
#[derive(Debug)]
pub(crate) struct Kept {
    stretch: Stretch,
    lengths: [u32; TABLE_COUNT],
    /// Words before each table, and before the ends of names.
    starts: [usize; TABLE_COUNT + 1],
    /// Bytes before the names.
    names_at: usize,
    texts_at: usize,
    /// The symbol of each name that was met, else 0.
    names: Box<[AtomicU32]>,
}

impl Kept {
    /// The tree in some bytes and its root; nothing if they are too few or too many, or of a source of
    /// another length.
    pub fn new(stretch: Stretch, source: usize) -> Option<(Kept, ExprId)> {
        let bytes = stretch.bytes();
        let (words, _) = bytes.as_chunks::<4>();
        let header: Vec<u32> =
            words.get(..HEADER)?.iter().map(|word| u32::from_le_bytes(*word)).collect();
        let mut lengths = [0; TABLE_COUNT];
        lengths.copy_from_slice(&header[TABLES..]);
        let mut starts = [HEADER; TABLE_COUNT + 1];
        for (table, &length) in lengths.iter().enumerate() {
            starts[table + 1] = starts[table] + length as usize * ITEM_WORDS[table];
        }
        let names = header[NAMES] as usize;
        let ends = starts[TABLE_COUNT];
        let name_bytes = match names {
            0 => 0,
            _ => u32::from_le_bytes(*words.get(ends + names - 1)?) as usize,
        };
        let names_at = (ends + names) * 4;
        let texts_at = names_at + name_bytes;
        if texts_at + header[TEXTS] as usize != bytes.len() || header[SOURCE] as usize != source {
            return None;
        }
        let names = (0..names).map(|_| AtomicU32::new(0)).collect();
        let kept = Kept { lengths, starts, names_at, texts_at, names, stretch };
        Some((kept, ExprId(header[ROOT])))
    }

    /// The tree as it was kept.
    pub fn bytes(&self) -> &[u8] {
        self.stretch.bytes()
    }

    pub fn len(&self, table: Table) -> usize {
        self.lengths[table as usize] as usize
    }

    #[inline]
    fn words(&self, table: Table, index: usize) -> Words<'_> {
        let at = (self.starts[table as usize] + index * table.words()) * 4;
        Words { kept: self, left: self.bytes().get(at..).unwrap_or_default() }
    }

    /// An item of a table.
    pub fn item<T: Item>(&self, table: Table, index: usize) -> T {
        T::read(&mut self.words(table, index))
    }

    /// Some items of a table.
    pub fn items<T: Item>(&self, table: Table, range: Range<usize>) -> Vec<T> {
        let mut words = self.words(table, range.start);
        let end = range.end.min(self.len(table));
        (range.start..end).map(|_| T::read(&mut words)).collect()
    }

    /// All items of a table.
    pub fn all<T: Item>(&self, table: Table) -> Vec<T> {
        self.items(table, 0..self.len(table))
    }

    /// Start and end of an expression.
    pub fn span(&self, index: usize) -> (u32, u32) {
        let [.., start, end] = self.expr_words(index);
        (start, end)
    }

    /// The words of an expression.
    #[inline]
    fn expr_words(&self, index: usize) -> [u32; EXPR_WORDS] {
        let words = self.words(Table::Exprs, index).left.as_chunks::<4>().0;
        match words.first_chunk::<EXPR_WORDS>() {
            Some(words) => words.map(u32::from_le_bytes),
            None => [0; EXPR_WORDS],
        }
    }

    /// See [`Ast::pos`].
    pub fn pos(&self, index: usize) -> u32 {
        let [tag, _, _, last, start, _] = self.expr_words(index);
        match tag {
            INTERPOLATED => start.wrapping_add(last),
            FIRST_OPERATOR.. => last,
            _ => start,
        }
    }

    /// The last expression in parentheses that is not after this one.
    pub fn last_paren(&self, id: ExprId) -> Option<Paren> {
        let (mut from, mut to) = (0, self.len(Table::Parens));
        while from < to {
            let middle = from.midpoint(to);
            let paren: Paren = self.item(Table::Parens, middle);
            if paren.inner <= id { from = middle + 1 } else { to = middle }
        }
        Some(self.item(Table::Parens, from.checked_sub(1)?))
    }

    /// Bytes of the table of texts.
    pub fn text(&self, range: Range<usize>) -> &[u8] {
        self.bytes().get(self.texts_at + range.start..self.texts_at + range.end).unwrap_or_default()
    }

    fn name(&self, number: u32) -> Symbol {
        let number = number as usize;
        let known =
            self.names.get(number).and_then(|n| Symbol::from_u32(n.load(Ordering::Relaxed)));
        known.unwrap_or_else(|| self.first_met(number))
    }

    fn first_met(&self, number: usize) -> Symbol {
        let at = self.starts[TABLE_COUNT] + number;
        let end = |at: usize| {
            let (words, _) = self.bytes().as_chunks::<4>();
            words.get(at).map_or(0, |word| u32::from_le_bytes(*word) as usize)
        };
        let start = if number == 0 { 0 } else { end(at - 1) };
        let bytes = self.bytes().get(self.names_at + start..self.names_at + end(at));
        let symbol = Symbol::intern(bytes.unwrap_or_default());
        if let Some(known) = self.names.get(number) {
            known.store(symbol.as_u32(), Ordering::Relaxed);
        }
        symbol
    }
}

/// The words of an item and of those behind it. Beyond the end there are zeros.
pub(crate) struct Words<'a> {
    kept: &'a Kept,
    left: &'a [u8],
}

impl Words<'_> {
    #[inline(always)]
    fn next(&mut self) -> u32 {
        let Some((word, left)) = self.left.split_first_chunk::<4>() else { return 0 };
        self.left = left;
        u32::from_le_bytes(*word)
    }

    fn name(&mut self) -> Symbol {
        let number = self.next();
        self.kept.name(number)
    }

    /// 0 is nothing.
    fn optional_name(&mut self) -> Option<Symbol> {
        self.next().checked_sub(1).map(|number| self.kept.name(number))
    }

    fn id(&mut self) -> ExprId {
        ExprId(self.next())
    }

    fn range(&mut self) -> Range32 {
        Range32 { start: self.next(), len: self.next() }
    }
}

fn optional_id(number: u32) -> Option<ExprIdOpt> {
    number.checked_sub(1).map(|id| ExprIdOpt::new(ExprId(id)))
}

/// What is in a table.
pub(crate) trait Item {
    fn read(words: &mut Words<'_>) -> Self;
}

impl Item for ExprId {
    fn read(words: &mut Words<'_>) -> ExprId {
        words.id()
    }
}

impl Item for Symbol {
    fn read(words: &mut Words<'_>) -> Symbol {
        words.name()
    }
}

impl Item for Part {
    fn read(words: &mut Words<'_>) -> Part {
        Part { expr: words.id(), pos: words.next() }
    }
}

impl Item for Range32 {
    fn read(words: &mut Words<'_>) -> Range32 {
        words.range()
    }
}

impl Item for PathName {
    fn read(words: &mut Words<'_>) -> PathName {
        let name = match words.next() {
            0 => AttrName::Static(words.name()),
            _ => AttrName::Dynamic(words.id()),
        };
        PathName { name, pos: words.next() }
    }
}

impl Item for AttrSet {
    fn read(words: &mut Words<'_>) -> AttrSet {
        AttrSet {
            recursive: words.next() != 0,
            attrs: words.range(),
            dynamic: words.range(),
            inherit_from: words.range(),
        }
    }
}

impl Item for AttrDef {
    fn read(words: &mut Words<'_>) -> AttrDef {
        let name = words.name();
        let kind = match words.next() {
            0 => AttrKind::Plain,
            1 => AttrKind::Inherited,
            index => AttrKind::InheritedFrom(index - 2),
        };
        AttrDef { name, kind, value: words.id(), pos: words.next() }
    }
}

impl Item for DynamicAttr {
    fn read(words: &mut Words<'_>) -> DynamicAttr {
        DynamicAttr { name: words.id(), value: words.id(), pos: words.next() }
    }
}

impl Item for Lambda {
    fn read(words: &mut Words<'_>) -> Lambda {
        let arg = words.optional_name();
        let pattern = words.next();
        let list = words.range();
        Lambda {
            arg,
            formals: (pattern > 0).then_some(Formals { list, ellipsis: pattern == 2 }),
            body: words.id(),
            name: words.optional_name(),
            doc: words.next().checked_sub(1),
        }
    }
}

impl Item for Formal {
    fn read(words: &mut Words<'_>) -> Formal {
        let name = words.name();
        Formal { name, default: optional_id(words.next()), pos: words.next() }
    }
}

impl Item for Doc {
    fn read(words: &mut Words<'_>) -> Doc {
        Doc { pos: words.next(), start: words.next(), end: words.next() }
    }
}

impl Item for Paren {
    fn read(words: &mut Words<'_>) -> Paren {
        Paren { inner: words.id(), start: words.next() }
    }
}

impl Item for Expr {
    fn read(words: &mut Words<'_>) -> Expr {
        let (tag, a, b, c) = (words.next(), words.next(), words.next(), words.next());
        let wide = Wide::new(u64::from(a) | u64::from(b) << 32);
        let range = Range32 { start: a, len: b };
        let (id, second) = (ExprId(a), ExprId(b));
        match tag {
            0 => Expr::Int(wide),
            1 => Expr::Float(wide),
            2 => Expr::Str(Text(range)),
            3 => Expr::Path(PathKind::Absolute, Text(range)),
            4 => Expr::Path(PathKind::Relative, Text(range)),
            5 => Expr::Path(PathKind::Home, Text(range)),
            6 => Expr::SearchPath(Text(range)),
            INTERPOLATED => Expr::Interpolated(range),
            8 => Expr::InterpolatedPath(range),
            9 => Expr::Var(words.kept.name(a)),
            10 => Expr::CurPos,
            11 => Expr::Select { base: id, path: PathId(b), default: optional_id(c) },
            12 => Expr::HasAttr { base: id, path: PathId(b) },
            13 => Expr::Attrs(AttrsId(a)),
            14 => Expr::List(range),
            15 => Expr::Lambda(LambdaId(a)),
            16 => Expr::Call { function: id, args: Range32 { start: b, len: c } },
            17 => Expr::Let { bindings: AttrsId(a), body: second },
            18 => Expr::With { scope: id, body: second },
            19 => Expr::Assert { condition: id, body: second },
            20 => Expr::If { condition: id, yes: second, no: ExprId(c) },
            21 => Expr::Not(id),
            22 => Expr::Negate(id),
            _ => {
                let op = OPERATORS.get(tag.wrapping_sub(FIRST_OPERATOR) as usize);
                let op = op.copied().unwrap_or(BinaryOp::Add);
                Expr::Binary { op, left: id, right: second, at: c }
            }
        }
    }
}
