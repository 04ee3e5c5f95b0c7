//! Expressions.

use super::{Lint, Parser, Res, attrs};
use crate::ast::{
    AttrName, AttrSet, BinaryOp, Expr, ExprId, ExprIdOpt, Paren, PathId, PathName, Range32, Wide,
};
use crate::lexer::{Tok, Token};
use crate::symbol::{Symbol, sym};

/// How tightly `!` and unary `-` hold their operand.
const NOT_LEVEL: u8 = 7;
const NEGATE_LEVEL: u8 = 12;
const HAS_ATTR_LEVEL: u8 = 11;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Neither,
}

/// Level (higher holds tighter), associativity and meaning of an operator.
#[inline]
fn operator(kind: Tok) -> Option<(u8, Side, BinaryOp)> {
    Some(match kind {
        Tok::Implies => (1, Side::Right, BinaryOp::Implies),
        Tok::Or => (2, Side::Left, BinaryOp::Or),
        Tok::And => (3, Side::Left, BinaryOp::And),
        Tok::Eq => (4, Side::Neither, BinaryOp::Equal),
        Tok::NotEq => (4, Side::Neither, BinaryOp::NotEqual),
        Tok::Less => (5, Side::Neither, BinaryOp::Less),
        Tok::LessEq => (5, Side::Neither, BinaryOp::LessEqual),
        Tok::Greater => (5, Side::Neither, BinaryOp::Greater),
        Tok::GreaterEq => (5, Side::Neither, BinaryOp::GreaterEqual),
        Tok::Update => (6, Side::Right, BinaryOp::Update),
        Tok::Plus => (8, Side::Left, BinaryOp::Add),
        Tok::Minus => (8, Side::Left, BinaryOp::Sub),
        Tok::Star => (9, Side::Left, BinaryOp::Mul),
        Tok::Slash => (9, Side::Left, BinaryOp::Div),
        Tok::Concat => (10, Side::Right, BinaryOp::Concat),
        _ => return None,
    })
}

/// Whether an expression that needs no parentheses as an argument begins so.
#[inline]
fn starts_simple(kind: Tok) -> bool {
    use Tok::*;
    matches!(
        kind,
        Id | Quote
            | IndOpen
            | Int
            | Float
            | Path
            | HomePath
            | SearchPath
            | Uri
            | ParenOpen
            | BraceOpen
            | BracketOpen
            | Let
            | Rec
    )
}

impl Parser<'_> {
    /// Any expression.
    pub(super) fn expr(&mut self) -> Res<ExprId> {
        self.nested(Self::expr_here)
    }

    fn expr_here(&mut self) -> Res<ExprId> {
        match self.tok.kind {
            Tok::Id => self.name_or_function(),
            Tok::BraceOpen => self.braces(),
            Tok::Let => self.let_in(),
            Tok::If => self.conditional(),
            Tok::With => self.with(),
            Tok::Assert => self.assert(),
            _ => {
                let left = self.operators(0)?;
                self.pipes(left)
            }
        }
    }

    /// The rest of an expression that begins with `first`.
    pub(super) fn expr_from(&mut self, first: ExprId, start: u32) -> Res<ExprId> {
        let first = self.selection_from(first, start)?;
        let left = self.call_from(first, start)?;
        let left = self.operators_from(left, start, 0)?;
        self.pipes(left)
    }

    fn name_or_function(&mut self) -> Res<ExprId> {
        let name = self.bump()?;
        match self.tok.kind {
            Tok::Colon => self.function(name.start, Some(name.symbol), None),
            Tok::At => {
                self.bump()?;
                if self.tok.kind != Tok::BraceOpen {
                    return Err(self.unexpected(&[Tok::BraceOpen]));
                }
                self.bump()?;
                let formals = self.formals(None)?;
                if self.tok.kind != Tok::Colon {
                    return Err(self.unexpected(&[Tok::Colon]));
                }
                self.function(name.start, Some(name.symbol), Some(formals))
            }
            _ => {
                let first = self.variable(name);
                self.expr_from(first, name.start)
            }
        }
    }

    fn variable(&mut self, name: Token) -> ExprId {
        let expr = match name.symbol {
            sym::CUR_POS => Expr::CurPos,
            symbol => Expr::Var(symbol),
        };
        self.push_span(expr, name.start, name.end)
    }

    fn let_in(&mut self) -> Res<ExprId> {
        let start = self.bump()?.start;
        if self.tok.kind == Tok::BraceOpen {
            let set = self.legacy_let(start)?;
            return self.expr_from(set, start);
        }
        let set = self.bindings(start, attrs::Place::Let)?;
        let Expr::Attrs(bindings) = self.exprs[set.0 as usize] else { return Ok(set) };
        self.expect(Tok::In, &[Tok::In, Tok::Inherit])?;
        let body = self.expr()?;
        let AttrSet { dynamic, .. } = self.sets[bindings.0 as usize];
        if !dynamic.is_empty() {
            let pos = self.dynamic[dynamic.start as usize].pos;
            let message = "dynamic attributes not allowed in let".into();
            let mut d = self.error("parse.dynamic-let", message, start, start + 3);
            self.label(&mut d, pos, "this name is computed");
            return Err(d);
        }
        Ok(self.push(Expr::Let { bindings, body }, start))
    }

    /// `let { …; body = …; }` from its brace on.
    fn legacy_let(&mut self, start: u32) -> Res<ExprId> {
        self.bump()?;
        let set = self.bindings(start, attrs::Place::Recursive)?;
        let path = self.static_path(sym::BODY, start);
        Ok(self.push(Expr::Select { base: set, path, default: None }, start))
    }

    pub(super) fn static_path(&mut self, name: Symbol, pos: u32) -> PathId {
        let start = self.names.len() as u32;
        self.names.push(PathName { name: AttrName::Static(name), pos });
        self.paths.push(Range32 { start, len: 1 });
        PathId(self.paths.len() as u32 - 1)
    }

    fn conditional(&mut self) -> Res<ExprId> {
        let start = self.bump()?.start;
        let condition = self.expr()?;
        self.expect(Tok::Then, &[Tok::Then])?;
        let yes = self.expr()?;
        self.expect(Tok::Else, &[Tok::Else])?;
        let no = self.expr()?;
        Ok(self.push(Expr::If { condition, yes, no }, start))
    }

    fn with(&mut self) -> Res<ExprId> {
        let start = self.bump()?.start;
        let scope = self.expr()?;
        self.expect(Tok::Semi, &[Tok::Semi])?;
        let body = self.expr()?;
        Ok(self.push(Expr::With { scope, body }, start))
    }

    fn assert(&mut self) -> Res<ExprId> {
        let start = self.bump()?.start;
        let condition = self.expr()?;
        self.expect(Tok::Semi, &[Tok::Semi])?;
        let body = self.expr()?;
        Ok(self.push(Expr::Assert { condition, body }, start))
    }

    /// `left |> f |> g` or `f <| g <| right`; the two don't mix.
    fn pipes(&mut self, mut left: ExprId) -> Res<ExprId> {
        match self.tok.kind {
            Tok::PipeInto => {
                while self.tok.kind == Tok::PipeInto {
                    let at = self.bump()?.start;
                    let function = self.operators(0)?;
                    left = self.call(function, &[left], at);
                }
                Ok(left)
            }
            Tok::PipeFrom => self.pipe_from(left),
            _ => Ok(left),
        }
    }

    fn pipe_from(&mut self, first: ExprId) -> Res<ExprId> {
        let mut functions = vec![];
        let mut last = first;
        while self.tok.kind == Tok::PipeFrom {
            let at = self.bump()?.start;
            functions.push((last, at));
            last = self.operators(0)?;
        }
        for (function, at) in functions.into_iter().rev() {
            last = self.call(function, &[last], at);
        }
        Ok(last)
    }

    /// A call; a function that is itself a call takes the arguments as further ones.
    fn call(&mut self, function: ExprId, new: &[ExprId], at: u32) -> ExprId {
        let start = self.ids.len() as u32;
        let (function, at) = match self.exprs[function.0 as usize] {
            Expr::Call { function: inner, args } => {
                self.ids.extend_from_within(args.indices());
                (inner, self.spans[function.0 as usize].0)
            }
            _ => (function, at),
        };
        self.ids.extend_from_slice(new);
        let args = Range32 { start, len: self.ids.len() as u32 - start };
        self.push(Expr::Call { function, args }, at)
    }

    fn operators(&mut self, level: u8) -> Res<ExprId> {
        let start = self.tok.start;
        let left = match self.tok.kind {
            Tok::Not => {
                self.bump()?;
                let operand = self.nested(|p| p.operators(NOT_LEVEL))?;
                self.push(Expr::Not(operand), start)
            }
            Tok::Minus => {
                self.bump()?;
                let operand = self.nested(|p| p.operators(NEGATE_LEVEL))?;
                self.push(Expr::Negate(operand), start)
            }
            _ => {
                let first = self.simple()?;
                let first = self.selection_from(first, start)?;
                self.call_from(first, start)?
            }
        };
        self.operators_from(left, start, level)
    }

    /// Operators after `left` that hold at least as tightly as `level`.
    #[inline]
    fn operators_from(&mut self, mut left: ExprId, start: u32, level: u8) -> Res<ExprId> {
        loop {
            if self.tok.kind == Tok::Question && level <= HAS_ATTR_LEVEL {
                self.bump()?;
                let path = self.attr_path()?;
                left = self.push(Expr::HasAttr { base: left, path }, start);
                continue;
            }
            let Some((mine, side, op)) = operator(self.tok.kind) else { return Ok(left) };
            if mine < level {
                return Ok(left);
            }
            let at = self.bump()?.start;
            let right_level = if side == Side::Right { mine } else { mine + 1 };
            let right = match side {
                Side::Right => self.nested(|p| p.operators(right_level))?,
                _ => self.operators(right_level)?,
            };
            left = self.push(Expr::Binary { op, left, right, at }, start);
            let again = operator(self.tok.kind).is_some_and(|(next, ..)| next == mine);
            if side == Side::Neither && again {
                return Err(self.unexpected(&[]));
            }
        }
    }

    /// Arguments after `first`.
    #[inline]
    fn call_from(&mut self, first: ExprId, start: u32) -> Res<ExprId> {
        if !starts_simple(self.tok.kind) {
            return Ok(first);
        }
        let mark = self.id_stack.len();
        while starts_simple(self.tok.kind) {
            let arg = self.selection()?;
            self.warn_about_or(arg);
            self.id_stack.push(arg);
        }
        if matches!(self.exprs[first.0 as usize], Expr::Call { .. }) {
            let args = self.id_stack.split_off(mark);
            return Ok(self.call(first, &args, start));
        }
        let args = self.take_ids(mark);
        Ok(self.push(Expr::Call { function: first, args }, start))
    }

    /// A simple expression with the attributes selected from it.
    fn selection(&mut self) -> Res<ExprId> {
        let start = self.tok.start;
        let first = self.simple()?;
        self.selection_from(first, start)
    }

    #[inline]
    fn selection_from(&mut self, base: ExprId, start: u32) -> Res<ExprId> {
        match self.tok.kind {
            Tok::Dot => {
                self.bump()?;
                let path = self.attr_path()?;
                let default = match self.tok.kind {
                    Tok::OrWord => {
                        self.bump()?;
                        let default = self.nested(Self::selection)?;
                        self.warn_about_or(default);
                        Some(ExprIdOpt::new(default))
                    }
                    _ => None,
                };
                Ok(self.push(Expr::Select { base, path, default }, start))
            }
            // A function applied to a variable called `or`.
            Tok::OrWord => {
                let or = self.bump()?;
                let or = self.push_span(Expr::Var(sym::OR), start, or.end);
                let mark = self.id_stack.len();
                self.id_stack.push(or);
                let args = self.take_ids(mark);
                let call = self.push(Expr::Call { function: base, args }, start);
                self.applied_to_or = Some(call);
                Ok(call)
            }
            _ => Ok(base),
        }
    }

    /// `f g or` and `[ g or ]`: today `g` is called with a variable `or`.
    #[inline]
    fn warn_about_or(&mut self, operand: ExprId) {
        let parenthesised = || self.parens.last().is_some_and(|paren| paren.inner == operand);
        if self.applied_to_or != Some(operand) || parenthesised() {
            return;
        }
        let (start, end) = self.spans[operand.0 as usize];
        let at = self.file.line_column(start);
        let message = format!(
            "at {}:{}:{}: This expression uses `or` as an identifier in a way that will change in a \
             future Nix release.\nWrap this entire expression in parentheses to preserve its \
             current meaning:\n    ({})\nGive feedback at https://github.com/NixOS/nix/pull/11121",
            self.file.origin(),
            at.line,
            at.column,
            String::from_utf8_lossy(self.file.slice(start, end)),
        );
        self.warnings.push(firn_diag::Diagnostic::warning("parse.or-as-identifier", message));
    }

    fn simple(&mut self) -> Res<ExprId> {
        let start = self.tok.start;
        match self.tok.kind {
            Tok::Id => {
                let name = self.bump()?;
                Ok(self.variable(name))
            }
            Tok::Quote => self.string(),
            Tok::IndOpen => self.indented_string(),
            Tok::ParenOpen => self.parenthesised(),
            Tok::BracketOpen => self.list(),
            Tok::BraceOpen => {
                self.bump()?;
                if self.tok.kind == Tok::BraceClose {
                    self.bump()?;
                    return Ok(self.empty_set(start));
                }
                self.nested(|p| p.bindings(start, attrs::Place::Set))
            }
            Tok::Int => self.int(),
            Tok::Float => self.float(),
            Tok::Path | Tok::HomePath => self.path(),
            Tok::SearchPath => {
                let token = self.bump()?;
                let text = self.copy_text(token.start + 1, token.end - 1);
                Ok(self.push_span(Expr::SearchPath(text), token.start, token.end))
            }
            Tok::Uri => self.uri(),
            Tok::Rec => {
                self.bump()?;
                self.expect(Tok::BraceOpen, &[Tok::BraceOpen])?;
                self.nested(|p| p.bindings(start, attrs::Place::Recursive))
            }
            Tok::Let => {
                self.bump()?;
                if self.tok.kind != Tok::BraceOpen {
                    return Err(self.unexpected(&[Tok::BraceOpen]));
                }
                self.nested(|p| p.legacy_let(start))
            }
            _ => Err(self.unexpected(&[])),
        }
    }

    fn parenthesised(&mut self) -> Res<ExprId> {
        let start = self.bump()?.start;
        let inner = self.expr()?;
        self.expect(Tok::ParenClose, &[Tok::ParenClose])?;
        self.parens.push(Paren { inner, start });
        Ok(inner)
    }

    fn list(&mut self) -> Res<ExprId> {
        let start = self.bump()?.start;
        let mark = self.id_stack.len();
        while starts_simple(self.tok.kind) {
            let item = self.nested(Self::selection)?;
            self.warn_about_or(item);
            self.id_stack.push(item);
        }
        if self.tok.kind != Tok::BracketClose {
            return Err(self.unexpected_in_list());
        }
        self.bump()?;
        let items = self.take_ids(mark);
        Ok(self.push(Expr::List(items), start))
    }

    /// CppNix expects too many things in a list to name them; hints go by the bracket.
    #[cold]
    fn unexpected_in_list(&self) -> Box<firn_diag::Diagnostic> {
        let mut diagnostic = self.unexpected(&[]);
        if diagnostic.help.is_empty() {
            self.explain(self.tok, &[Tok::BracketClose], &mut diagnostic);
        }
        diagnostic
    }

    fn int(&mut self) -> Res<ExprId> {
        let token = self.bump()?;
        let digits = self.file.slice(token.start, token.end);
        // The lexer has seen to it that the number fits.
        let value = digits
            .iter()
            .fold(0i64, |n, digit| n.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')));
        Ok(self.push_span(Expr::Int(Wide::new(value as u64)), token.start, token.end))
    }

    fn float(&mut self) -> Res<ExprId> {
        let token = self.bump()?;
        let digits = String::from_utf8_lossy(self.file.slice(token.start, token.end));
        let value: f64 = digits.parse().unwrap_or(f64::INFINITY);
        let mantissa = digits.split(['e', 'E']).next().unwrap_or_default();
        let vanished = !value.is_normal() && mantissa.bytes().any(|b| matches!(b, b'1'..=b'9'));
        if vanished {
            let message = format!("invalid float '{digits}'");
            return Err(self.error("parse.invalid-float", message, token.start, token.end));
        }
        Ok(self.push_span(Expr::Float(Wide::new(value.to_bits())), token.start, token.end))
    }

    fn uri(&mut self) -> Res<ExprId> {
        let token = self.bump()?;
        let lint = self.options.url_literals;
        if lint != Lint::Ignore {
            let url = String::from_utf8_lossy(self.file.slice(token.start, token.end)).into_owned();
            let word = if lint == Lint::Fatal { "disallowed" } else { "discouraged" };
            let message = format!(
                "URL literals are {word}. Consider using a string literal \"{url}\" instead"
            );
            self.lint(lint, "lint-url-literals", message, (token.start, token.end))?;
        }
        let text = self.copy_text(token.start, token.end);
        Ok(self.push_span(Expr::Str(text), token.start, token.end))
    }
}
