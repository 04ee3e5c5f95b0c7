//! Functions: their heads, and braces that may be a set or a pattern.

use super::{Parser, Res, attrs};
use crate::ast::{Expr, ExprId, ExprIdOpt, Formal, Formals, Lambda, LambdaId, Range32};
use crate::lexer::{Tok, Token};
use crate::symbol::Symbol;

impl Parser<'_> {
    /// A function from its `:` on.
    pub(super) fn function(
        &mut self,
        start: u32,
        arg: Option<Symbol>,
        formals: Option<Formals>,
    ) -> Res<ExprId> {
        self.bump()?;
        let body = self.expr()?;
        if let Some(formals) = formals {
            self.check_formals(formals, start, arg)?;
        }
        let id = LambdaId(self.lambdas.len() as u32);
        self.lambdas.push(Lambda { arg, formals, body, name: None, doc: None });
        let function = self.push(Expr::Lambda(id), start);
        if let Some(doc) = self.doc_index(start) {
            self.document(function, doc);
        }
        Ok(function)
    }

    /// What begins with a brace: a pattern or a set.
    pub(super) fn braces(&mut self) -> Res<ExprId> {
        let start = self.bump()?.start;
        match self.tok.kind {
            Tok::BraceClose => {
                self.bump()?;
                if matches!(self.tok.kind, Tok::Colon | Tok::At) {
                    let formals = self.take_formals(self.formal_stack.len(), false);
                    return self.function_after_formals(start, formals);
                }
                let set = self.empty_set(start);
                self.expr_from(set, start)
            }
            Tok::Ellipsis => {
                let formals = self.formals(None)?;
                self.function_after_formals(start, formals)
            }
            Tok::Id => {
                let name = self.bump()?;
                match self.tok.kind {
                    Tok::Comma | Tok::Question | Tok::BraceClose => {
                        let formals = self.formals(Some(name))?;
                        self.function_after_formals(start, formals)
                    }
                    _ => {
                        let set = self.set_after_name(start, name)?;
                        self.expr_from(set, start)
                    }
                }
            }
            _ => {
                let set = self.bindings(start, attrs::Place::Set)?;
                self.expr_from(set, start)
            }
        }
    }

    fn function_after_formals(&mut self, start: u32, formals: Formals) -> Res<ExprId> {
        match self.tok.kind {
            Tok::Colon => self.function(start, None, Some(formals)),
            Tok::At => {
                self.bump()?;
                let name = self.expect(Tok::Id, &[Tok::Id])?;
                if self.tok.kind != Tok::Colon {
                    return Err(self.unexpected(&[Tok::Colon]));
                }
                self.function(start, Some(name.symbol), Some(formals))
            }
            _ => Err(self.unexpected(&[Tok::Colon, Tok::At])),
        }
    }

    /// The names of a pattern, after `{` or after its first name, up to and with `}`.
    pub(super) fn formals(&mut self, first: Option<Token>) -> Res<Formals> {
        let mark = self.formal_stack.len();
        let mut name = first;
        loop {
            let token = match (name.take(), self.tok.kind) {
                (Some(token), _) => token,
                (None, Tok::Id) => self.bump()?,
                (None, Tok::Ellipsis) => {
                    self.bump()?;
                    self.expect(Tok::BraceClose, &[Tok::BraceClose])?;
                    return Ok(self.take_formals(mark, true));
                }
                (None, Tok::BraceClose) => break,
                _ => return Err(self.unexpected(&[Tok::Id, Tok::Ellipsis, Tok::BraceClose])),
            };
            let default = match self.tok.kind {
                Tok::Question => {
                    self.bump()?;
                    Some(ExprIdOpt::new(self.expr()?))
                }
                _ => None,
            };
            self.formal_stack.push(Formal { name: token.symbol, default, pos: token.start });
            match self.tok.kind {
                Tok::Comma => self.bump()?,
                Tok::BraceClose => break,
                _ => return Err(self.unexpected(&[Tok::BraceClose, Tok::Comma])),
            };
        }
        self.bump()?;
        Ok(self.take_formals(mark, false))
    }

    fn take_formals(&mut self, mark: usize, ellipsis: bool) -> Formals {
        let start = self.formals.len() as u32;
        self.formals.extend(self.formal_stack.drain(mark..));
        let len = self.formals.len() as u32 - start;
        Formals { list: Range32 { start, len }, ellipsis }
    }

    fn check_formals(&self, formals: Formals, start: u32, arg: Option<Symbol>) -> Res<()> {
        let list = &self.formals[formals.list.indices()];
        let twice = match list.len() {
            0..=16 => (1..list.len()).find(|&i| list[..i].iter().any(|f| f.name == list[i].name)),
            _ => {
                let mut seen = rustc_hash::FxHashSet::default();
                list.iter().position(|formal| !seen.insert(formal.name))
            }
        };
        let fail = |name: Symbol, pos: u32, end: u32| {
            let message = format!("duplicate formal function argument '{name}'");
            Err(self.error("parse.duplicate-formal", message, pos, end))
        };
        if let Some(formal) = twice.map(|i| list[i]) {
            return fail(formal.name, formal.pos, formal.pos + formal.name.bytes().len() as u32);
        }
        match arg {
            Some(arg) if list.iter().any(|formal| formal.name == arg) => {
                fail(arg, start, start + 1)
            }
            _ => Ok(()),
        }
    }
}
