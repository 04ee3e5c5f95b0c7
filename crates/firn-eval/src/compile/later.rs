//! Compiling when it is needed. Of a large file only a small part is evaluated as a rule, so what
//! bindings are bound to is compiled when somebody asks for it: until then a short node stands there,
//! which afterwards is replaced where it stood and leads on from where it was taken to.

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use firn_syntax::Symbol;
use firn_syntax::ast::{Ast, Expr, ExprId};

use super::Compiler;
use super::scope::Scopes;
use crate::code::{Delay, Node};
use crate::error::R;
use crate::machine::Machine;
use crate::value::{Env, Value};

/// Expressions of fewer bytes are compiled at once.
const LATER_FROM: u32 = 20;

/// A file of which parts are not compiled yet.
pub(crate) struct Unit {
    pub ast: Ast,
    /// Number of the text's first position.
    pub base: u32,
    /// Directory that relative paths start from.
    pub dir: Vec<u8>,
}

/// A place in a file from which compiling may go on.
#[derive(Clone)]
pub(crate) struct Later {
    unit: Rc<Unit>,
    scopes: Scopes,
}

/// As [`super::compile`], but most of the file only when it is needed. All variables that nothing in the
/// file binds are names of `scope` or global ones.
pub(crate) fn compile_file(m: &mut Machine, unit: Rc<Unit>, scope: &[Symbol]) -> R<&'static Node> {
    compiler(m, &unit, Scopes::of_file(scope)).expr(unit.ast.root())
}

fn compiler<'a>(m: &'a mut Machine, unit: &'a Rc<Unit>, scopes: Scopes) -> Compiler<'a> {
    let (ast, base, dir) = (&unit.ast, unit.base, &unit.dir);
    Compiler { m, ast, base, dir, unit: Some(unit.clone()), scopes, frame: None }
}

impl Compiler<'_> {
    /// The node of what a binding is bound to, or one that compiles it.
    pub(super) fn value_of_binding(&mut self, id: ExprId) -> R<&'static Node> {
        let span = self.ast.span(id);
        let plain = || {
            let expr = self.ast.expr(id);
            matches!(
                expr,
                Expr::Str(_) | Expr::Path(..) | Expr::Select { .. } | Expr::HasAttr { .. }
            )
        };
        match self.unit.clone() {
            Some(unit) if span.end - span.start >= LATER_FROM && !plain() => {
                Ok(self.later(unit, id))
            }
            _ => self.expr(id),
        }
    }

    /// Words: the number of the place and (upper half) the expression; the node when it is compiled; the
    /// address of the word by which the node above leads here, if it may change.
    fn later(&mut self, unit: Rc<Unit>, id: ExprId) -> &'static Node {
        let places = &mut self.m.unfinished;
        let same = |last: &Later| Rc::ptr_eq(&last.unit, &unit) && last.scopes.is(&self.scopes);
        if !places.last().is_some_and(same) {
            places.push(Later { unit, scopes: self.scopes.clone() });
        }
        let place = places.len() as u64 - 1;
        let pos = self.pos(id);
        self.emit(later, pos, Delay::Later, &[place | u64::from(id.0) << 32, 0, 0])
    }
}

/// Notes in nodes that compile something where `parent` leads to them: its words from `first` on.
pub(super) fn adopt(
    parent: &'static Node,
    first: usize,
    children: &[&'static Node],
) -> &'static Node {
    for (index, child) in children.iter().enumerate() {
        if child.delay == Delay::Later {
            let cell: *const AtomicU64 = parent.cell(first + index);
            child.cell(2).store(cell as u64, Ordering::Relaxed);
        }
    }
    parent
}

fn later(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    match node.child_opt(1) {
        Some(compiled) => compiled.eval(m, env),
        None => compile_now(m, node)?.eval(m, env),
    }
}

#[cold]
#[inline(never)]
fn compile_now(m: &mut Machine, node: &'static Node) -> R<&'static Node> {
    let word = node.word(0);
    let place = m.unfinished[word as u32 as usize].clone();
    let id = ExprId((word >> 32) as u32);
    let compiled = compiler(m, &place.unit, place.scopes).expr(id)?;
    node.cell(1).store(compiled.word_of(), Ordering::Relaxed);
    // SAFETY: `adopt` wrote the address of a word of a node, and nodes stay as long as the machine.
    if let Some(cell) = unsafe { (node.word(2) as *const AtomicU64).as_ref() } {
        cell.store(compiled.word_of(), Ordering::Relaxed);
    }
    Ok(compiled)
}
