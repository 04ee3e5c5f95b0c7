//! Functions: curried plain parameters become one function of several arguments.

use std::sync::atomic::AtomicU64;

use firn_syntax::Symbol;
use firn_syntax::ast::{self, Expr, ExprId};

use super::Compiler;
use crate::code::{Delay, Formal, Formals, Lambda, Node};
use crate::error::{FrameText, R};
use crate::ops::vars;

/// A function's environment must stay small enough for slots of 16 bits.
const MAX_ARITY: usize = 64;

impl Compiler<'_> {
    pub(super) fn lambda(&mut self, id: ExprId) -> R<&'static Node> {
        let chain = self.chain(id);
        self.scopes.enter_function();
        let outer_frame = self.frame.take();
        let outside = self.scopes.clone();
        let result = self.lambda_inside(&chain);
        self.scopes = outside;
        self.frame = outer_frame;
        self.scopes.leave_function();
        let lambda = result?;
        let pos = self.pos(id);
        Ok(self.emit(vars::lambda, pos, Delay::Lambda, &[lambda as *const Lambda as u64]))
    }

    /// The functions that are called together: `x: y: { z }: …`.
    fn chain(&self, id: ExprId) -> Vec<(ExprId, ast::Lambda)> {
        let mut chain = Vec::new();
        let mut at = id;
        while let Expr::Lambda(l) = self.ast.expr(at) {
            let lambda = self.ast.lambda(l);
            chain.push((at, lambda));
            if lambda.formals.is_some() || chain.len() == MAX_ARITY || self.debugs() {
                break;
            }
            at = lambda.body;
        }
        chain
    }

    fn lambda_inside(&mut self, chain: &[(ExprId, ast::Lambda)]) -> R<&'static Lambda> {
        let arity = chain.len();
        let (Some(&(first_id, first)), Some(&(last_id, last))) = (chain.first(), chain.last())
        else {
            unreachable!("a chain has at least one function")
        };
        let args = chain.iter().zip(1..);
        let mut names: Vec<(Symbol, u32)> =
            args.filter_map(|((_, lambda), slot)| Some((lambda.arg?, slot))).collect();
        let mut next = arity as u32 + 1;
        let mut formals = None;
        if let Some(pattern) = last.formals {
            if last.arg.is_none() {
                next = arity as u32;
            }
            let list = self.ast.formals(pattern);
            let mut sorted: Vec<(ast::Formal, u32)> = Vec::with_capacity(list.len());
            for formal in list.iter() {
                names.push((formal.name, next));
                sorted.push((*formal, next));
                next += 1;
            }
            sorted.sort_by_key(|(f, _)| f.name);
            formals = Some((sorted, pattern.ellipsis, last.arg.is_some()));
        }
        self.scopes.bind(names);
        let formals = match formals {
            Some((list, ellipsis, whole)) => {
                Some(Formals { list: self.formals(&list)?, ellipsis, whole })
            }
            None => None,
        };
        // A debugger shows each scope for itself.
        self.frame = Some(next).filter(|_| !self.debugs());
        let body = self.spine(last.body)?;
        let pos = self.pos(last_id);
        let body = self.note(body, FrameText::Lambda(last.name), pos, self.pos(last.body));
        let slots = self.frame.unwrap_or(next) - 1;
        let lambda = Lambda {
            arity: arity as u16,
            slots: slots as u16,
            formals,
            body,
            name: last.name,
            pos: self.pos(last_id),
            outer_pos: self.pos(first_id),
            first_arg: first.arg,
            function_args: AtomicU64::new(0),
            cache: AtomicU64::new(0),
        };
        Ok(self.m.code.place(lambda))
    }

    fn formals(&mut self, list: &[(ast::Formal, u32)]) -> R<&'static [Formal]> {
        let mut out = Vec::with_capacity(list.len());
        for (formal, slot) in list {
            let default = match formal.default {
                Some(e) => Some(self.expr(e.get())?),
                None => None,
            };
            out.push(Formal {
                sym: formal.name,
                pos: self.pos_at(formal.pos),
                slot: *slot as u16,
                default,
            });
        }
        Ok(self.m.code.place_all(&out))
    }
}
