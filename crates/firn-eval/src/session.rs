//! Texts that a user types one after the other: expressions and bindings over a growing scope, read
//! first and evaluated later, so that a prompt can ask for the rest of what is not complete.

use std::sync::Arc;

use firn_source::{Origin, SourceFile};

use crate::attrs::Attrs;
use crate::code::Node;
use crate::error::R;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::value::{Env, Value};

/// A text that was read and not evaluated yet.
#[derive(Clone, Copy)]
pub struct Prepared {
    node: &'static Node,
    env: Env,
}

impl Machine {
    /// Reads an expression whose outermost variables are the attributes of `scope`. Relative paths
    /// start from `dir`.
    ///
    /// # Errors
    /// The text is no expression (then the error is of the kind `Syntax`), or uses a variable that
    /// nobody defined.
    pub fn prepare(&mut self, text: &[u8], dir: &str, scope: Attrs) -> R<Prepared> {
        self.prepare_beginning(text, text.len(), dir, scope)
    }

    /// Reads what stands before an offset of a text; errors show the whole text.
    pub(crate) fn prepare_beginning(
        &mut self,
        text: &[u8],
        end: usize,
        dir: &str,
        scope: Attrs,
    ) -> R<Prepared> {
        let shown = self.add_source(Origin::String, text)?;
        let base = self.positions.add(shown.clone());
        let file = match end == text.len() {
            true => shown,
            false => self.add_source(Origin::String, &text[..end])?,
        };
        let ast = match firn_syntax::parse(&file, &self.parse_options()) {
            Ok(ast) => ast,
            Err(diagnostic) => return Err(self.syntax_error(*diagnostic, base)),
        };
        self.compile_prepared(&ast, base, dir, scope)
    }

    /// Reads bindings such as `a = 1; inherit (b) c;`, of which the last may lack its semicolon.
    /// Evaluating them gives a set; their values see `scope` and not each other.
    ///
    /// # Errors
    /// As for [`Machine::prepare`].
    pub fn prepare_bindings(&mut self, text: &[u8], dir: &str, scope: Attrs) -> R<Prepared> {
        let file = self.add_source(Origin::String, text)?;
        let base = self.positions.add(file.clone());
        let ast = match self.parse_bindings(&file) {
            Ok(ast) => ast,
            Err(_) => {
                // The same text with the semicolon: offsets stay as they are.
                let longer = self.add_source(Origin::String, [text, b";"].concat())?;
                match self.parse_bindings(&longer) {
                    Ok(ast) => ast,
                    Err(diagnostic) => return Err(self.syntax_error(*diagnostic, base)),
                }
            }
        };
        self.compile_prepared(&ast, base, dir, scope)
    }

    fn parse_bindings(
        &self,
        file: &Arc<SourceFile>,
    ) -> Result<firn_syntax::ast::Ast, Box<firn_diag::Diagnostic>> {
        firn_syntax::parse_bindings(file, &self.parse_options())
    }

    fn compile_prepared(
        &mut self,
        ast: &firn_syntax::ast::Ast,
        base: u32,
        dir: &str,
        scope: Attrs,
    ) -> R<Prepared> {
        if !ast.warnings().is_empty() {
            self.parser_warnings(ast);
        }
        let (names, env) = self.scope_env(Some(scope));
        let node = crate::compile::compile(self, ast, base, dir.as_bytes(), &names)?;
        Ok(Prepared { node, env })
    }

    /// Evaluates what was read.
    ///
    /// # Errors
    /// Whatever evaluation raises.
    pub fn evaluate(&mut self, prepared: Prepared) -> R<Value> {
        prepared.node.eval(self, prepared.env).and_then(|value| self.force_at(value, Pos::NONE))
    }

    /// Where a function was written; nowhere for builtins and other values.
    pub fn function_pos(&self, v: Value) -> Pos {
        self.pos_of(v)
    }

    /// The names that are variables everywhere.
    pub fn global_variables(&self) -> impl Iterator<Item = String> + '_ {
        self.globals.keys().map(|name| name.text().into_owned())
    }
}
