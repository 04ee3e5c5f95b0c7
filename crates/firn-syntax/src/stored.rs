//! Trees as bytes, to be kept between runs.
//!
//! The format is private to one version of this crate: [`FORMAT`] changes with its sources, and what
//! was written under another is not read. Numbers are 32 bits, little-endian: the lengths of all
//! tables, the tables, and then the bytes of names and texts. Names have numbers of their own, so
//! that each is looked up once when a tree is read.

use std::sync::Arc;

use firn_source::SourceFile;
use rustc_hash::FxHashMap;

use crate::ast::*;
use crate::symbol::Symbol;

/// Says which trees this program can read: a hash of this crate's sources.
pub const FORMAT: &str = env!("FIRN_SYNTAX_SOURCES");

/// Numbers at the start: the root and the lengths of the tables.
const HEADER: usize = 19;

impl Ast {
    /// The tree as bytes; nothing for one with warnings, which must be given again each time.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        if !self.warnings.is_empty() {
            return None;
        }
        let mut writer = Writer::default();
        writer.tables(self);
        let mut header = vec![
            self.root.0,
            self.exprs.len() as u32,
            self.ids.len() as u32,
            self.parts.len() as u32,
            self.paths.len() as u32,
            self.names.len() as u32,
            self.sets.len() as u32,
            self.attrs.len() as u32,
            self.dynamic.len() as u32,
            self.lambdas.len() as u32,
            self.formals.len() as u32,
            self.docs.len() as u32,
            self.value_docs.len() as u32,
            self.parens.len() as u32,
            writer.names.len() as u32,
            writer.names.iter().map(|name| name.bytes().len() as u32).sum(),
            self.texts.len() as u32,
            self.file.text().len() as u32,
            // One more than the number of free names; 0 if nobody looked for them.
            self.free.as_ref().map_or(0, |free| free.len() as u32 + 1),
        ];
        debug_assert_eq!(header.len(), HEADER);
        header.append(&mut writer.out);
        header.extend(writer.names.iter().map(|name| name.bytes().len() as u32));
        let mut bytes = Vec::with_capacity(header.len() * 4 + self.texts.len());
        bytes.extend(header.into_iter().flat_map(u32::to_le_bytes));
        for name in &writer.names {
            bytes.extend_from_slice(name.bytes());
        }
        bytes.extend_from_slice(&self.texts);
        Some(bytes)
    }

    /// The tree of a source text from what [`Ast::to_bytes`] made of it; nothing if the bytes are not
    /// whole. The caller makes sure that they are of this text and unchanged.
    pub fn from_bytes(file: &Arc<SourceFile>, bytes: &[u8]) -> Option<Ast> {
        let (words, _) = bytes.as_chunks::<4>();
        let mut reader = Reader { words, at: 0, names: Vec::new() };
        let mut header = [0; HEADER];
        for word in &mut header {
            *word = reader.word()? as usize;
        }
        let [
            root,
            exprs,
            ids,
            parts,
            paths,
            path_names,
            sets,
            attrs,
            dynamic,
            lambdas,
            formals,
            docs,
            value_docs,
            parens,
            names,
            name_bytes,
            texts,
            length,
            free,
        ] = header;
        let tables = exprs * 6
            + ids
            + parts * 2
            + paths * 2
            + path_names * 3
            + sets * 7
            + attrs * 4
            + dynamic * 3
            + lambdas * 7
            + formals * 3
            + (docs + value_docs) * 3
            + parens * 2
            + free.saturating_sub(1);
        let names_at = HEADER + tables;
        let whole = (names_at + names) * 4 + name_bytes + texts;
        if whole != bytes.len() || length != file.text().len() {
            return None;
        }
        reader.read_names(names_at, names, &bytes[(names_at + names) * 4..]);
        Some(Ast {
            file: file.clone(),
            root: ExprId(root as u32),
            exprs: reader.table(exprs, Reader::expr)?,
            spans: reader.table(exprs, |r| Some((r.word()?, r.word()?)))?,
            ids: reader.table(ids, Reader::id)?,
            parts: reader.table(parts, |r| Some(Part { expr: r.id()?, pos: r.word()? }))?,
            paths: reader.table(paths, Reader::range)?,
            names: reader.table(path_names, Reader::path_name)?,
            sets: reader.table(sets, Reader::set)?,
            attrs: reader.table(attrs, Reader::attr)?,
            dynamic: reader.table(dynamic, |r| {
                Some(DynamicAttr { name: r.id()?, value: r.id()?, pos: r.word()? })
            })?,
            lambdas: reader.table(lambdas, Reader::lambda)?,
            formals: reader.table(formals, |r| {
                Some(Formal { name: r.name()?, default: r.optional_id()?, pos: r.word()? })
            })?,
            docs: reader.table(docs, Reader::doc)?,
            value_docs: reader.table(value_docs, Reader::doc)?,
            parens: reader.table(parens, |r| Some((r.id()?, r.word()?)))?,
            free: match free.checked_sub(1) {
                Some(count) => Some(reader.table(count, Reader::name)?),
                None => None,
            },
            texts: bytes[bytes.len() - texts..].to_vec(),
            warnings: Vec::new(),
        })
    }
}

#[derive(Default)]
struct Writer {
    out: Vec<u32>,
    names: Vec<Symbol>,
    numbers: FxHashMap<Symbol, u32>,
}

impl Writer {
    fn name(&mut self, name: Symbol) -> u32 {
        *self.numbers.entry(name).or_insert_with(|| {
            self.names.push(name);
            self.names.len() as u32 - 1
        })
    }

    /// 0 for nothing.
    fn optional_name(&mut self, name: Option<Symbol>) -> u32 {
        name.map_or(0, |name| self.name(name) + 1)
    }

    fn tables(&mut self, ast: &Ast) {
        self.out.reserve(ast.exprs.len() * 8);
        for expr in &ast.exprs {
            let words = self.expr(expr);
            self.out.extend(words);
        }
        self.out.extend(ast.spans.iter().flat_map(|&(start, end)| [start, end]));
        self.out.extend(ast.ids.iter().map(|id| id.0));
        self.out.extend(ast.parts.iter().flat_map(|part| [part.expr.0, part.pos]));
        self.out.extend(ast.paths.iter().flat_map(|path| [path.start, path.len]));
        for path_name in &ast.names {
            let (kind, number) = match path_name.name {
                AttrName::Static(name) => (0, self.name(name)),
                AttrName::Dynamic(id) => (1, id.0),
            };
            self.out.extend([kind, number, path_name.pos]);
        }
        for set in &ast.sets {
            self.out.push(u32::from(set.recursive));
            for range in [set.attrs, set.dynamic, set.inherit_from] {
                self.out.extend([range.start, range.len]);
            }
        }
        for attr in &ast.attrs {
            let kind = match attr.kind {
                AttrKind::Plain => 0,
                AttrKind::Inherited => 1,
                AttrKind::InheritedFrom(index) => index + 2,
            };
            let name = self.name(attr.name);
            self.out.extend([name, kind, attr.value.0, attr.pos]);
        }
        self.out.extend(ast.dynamic.iter().flat_map(|a| [a.name.0, a.value.0, a.pos]));
        for lambda in &ast.lambdas {
            let words = self.lambda(lambda);
            self.out.extend(words);
        }
        for formal in &ast.formals {
            let name = self.name(formal.name);
            self.out.extend([name, optional_id(formal.default), formal.pos]);
        }
        let docs = ast.docs.iter().chain(&ast.value_docs);
        self.out.extend(docs.flat_map(|doc| [doc.pos, doc.start, doc.end]));
        self.out.extend(ast.parens.iter().flat_map(|&(id, start)| [id.0, start]));
        for &name in ast.free.iter().flatten() {
            let name = self.name(name);
            self.out.push(name);
        }
    }

    fn lambda(&mut self, lambda: &Lambda) -> [u32; 7] {
        let (pattern, list) = match lambda.formals {
            None => (0, Range32::default()),
            Some(formals) => (1 + u32::from(formals.ellipsis), formals.list),
        };
        [
            self.optional_name(lambda.arg),
            pattern,
            list.start,
            list.len,
            lambda.body.0,
            self.optional_name(lambda.name),
            lambda.doc.map_or(0, |doc| doc + 1),
        ]
    }

    fn expr(&mut self, expr: &Expr) -> [u32; 4] {
        let wide = |tag, w: Wide| [tag, w.bits() as u32, (w.bits() >> 32) as u32, 0];
        let range = |tag, r: Range32| [tag, r.start, r.len, 0];
        match *expr {
            Expr::Int(w) => wide(0, w),
            Expr::Float(w) => wide(1, w),
            Expr::Str(t) => range(2, t.0),
            Expr::Path(PathKind::Absolute, t) => range(3, t.0),
            Expr::Path(PathKind::Relative, t) => range(4, t.0),
            Expr::Path(PathKind::Home, t) => range(5, t.0),
            Expr::SearchPath(t) => range(6, t.0),
            Expr::Interpolated(r) => range(7, r),
            Expr::InterpolatedPath(r) => range(8, r),
            Expr::Var(name) => [9, self.name(name), 0, 0],
            Expr::CurPos => [10, 0, 0, 0],
            Expr::Select { base, path, default } => [11, base.0, path.0, optional_id(default)],
            Expr::HasAttr { base, path } => [12, base.0, path.0, 0],
            Expr::Attrs(set) => [13, set.0, 0, 0],
            Expr::List(r) => range(14, r),
            Expr::Lambda(lambda) => [15, lambda.0, 0, 0],
            Expr::Call { function, args } => [16, function.0, args.start, args.len],
            Expr::Let { bindings, body } => [17, bindings.0, body.0, 0],
            Expr::With { scope, body } => [18, scope.0, body.0, 0],
            Expr::Assert { condition, body } => [19, condition.0, body.0, 0],
            Expr::If { condition, yes, no } => [20, condition.0, yes.0, no.0],
            Expr::Not(a) => [21, a.0, 0, 0],
            Expr::Negate(a) => [22, a.0, 0, 0],
            Expr::Binary { op, left, right, at } => {
                let op = OPERATORS.iter().position(|&known| known == op).unwrap_or(0);
                [FIRST_OPERATOR + op as u32, left.0, right.0, at]
            }
        }
    }
}

/// 0 for nothing.
fn optional_id(id: Option<ExprIdOpt>) -> u32 {
    id.map_or(0, |id| id.get().0 + 1)
}

const FIRST_OPERATOR: u32 = 32;

const OPERATORS: [BinaryOp; 15] = [
    BinaryOp::Add,
    BinaryOp::Sub,
    BinaryOp::Mul,
    BinaryOp::Div,
    BinaryOp::Concat,
    BinaryOp::Update,
    BinaryOp::Equal,
    BinaryOp::NotEqual,
    BinaryOp::Less,
    BinaryOp::LessEqual,
    BinaryOp::Greater,
    BinaryOp::GreaterEqual,
    BinaryOp::And,
    BinaryOp::Or,
    BinaryOp::Implies,
];

struct Reader<'a> {
    words: &'a [[u8; 4]],
    at: usize,
    names: Vec<Symbol>,
}

impl Reader<'_> {
    #[inline(always)]
    fn word(&mut self) -> Option<u32> {
        let word = *self.words.get(self.at)?;
        self.at += 1;
        Some(u32::from_le_bytes(word))
    }

    fn read_names(&mut self, at: usize, count: usize, mut bytes: &[u8]) {
        self.names.reserve(count);
        for length in &self.words[at..at + count] {
            let length = (u32::from_le_bytes(*length) as usize).min(bytes.len());
            let (name, rest) = bytes.split_at(length);
            self.names.push(Symbol::intern(name));
            bytes = rest;
        }
    }

    fn table<T>(&mut self, count: usize, each: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut table = Vec::with_capacity(count);
        for _ in 0..count {
            table.push(each(self)?);
        }
        Some(table)
    }

    fn id(&mut self) -> Option<ExprId> {
        self.word().map(ExprId)
    }

    fn optional_id(&mut self) -> Option<Option<ExprIdOpt>> {
        self.word().map(id_or_none)
    }

    fn range(&mut self) -> Option<Range32> {
        Some(Range32 { start: self.word()?, len: self.word()? })
    }

    fn name(&mut self) -> Option<Symbol> {
        let number = self.word()?;
        self.names.get(number as usize).copied()
    }

    fn optional_name(&mut self) -> Option<Option<Symbol>> {
        match self.word()? {
            0 => Some(None),
            number => self.names.get(number as usize - 1).map(|name| Some(*name)),
        }
    }

    fn path_name(&mut self) -> Option<PathName> {
        let name = match self.word()? {
            0 => AttrName::Static(self.name()?),
            _ => AttrName::Dynamic(self.id()?),
        };
        Some(PathName { name, pos: self.word()? })
    }

    fn set(&mut self) -> Option<AttrSet> {
        Some(AttrSet {
            recursive: self.word()? != 0,
            attrs: self.range()?,
            dynamic: self.range()?,
            inherit_from: self.range()?,
        })
    }

    fn attr(&mut self) -> Option<AttrDef> {
        let name = self.name()?;
        let kind = match self.word()? {
            0 => AttrKind::Plain,
            1 => AttrKind::Inherited,
            index => AttrKind::InheritedFrom(index - 2),
        };
        Some(AttrDef { name, kind, value: self.id()?, pos: self.word()? })
    }

    fn lambda(&mut self) -> Option<Lambda> {
        let arg = self.optional_name()?;
        let pattern = self.word()?;
        let list = self.range()?;
        Some(Lambda {
            arg,
            formals: (pattern > 0).then_some(Formals { list, ellipsis: pattern == 2 }),
            body: self.id()?,
            name: self.optional_name()?,
            doc: self.word()?.checked_sub(1),
        })
    }

    fn doc(&mut self) -> Option<Doc> {
        Some(Doc { pos: self.word()?, start: self.word()?, end: self.word()? })
    }

    fn expr(&mut self) -> Option<Expr> {
        let (tag, a, b, c) = (self.word()?, self.word()?, self.word()?, self.word()?);
        let wide = Wide::new(u64::from(a) | u64::from(b) << 32);
        let range = Range32 { start: a, len: b };
        let (id, second) = (ExprId(a), ExprId(b));
        Some(match tag {
            0 => Expr::Int(wide),
            1 => Expr::Float(wide),
            2 => Expr::Str(Text(range)),
            3 => Expr::Path(PathKind::Absolute, Text(range)),
            4 => Expr::Path(PathKind::Relative, Text(range)),
            5 => Expr::Path(PathKind::Home, Text(range)),
            6 => Expr::SearchPath(Text(range)),
            7 => Expr::Interpolated(range),
            8 => Expr::InterpolatedPath(range),
            9 => Expr::Var(*self.names.get(a as usize)?),
            10 => Expr::CurPos,
            11 => Expr::Select { base: id, path: PathId(b), default: id_or_none(c) },
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
                let op = *OPERATORS.get(tag.checked_sub(FIRST_OPERATOR)? as usize)?;
                Expr::Binary { op, left: id, right: second, at: c }
            }
        })
    }
}

fn id_or_none(number: u32) -> Option<ExprIdOpt> {
    number.checked_sub(1).map(|id| ExprIdOpt::new(ExprId(id)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{ParseOptions, parse};
    use firn_source::{Origin, SourceMap};

    const TEXT: &str = r#"
        /** doc */ { a, b ? 1, c ? "x", ... }@args: x@{ y }: z:
        let inherit (a) q "r"; f = x: -x; /** f */ g = !true; in
        with args; assert a ? b.${c}."d" -> 1 <= 2 || 3 != 4 && [ ] ++ [ 1 2.5 ] == [ ];
        rec { inherit a; b.c = 1; "${c}" = ''
          text ${toString 1}
          more''; d = a.b.c or (f 1 2); e = <nixpkgs>; p = [ ./a ~/b /c ./a/${b} __curPos ]; }
        // (if a < b then a - b * c / d else a + b)
    "#;

    fn file(text: &[u8]) -> Arc<SourceFile> {
        SourceMap::new().add(Origin::String, text).unwrap()
    }

    #[test]
    fn what_was_written_reads_back() {
        let file = file(TEXT.as_bytes());
        let ast = parse(&file, &ParseOptions::default()).unwrap();
        let bytes = ast.to_bytes().unwrap();
        let back = Ast::from_bytes(&file, &bytes).unwrap();
        assert_eq!(format!("{ast:?}"), format!("{back:?}"));
    }

    #[test]
    fn what_is_not_whole_does_not_read() {
        let source = file(TEXT.as_bytes());
        let bytes = parse(&source, &ParseOptions::default()).unwrap().to_bytes().unwrap();
        for length in 0..bytes.len() {
            assert!(Ast::from_bytes(&source, &bytes[..length]).is_none(), "{length} bytes");
        }
        assert!(Ast::from_bytes(&file(b"1"), &bytes).is_none());
    }
}
