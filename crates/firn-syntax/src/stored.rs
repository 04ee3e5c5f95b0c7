//! Trees as bytes, to be kept between runs.
//!
//! The format is private to one version of this crate: [`FORMAT`] changes with its sources, and what
//! was written under another is not read. Numbers are 32 bits, little-endian: a header, the tables in
//! their order, the ends of the names; then come the bytes of names and texts. Names have numbers of
//! their own. Trees are read where they are, see [`crate::kept`].

use std::sync::Arc;

use firn_source::SourceFile;
use rustc_hash::FxHashMap;

use crate::ast::*;
use crate::kept::{HEADER, Kept, NAMES, ROOT, SOURCE, Stretch, TABLE_COUNT, TABLES, TEXTS, Table};
use crate::symbol::Symbol;

/// Says which trees this program can read: a hash of this crate's sources.
pub const FORMAT: &str = env!("FIRN_SYNTAX_SOURCES");

impl Ast {
    /// The tree as bytes; nothing for one with warnings, which must be given again each time.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        if !self.warnings.is_empty() {
            return None;
        }
        let parsed = match &self.tables {
            Tables::Parsed(parsed) => parsed,
            Tables::Kept(kept) => return Some(kept.bytes().to_vec()),
        };
        let mut writer = Writer::default();
        writer.tables(parsed, &self.free_names(), self.file.text());
        let mut header = [0; HEADER];
        header[ROOT] = self.root.0;
        header[NAMES] = writer.names.len() as u32;
        header[TEXTS] = parsed.texts.len() as u32;
        header[SOURCE] = self.file.length() as u32;
        header[TABLES..].copy_from_slice(&writer.lengths);
        let mut words = header.to_vec();
        words.append(&mut writer.out);
        let mut end = 0;
        for name in &writer.names {
            end += name.bytes().len() as u32;
            words.push(end);
        }
        let mut bytes = Vec::with_capacity(words.len() * 4 + end as usize + parsed.texts.len());
        bytes.extend(words.into_iter().flat_map(u32::to_le_bytes));
        for name in &writer.names {
            bytes.extend_from_slice(name.bytes());
        }
        bytes.extend_from_slice(&parsed.texts);
        Some(bytes)
    }

    /// The tree of a source text in what [`Ast::to_bytes`] made of it; nothing if the bytes are not
    /// whole. The caller makes sure that they are of this text and unchanged: others give another tree
    /// or a senseless one.
    pub fn from_bytes(file: &Arc<SourceFile>, bytes: Stretch) -> Option<Ast> {
        let (kept, root) = Kept::new(bytes, file.length())?;
        let tables = Tables::Kept(Arc::new(kept));
        Some(Ast { file: file.clone(), root, tables, warnings: Vec::new() })
    }
}

#[derive(Default)]
struct Writer {
    out: Vec<u32>,
    lengths: [u32; TABLE_COUNT],
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

    /// Writes a table of items of so many words each.
    fn table<T, const N: usize>(
        &mut self,
        table: Table,
        items: impl ExactSizeIterator<Item = T>,
        words: impl Fn(&mut Self, T) -> [u32; N],
    ) {
        debug_assert_eq!(N, table.words());
        self.lengths[table as usize] = items.len() as u32;
        self.out.reserve(items.len() * N);
        for item in items {
            let words = words(self, item);
            self.out.extend(words);
        }
    }

    /// The tables in their order.
    fn tables(&mut self, tree: &Parsed, free: &[Symbol], text: &[u8]) {
        let exprs = tree.exprs.iter().zip(&tree.spans);
        self.table(Table::Exprs, exprs, |w, (expr, &(start, end))| {
            let [tag, a, b, mut c] = w.expr(expr);
            if tag == INTERPOLATED {
                c = u32::from(text.get(start as usize) == Some(&b'"'));
            }
            [tag, a, b, c, start, end]
        });
        self.table(Table::Ids, tree.ids.iter(), |_, id| [id.0]);
        self.table(Table::Parts, tree.parts.iter(), |_, part| [part.expr.0, part.pos]);
        self.table(Table::Paths, tree.paths.iter(), |_, path| [path.start, path.len]);
        self.table(Table::PathNames, tree.names.iter(), |w, path_name| {
            let (kind, number) = match path_name.name {
                AttrName::Static(name) => (0, w.name(name)),
                AttrName::Dynamic(id) => (1, id.0),
            };
            [kind, number, path_name.pos]
        });
        self.table(Table::Sets, tree.sets.iter(), |_, set| {
            let (attrs, dynamic, from) = (set.attrs, set.dynamic, set.inherit_from);
            let recursive = u32::from(set.recursive);
            [recursive, attrs.start, attrs.len, dynamic.start, dynamic.len, from.start, from.len]
        });
        self.table(Table::Attrs, tree.attrs.iter(), |w, attr| {
            let kind = match attr.kind {
                AttrKind::Plain => 0,
                AttrKind::Inherited => 1,
                AttrKind::InheritedFrom(index) => index + 2,
            };
            [w.name(attr.name), kind, attr.value.0, attr.pos]
        });
        self.table(Table::Dynamic, tree.dynamic.iter(), |_, a| [a.name.0, a.value.0, a.pos]);
        self.table(Table::Lambdas, tree.lambdas.iter(), Writer::lambda);
        self.table(Table::Formals, tree.formals.iter(), |w, formal| {
            [w.name(formal.name), optional_id(formal.default), formal.pos]
        });
        self.table(Table::Docs, tree.docs.iter(), |_, doc| [doc.pos, doc.start, doc.end]);
        self.table(Table::ValueDocs, tree.value_docs.iter(), |_, d| [d.pos, d.start, d.end]);
        self.table(Table::Parens, tree.parens.iter(), |_, paren| [paren.inner.0, paren.start]);
        self.table(Table::Free, free.iter(), |w, &name| [w.name(name)]);
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
            Expr::Interpolated(r) => range(INTERPOLATED, r),
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

/// Has in its last word how far the place is behind the start.
pub(crate) const INTERPOLATED: u32 = 7;
pub(crate) const FIRST_OPERATOR: u32 = 32;

pub(crate) const OPERATORS: [BinaryOp; 15] = [
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

    /// All that can be asked of a tree.
    fn contents(ast: &Ast) -> Vec<String> {
        let mut all = vec![format!("{:?} {:?} {:?}", ast.root(), ast.docs(), ast.free_names())];
        for id in (0..ast.len() as u32).map(ExprId) {
            let expr = ast.expr(id);
            let places = (ast.span(id), ast.pos(id), ast.outer_start(id), ast.doc_at(ast.pos(id)));
            let inside = match expr {
                Expr::Str(t) | Expr::Path(_, t) | Expr::SearchPath(t) => {
                    format!("{:?}", ast.text(t))
                }
                Expr::Interpolated(parts) | Expr::InterpolatedPath(parts) => {
                    format!("{:?}", ast.parts(parts))
                }
                Expr::Select { path, .. } | Expr::HasAttr { path, .. } => {
                    format!("{:?}", ast.path(path))
                }
                Expr::Attrs(set) | Expr::Let { bindings: set, .. } => {
                    let (attrs, dynamic) = (ast.attr_defs(set), ast.dynamic_attrs(set));
                    format!(
                        "{:?} {attrs:?} {dynamic:?} {:?}",
                        ast.attrs(set),
                        ast.inherit_from(set)
                    )
                }
                Expr::List(ids) | Expr::Call { args: ids, .. } => format!("{:?}", ast.list(ids)),
                Expr::Lambda(id) => {
                    let lambda = ast.lambda(id);
                    format!("{lambda:?} {:?}", lambda.formals.map(|formals| ast.formals(formals)))
                }
                _ => String::new(),
            };
            all.push(format!("{id:?} {expr:?} {places:?} {inside}"));
        }
        all
    }

    #[test]
    fn what_was_written_reads_back() {
        let file = file(TEXT.as_bytes());
        let ast = parse(&file, &ParseOptions::default()).unwrap();
        let bytes = ast.to_bytes().unwrap();
        let back = Ast::from_bytes(&file, bytes.clone().into()).unwrap();
        assert_eq!(contents(&ast), contents(&back));
        assert_eq!(back.to_bytes().unwrap(), bytes);
    }

    #[test]
    fn what_is_not_whole_does_not_read() {
        let source = file(TEXT.as_bytes());
        let bytes = parse(&source, &ParseOptions::default()).unwrap().to_bytes().unwrap();
        for length in (0..bytes.len()).step_by(if cfg!(miri) { 499 } else { 1 }) {
            let part = bytes[..length].to_vec();
            assert!(Ast::from_bytes(&source, part.into()).is_none(), "{length} bytes");
        }
        assert!(Ast::from_bytes(&file(b"1"), bytes.into()).is_none());
    }

    #[test]
    fn other_bytes_read_as_something() {
        let source = file(TEXT.as_bytes());
        let bytes = parse(&source, &ParseOptions::default()).unwrap().to_bytes().unwrap();
        for at in (0..bytes.len()).step_by(if cfg!(miri) { 499 } else { 1 }) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x55;
            if let Some(ast) = Ast::from_bytes(&source, bytes.into()) {
                drop(contents(&ast));
            }
        }
    }
}
