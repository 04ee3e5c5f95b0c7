//! Source expressions as messages quote them.

use std::path::Path;

use firn_syntax::ast::{Ast, AttrName, Expr, ExprId};

use crate::machine::Machine;
use crate::pos::Pos;

/// Parses the text that a position is in again.
fn reparse(m: &Machine, pos: Pos) -> Option<Ast> {
    let (file, _) = m.positions().resolve(pos)?;
    firn_syntax::parse(file, &m.parse_options()).ok()
}

/// The expression that spans `start..end` in the text where `pos` is, printed in one line.
pub(crate) fn source_expr(m: &Machine, pos: Pos, start: u32, end: u32) -> String {
    let found = reparse(m, pos).and_then(|ast| {
        let id = find(&ast, start, end, |_| true)?;
        Some(show(&ast, id))
    });
    found.unwrap_or_else(|| slice(m, pos, start, end))
}

/// The computed name number `index` of the selection that spans `start..end`.
pub(crate) fn path_name(m: &Machine, pos: Pos, start: u32, end: u32, index: usize) -> String {
    let found = reparse(m, pos).and_then(|ast| {
        let id =
            find(&ast, start, end, |e| matches!(e, Expr::Select { .. } | Expr::HasAttr { .. }))?;
        let (Expr::Select { path, .. } | Expr::HasAttr { path, .. }) = ast.expr(id) else {
            return None;
        };
        match ast.path(path).get(index)?.name {
            AttrName::Dynamic(e) => Some(show(&ast, e)),
            AttrName::Static(name) => Some(name.to_string()),
        }
    });
    found.unwrap_or_else(|| "…".to_owned())
}

fn find(ast: &Ast, start: u32, end: u32, wanted: impl Fn(Expr) -> bool) -> Option<ExprId> {
    (0..ast.len() as u32).rev().map(ExprId).find(|&id| {
        let span = ast.span(id);
        (span.start, span.end) == (start, end) && wanted(ast.expr(id))
    })
}

fn slice(m: &Machine, pos: Pos, start: u32, end: u32) -> String {
    match m.positions().resolve(pos) {
        Some((file, _)) => String::from_utf8_lossy(file.slice(start, end)).into_owned(),
        None => String::new(),
    }
}

fn show(ast: &Ast, id: ExprId) -> String {
    let folder = ast.file().origin().path().and_then(|p| p.parent()).unwrap_or(Path::new("/"));
    let text = firn_syntax::print::print_expr(ast, id, folder, Path::new("~"));
    String::from_utf8_lossy(&text).into_owned()
}
