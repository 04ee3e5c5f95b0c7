//! Nodes that a debugger sees, see [`crate::debug`].

use firn_syntax::ast::{Expr, ExprId};

use super::Compiler;
use crate::code::{Delay, Node};
use crate::debug::{Point, Visible, noted};
use crate::error::FrameText;
use crate::pos::Pos;

impl Compiler<'_> {
    /// Whether there is a debugger.
    pub(super) fn debugs(&self) -> bool {
        self.m.debug.is_some()
    }

    /// A node behind one that notes what is done, if there is a debugger.
    pub(super) fn note(
        &mut self,
        node: &'static Node,
        text: impl Into<FrameText>,
        pos: Pos,
        expr_pos: Pos,
    ) -> &'static Node {
        if !self.debugs() || node.delay == Delay::Const {
            return node;
        }
        let visible = self.visible();
        let point = Point { text: text.into(), pos, expr_pos, visible };
        let point = self.m.debug_point(point);
        self.emit(noted, node.pos, Delay::Thunk, &[node.word_of(), point])
    }

    /// Notes calls and selections.
    pub(super) fn note_expr(&mut self, id: ExprId, node: &'static Node) -> &'static Node {
        let pos = self.pos(id);
        match self.ast.expr(id) {
            Expr::Call { .. } => self.note(node, "while calling a function", pos, pos),
            Expr::Select { path, .. } => {
                let names = self.ast.path(path);
                let names = names.iter().map(|name| match name.name {
                    firn_syntax::ast::AttrName::Static(name) => crate::print::attr_name(name),
                    firn_syntax::ast::AttrName::Dynamic(_) => "\"${...}\"".to_owned(),
                });
                let names: Vec<String> = names.collect();
                let text = format!("while evaluating the attribute '{}'", names.join("."));
                self.note(node, text, pos, pos)
            }
            _ => node,
        }
    }

    fn visible(&mut self) -> Visible {
        self.scopes.visible()
    }
}
