//! From the syntax tree to nodes: variables become places, literals become values, frequent shapes
//! get operations of their own.

mod bindings;
mod debug;
mod lambda;
mod later;
mod scope;

use std::rc::Rc;

use firn_syntax::ast::{Ast, AttrName, BinaryOp, Expr, ExprId, PathId, PathKind, Range32};
use firn_syntax::{Symbol, sym};

use crate::attrs::Attrs;
use crate::code::{Delay, Node, Op};
use crate::error::{ErrorKind, R};
use crate::machine::Machine;
use crate::ops::operators::test;
use crate::ops::{attempt, attrs, call, control, operators, select, text, vars};
use crate::paths;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::{FunctionKind, Value};
pub(crate) use later::{Later, Unit, compile_file};
use scope::{Place, Scopes};

/// Compiles one source text.
pub(crate) struct Compiler<'a> {
    pub m: &'a mut Machine,
    ast: &'a Ast,
    /// Number of the text's first position.
    base: u32,
    /// Directory that relative paths start from.
    dir: &'a [u8],
    /// The file, if parts of it may be compiled when they are needed.
    unit: Option<Rc<Unit>>,
    scopes: Scopes,
    /// The next free slot of the innermost function's environment, if the expression being compiled
    /// is evaluated exactly once per environment and in it.
    frame: Option<u32>,
}

/// Compiles a tree to a node to be evaluated in an environment that holds the values of `scope` in
/// the order of its layout (an empty one without a scope).
pub(crate) fn compile(
    m: &mut Machine,
    ast: &Ast,
    base: u32,
    dir: &[u8],
    scope: &[Symbol],
) -> R<&'static Node> {
    let scopes = Scopes::of_file(scope);
    Compiler { m, ast, base, dir, unit: None, scopes, frame: None }.expr(ast.root())
}

impl Compiler<'_> {
    fn pos_at(&self, offset: u32) -> Pos {
        if self.base == 0 { Pos::NONE } else { Pos(self.base + offset) }
    }

    fn pos(&self, id: ExprId) -> Pos {
        self.pos_at(self.ast.pos(id))
    }

    fn emit(&mut self, op: Op, pos: Pos, delay: Delay, words: &[u64]) -> &'static Node {
        self.emit_with(op, pos, delay, 0, 0, words)
    }

    fn emit_with(
        &mut self,
        op: Op,
        pos: Pos,
        delay: Delay,
        depth: u8,
        slot: u16,
        words: &[u64],
    ) -> &'static Node {
        Node::emit(&mut self.m.code, Node { op, pos, delay, depth: depth.into(), slot }, words)
    }

    /// A node whose value may be had at once if those of `children` can; they are in the order in which
    /// an attempt asks for them. What is outside of functions is evaluated once: nothing is won there, and
    /// what the user prints without forcing it shows as it was written.
    fn emit_attempt(
        &mut self,
        op: Op,
        pos: Pos,
        delay: Delay,
        slot: u16,
        (words, children): (&[u64], &[&'static Node]),
    ) -> &'static Node {
        let first = children.first().is_none_or(|first| attempt::may_succeed(first));
        match attempt::depth(children) {
            Some(depth) if first && self.scopes.in_function() => {
                self.emit_with(op, pos, delay, depth, slot, words)
            }
            _ => self.emit_with(op, pos, Delay::Thunk, 0, slot, words),
        }
    }

    fn constant(&mut self, value: Value, pos: Pos) -> &'static Node {
        let op: Op = if value.is_thunk() { vars::constant_thunk } else { vars::constant };
        // Strings are in the arena of code, or reached from the globals.
        if value.is_object() && value.as_str().is_none() {
            self.m.pinned.push(value);
        }
        self.emit(op, pos, Delay::Const, &[value.word()])
    }

    /// A list or set of constants, which is made once and serves whenever it is evaluated.
    fn literal(&mut self, value: Value, pos: Pos) -> &'static Node {
        if self.scopes.in_function() {
            self.m.shared_literals.insert(value.word());
        }
        self.constant(value, pos)
    }

    /// Compiles an expression that is not evaluated in the function's own environment exactly once.
    fn expr(&mut self, id: ExprId) -> R<&'static Node> {
        let frame = self.frame.take();
        let node = self.spine(id);
        self.frame = frame;
        node
    }

    /// Compiles an expression; bindings may go to the function's environment if there is one.
    fn spine(&mut self, id: ExprId) -> R<&'static Node> {
        let node = self.unnoted(id)?;
        Ok(if self.debugs() { self.note_expr(id, node) } else { node })
    }

    fn unnoted(&mut self, id: ExprId) -> R<&'static Node> {
        self.m.check_stack()?;
        let pos = self.pos(id);
        match self.ast.expr(id) {
            Expr::Int(i) => {
                let value = self.m.int(i.int());
                Ok(self.constant(value, pos))
            }
            Expr::Float(f) => {
                let value = self.m.float(f.float());
                Ok(self.constant(value, pos))
            }
            Expr::Str(t) => {
                let value = self.m.constant_string(self.ast.text(t));
                Ok(self.constant(value, pos))
            }
            Expr::Path(kind, t) => {
                let bytes = self.literal_path(kind, self.ast.text(t), pos)?;
                let value = self.m.path(&paths::canonical(&bytes));
                Ok(self.constant(value, pos))
            }
            Expr::SearchPath(t) => self.search_path(self.ast.text(t), pos),
            Expr::Interpolated(parts) => self.interpolated(text::interpolate, parts, pos),
            Expr::InterpolatedPath(parts) => self.interpolated(text::interpolate_path, parts, pos),
            Expr::Var(name) => self.var(name, pos),
            Expr::CurPos => {
                let value = self.m.position_value(pos);
                Ok(self.constant(value, pos))
            }
            Expr::Select { base, path, default } => {
                self.select(id, base, path, default.map(|d| d.get()))
            }
            Expr::HasAttr { base, path } => {
                let base = self.expr(base)?;
                let words = self.path_words(id, base, path)?;
                Ok(self.emit_attempt(select::has_attr, pos, Delay::Has, 0, (&words, &[base])))
            }
            Expr::Attrs(set) => self.attrs(set, pos),
            Expr::List(items) => self.list(items, pos),
            Expr::Lambda(_) => self.lambda(id),
            Expr::Call { function, args } => self.call(function, args, pos),
            Expr::Let { bindings, body } => self.let_in(bindings, body, pos),
            Expr::With { scope, body } => self.with(scope, body, pos),
            Expr::Assert { condition, body } => self.assertion(condition, body, pos),
            Expr::If { condition, yes, no } => {
                // Bindings of a branch get an environment of their own: the other must not pay.
                let frame = self.frame;
                let nodes = [self.expr(condition)?, self.expr(yes)?, self.expr(no)?];
                self.frame = frame;
                Ok(self.emit_attempt(
                    control::branch,
                    pos,
                    Delay::If,
                    0,
                    (&nodes.map(Node::word_of), &nodes),
                ))
            }
            Expr::Not(a) => {
                let a = self.expr(a)?;
                Ok(self.not(a, pos))
            }
            Expr::Negate(a) => self.negate(a, pos),
            Expr::Binary { op, left, right, .. } => self.binary(op, left, right, pos),
        }
    }

    fn not(&mut self, a: &'static Node, pos: Pos) -> &'static Node {
        // The second word stands for the operand that other tests have.
        let words = [a.word_of(), a.word_of()];
        self.emit_attempt(
            operators::logical_not,
            pos,
            Delay::Test,
            operators::test::NOT,
            (&words, &[a]),
        )
    }

    fn literal_path(&mut self, kind: PathKind, text: &[u8], pos: Pos) -> R<Vec<u8>> {
        match kind {
            PathKind::Absolute => Ok(text.to_vec()),
            PathKind::Relative => Ok([self.dir, b"/", text].concat()),
            PathKind::Home => {
                if self.m.settings.pure {
                    let shown = String::from_utf8_lossy(text);
                    let message = format!("the path '{shown}' can not be resolved in pure mode");
                    return Err(self.m.fail(ErrorKind::Restricted, pos, message));
                }
                let home = self.m.host_ref().env_var("HOME").unwrap_or_default();
                Ok([&home, text.strip_prefix(b"~").unwrap_or(text)].concat())
            }
        }
    }

    // ---- variables ----------------------------------------------------------------------------

    fn var(&mut self, name: Symbol, pos: Pos) -> R<&'static Node> {
        let place = self.resolve(name, pos)?;
        Ok(self.place(place, name, pos))
    }

    fn resolve(&mut self, name: Symbol, pos: Pos) -> R<Place> {
        if let Some(place) = self.scopes.find(name) {
            return Ok(place);
        }
        if let Some(&value) = self.m.globals.get(&name) {
            return Ok(Place::Global(value.known()));
        }
        if !self.scopes.has_with() {
            return Err(self.m.fail(
                ErrorKind::UndefinedVariable,
                pos,
                format!("undefined variable '{name}'"),
            ));
        }
        Ok(Place::Dynamic)
    }

    fn place(&mut self, place: Place, name: Symbol, pos: Pos) -> &'static Node {
        match place {
            Place::Slot { level, slot } => self.var_at(self.scopes.level() - level, slot, pos),
            Place::Global(value) => self.constant(value, pos),
            Place::Dynamic => {
                let mut words = vec![u64::from(name.as_u32()), 0, 0, 0];
                for (depth, at) in self.scopes.withs() {
                    words.extend([u64::from(depth) | u64::from(at.0) << 32, 0]);
                }
                words[1] = (words.len() - vars::SCOPES) as u64 / 2;
                self.emit(vars::dynamic, pos, Delay::Thunk, &words)
            }
        }
    }

    fn var_at(&mut self, depth: u32, slot: u32, pos: Pos) -> &'static Node {
        let (Ok(d), Ok(s)) = (u8::try_from(depth), u16::try_from(slot)) else {
            return self.emit(
                vars::var_far,
                pos,
                Delay::Thunk,
                &[u64::from(depth), u64::from(slot)],
            );
        };
        let op: Op = match depth {
            0 => vars::var0,
            1 => vars::var1,
            2 => vars::var2,
            _ => vars::var_n,
        };
        self.emit_with(op, pos, Delay::Var, d, s, &[])
    }

    fn global(&mut self, name: Symbol, pos: Pos) -> R<&'static Node> {
        self.var(name, pos)
    }

    fn search_path(&mut self, text: &[u8], pos: Pos) -> R<&'static Node> {
        let find = self.global(sym::FIND_FILE, pos)?;
        let path = self.global(sym::NIX_PATH, pos)?;
        let text = self.m.constant_string(text);
        let text = self.constant(text, pos);
        Ok(self.call_nodes(find, &[path, text], pos))
    }

    // ---- selection ----------------------------------------------------------------------------

    fn select(
        &mut self,
        id: ExprId,
        base: ExprId,
        path: PathId,
        default: Option<ExprId>,
    ) -> R<&'static Node> {
        let pos = self.pos(id);
        let base = self.expr(base)?;
        if let ([name], None) = (&*self.ast.path(path), default)
            && let AttrName::Static(name) = name.name
        {
            return Ok(self.select_one(base, name, pos));
        }
        let mut words = self.path_words(id, base, path)?;
        let Some(default) = default else {
            return Ok(self.emit_attempt(
                select::select_path,
                pos,
                Delay::Path,
                0,
                (&words, &[base]),
            ));
        };
        let default = self.expr(default)?;
        words.push(default.word_of());
        Ok(self.emit_attempt(select::select_or, pos, Delay::Path, 0, (&words, &[base, default])))
    }

    fn select_one(&mut self, base: &'static Node, name: Symbol, pos: Pos) -> &'static Node {
        if let Some(value) = known_attr(base, name) {
            return self.constant(value, pos);
        }
        let words = [base.word_of(), u64::from(name.as_u32()), 0];
        self.emit_attempt(select::select_one, pos, Delay::Select, 0, (&words, &[base]))
    }

    fn path_words(&mut self, id: ExprId, base: &'static Node, path: PathId) -> R<Vec<u64>> {
        let span = self.ast.span(id);
        let names = self.ast.path(path);
        let mut words =
            vec![base.word_of(), names.len() as u64, u64::from(span.start), u64::from(span.end)];
        for name in names.iter() {
            words.push(match name.name {
                AttrName::Static(name) => select::known_name(name),
                AttrName::Dynamic(e) => select::computed_name(self.expr(e)?),
            });
            words.push(0);
        }
        Ok(words)
    }

    // ---- text ---------------------------------------------------------------------------------

    fn interpolated(&mut self, op: Op, parts: Range32, pos: Pos) -> R<&'static Node> {
        let parts = self.ast.parts(parts);
        let mut words = vec![parts.len() as u64];
        for (i, part) in parts.iter().enumerate() {
            let node = match self.ast.expr(part.expr) {
                Expr::Path(kind, t) if i == 0 => {
                    let bytes = self.literal_path(kind, self.ast.text(t), pos)?;
                    let value = self.m.path(&paths::canonical_prefix(&bytes));
                    self.constant(value, pos)
                }
                _ => self.expr(part.expr)?,
            };
            words.push(node.word_of());
            words.push(u64::from(self.pos_at(part.pos).0));
        }
        Ok(self.emit(op, pos, Delay::Thunk, &words))
    }

    // ---- lists, calls -------------------------------------------------------------------------

    fn list(&mut self, items: Range32, pos: Pos) -> R<&'static Node> {
        let ids = self.ast.list(items);
        let mut nodes = Vec::with_capacity(ids.len());
        for &id in ids.iter() {
            nodes.push(self.expr(id)?);
        }
        if nodes.iter().all(|n| n.delay == Delay::Const) {
            let values: Vec<Value> = nodes.iter().map(|n| n.constant(0)).collect();
            let list = self.m.list(&values);
            return Ok(self.literal(list, pos));
        }
        let cheap =
            nodes.len() <= 8 && nodes.iter().all(|n| matches!(n.delay, Delay::Const | Delay::Var));
        let mut words = vec![nodes.len() as u64];
        words.extend(nodes.iter().map(|n| n.word_of()));
        let delay = if cheap { Delay::List } else { Delay::Thunk };
        Ok(self.emit_with(attrs::list, pos, delay, 0, may_wait(&nodes), &words))
    }

    fn call(&mut self, function: ExprId, args: Range32, pos: Pos) -> R<&'static Node> {
        let function = self.expr(function)?;
        let ids = self.ast.list(args);
        let mut nodes = Vec::with_capacity(ids.len());
        for &id in ids.iter() {
            nodes.push(self.expr(id)?);
        }
        Ok(self.call_nodes(function, &nodes, pos))
    }

    fn call_nodes(
        &mut self,
        function: &'static Node,
        args: &[&'static Node],
        pos: Pos,
    ) -> &'static Node {
        let profiled = self.m.profiler.is_some();
        if !profiled && let Some(node) = self.builtin_call(function, args, pos) {
            return node;
        }
        let mut words = Vec::with_capacity(args.len() + 3);
        words.push(function.word_of());
        let (op, delay): (Op, Delay) = match args.len() {
            // The way that a profiler sees.
            n if profiled => {
                words.push(n as u64);
                (call::call_profiled, Delay::Thunk)
            }
            1 => (call::call1, Delay::Call1),
            2 => (call::call2, Delay::Call2),
            3 => (call::call3, Delay::Call3),
            n => {
                words.push(n as u64);
                (call::call_many, Delay::Thunk)
            }
        };
        words.extend(args.iter().map(|n| n.word_of()));
        // What is remembered of the calls.
        words.push(0);
        let mut children = [function; 4];
        match children.get_mut(1..=args.len()) {
            Some(others) if delay != Delay::Thunk => {
                others.copy_from_slice(args);
                let children = &children[..=args.len()];
                self.emit_attempt(op, pos, delay, may_wait(args), (&words, children))
            }
            _ => self.emit_with(op, pos, Delay::Thunk, 0, may_wait(args), &words),
        }
    }

    /// A call of a builtin that is known now and gets all its arguments.
    fn builtin_call(
        &mut self,
        function: &'static Node,
        args: &[&'static Node],
        pos: Pos,
    ) -> Option<&'static Node> {
        if function.delay != Delay::Const {
            return None;
        }
        let FunctionKind::PrimOp(op) = function.constant(0).as_function()?.kind() else {
            return None;
        };
        let arity = op.arity();
        let code: Op = match arity {
            1 => call::prim1,
            2 => call::prim2,
            3 => call::prim3,
            _ => return None,
        };
        if args.len() < arity {
            return None;
        }
        let (now, rest) = args.split_at(arity);
        let mut words = vec![op as *const _ as u64];
        words.extend(now.iter().map(|n| n.word_of()));
        let delay = if op.quick.is_some() { Delay::Prim } else { Delay::Thunk };
        let node = self.emit_attempt(code, pos, delay, 0, (&words, now));
        Some(if rest.is_empty() { node } else { self.call_nodes(node, rest, pos) })
    }

    // ---- scopes and control -------------------------------------------------------------------

    fn with(&mut self, scope: ExprId, body: ExprId, pos: Pos) -> R<&'static Node> {
        let scope = self.expr(scope)?;
        self.scopes.enter_with(pos);
        let body = self.expr(body);
        self.scopes.leave_with();
        Ok(self.emit(control::with, pos, Delay::Thunk, &[scope.word_of(), body?.word_of()]))
    }

    fn assertion(&mut self, condition: ExprId, body: ExprId, pos: Pos) -> R<&'static Node> {
        let span = self.ast.span(condition);
        let is_equality =
            matches!(self.ast.expr(condition), Expr::Binary { op: BinaryOp::Equal, .. });
        let condition = self.expr(condition)?;
        let body = self.spine(body)?;
        let operands = if is_equality { [condition.word(0), condition.word(1)] } else { [0, 0] };
        let words = [
            condition.word_of(),
            body.word_of(),
            operands[0],
            operands[1],
            u64::from(span.start),
            u64::from(span.end),
        ];
        Ok(self.emit(control::assertion, pos, Delay::Thunk, &words))
    }

    // ---- operators ----------------------------------------------------------------------------

    fn negate(&mut self, a: ExprId, pos: Pos) -> R<&'static Node> {
        let zero = self.m.int(0);
        let zero = self.constant(zero, pos);
        let a = self.expr(a)?;
        self.builtin_operator(sym::SUB, operators::sub, Delay::Thunk, (zero, a), pos)
    }

    fn binary(&mut self, op: BinaryOp, left: ExprId, right: ExprId, pos: Pos) -> R<&'static Node> {
        let places = (u64::from(self.pos_at(self.ast.outer_start(left)).0)
            | u64::from(self.pos_at(self.ast.outer_start(right)).0) << 32,);
        let a = self.expr(left)?;
        let b = self.expr(right)?;
        let (plain, test): (Op, u16) = match op {
            BinaryOp::Sub => {
                return self.builtin_operator(sym::SUB, operators::sub, Delay::Arith, (a, b), pos);
            }
            BinaryOp::Mul => {
                return self.builtin_operator(sym::MUL, operators::mul, Delay::Thunk, (a, b), pos);
            }
            BinaryOp::Div => {
                return self.builtin_operator(sym::DIV, operators::div, Delay::Thunk, (a, b), pos);
            }
            BinaryOp::Less => {
                return self.builtin_operator(
                    sym::LESS_THAN,
                    operators::less,
                    Delay::Test,
                    (a, b),
                    pos,
                );
            }
            BinaryOp::Greater => {
                return self.builtin_operator(
                    sym::LESS_THAN,
                    operators::greater,
                    Delay::Test,
                    (a, b),
                    pos,
                );
            }
            BinaryOp::LessEqual => {
                return self.builtin_operator(
                    sym::LESS_THAN,
                    operators::less_equal,
                    Delay::Test,
                    (a, b),
                    pos,
                );
            }
            BinaryOp::GreaterEqual => {
                return self.builtin_operator(
                    sym::LESS_THAN,
                    operators::greater_equal,
                    Delay::Test,
                    (a, b),
                    pos,
                );
            }
            BinaryOp::Add => {
                let words = [a.word_of(), b.word_of(), 0, places.0];
                return Ok(self.emit_attempt(
                    text::add,
                    pos,
                    Delay::Arith,
                    operators::ARITH_ADD,
                    (&words, &[a, b]),
                ));
            }
            BinaryOp::Concat => return Ok(self.plain_operator(operators::concat, (a, b), pos)),
            BinaryOp::Update => return Ok(self.plain_operator(operators::update, (a, b), pos)),
            BinaryOp::Equal if operators::is_prefix_test(a, b) => {
                return Ok(self.prefix_test(a, b, pos));
            }
            BinaryOp::Equal => (operators::equal, test::EQUAL),
            BinaryOp::NotEqual => (operators::not_equal, test::NOT_EQUAL),
            BinaryOp::And => (operators::and, test::AND),
            BinaryOp::Or => (operators::or, test::OR),
            BinaryOp::Implies => (operators::implies, test::IMPLIES),
        };
        let words = [a.word_of(), b.word_of()];
        Ok(self.emit_attempt(plain, pos, Delay::Test, test, (&words, &[a, b])))
    }

    fn plain_operator(
        &mut self,
        op: Op,
        (a, b): (&'static Node, &'static Node),
        pos: Pos,
    ) -> &'static Node {
        self.emit(op, pos, Delay::Thunk, &[a.word_of(), b.word_of()])
    }

    fn prefix_test(&mut self, a: &'static Node, b: &'static Node, pos: Pos) -> &'static Node {
        let mut words = vec![a.word_of(), b.word_of()];
        for name in ["substring", "stringLength"] {
            let builtin = self.m.builtins.get(Symbol::intern(name.as_bytes()));
            let op = builtin.and_then(|slot| slot.get().known().as_function()?.primop());
            words.push(op.map_or(0, |op| op as *const PrimOp as u64));
        }
        words.extend([0, 0]);
        self.emit(operators::starts_with, pos, Delay::Thunk, &words)
    }

    /// An operator that is a builtin under a global name, which only `scopedImport` can replace.
    fn builtin_operator(
        &mut self,
        name: Symbol,
        op: Op,
        delay: Delay,
        (a, b): (&'static Node, &'static Node),
        pos: Pos,
    ) -> R<&'static Node> {
        let builtin = self.global(name, pos)?;
        if builtin.delay == Delay::Const
            && let Some(function) = builtin.constant(0).as_function()
            && let Some(primop) = function.primop()
        {
            let words = [a.word_of(), b.word_of(), primop as *const _ as u64];
            return Ok(self.emit_attempt(op, pos, delay, code_of(op), (&words, &[a, b])));
        }
        let is = |other: Op| std::ptr::fn_addr_eq(op, other);
        let swapped = is(operators::greater) || is(operators::less_equal);
        let (a, b) = if swapped { (b, a) } else { (a, b) };
        let node = self.call_nodes(builtin, &[a, b], pos);
        let negated = is(operators::less_equal) || is(operators::greater_equal);
        Ok(if negated { self.not(node, pos) } else { node })
    }
}

/// The code that an attempt at an operator that is a builtin goes by.
fn code_of(op: Op) -> u16 {
    let orders: [(Op, u16); 4] = [
        (operators::less, test::LESS),
        (operators::greater, test::GREATER),
        (operators::less_equal, test::LESS_EQUAL),
        (operators::greater_equal, test::GREATER_EQUAL),
    ];
    let known = orders.iter().find(|(known, _)| std::ptr::fn_addr_eq(*known, op));
    known.map_or(operators::ARITH_SUB, |(_, code)| *code)
}

/// The value of an attribute of a set that is known when compiling (`builtins.x`).
fn known_attr(base: &'static Node, name: Symbol) -> Option<Value> {
    if base.delay != Delay::Const {
        return None;
    }
    let attrs: Attrs = base.constant(0).as_attrs()?;
    let value = attrs.get(name)?.get().known();
    (!value.is_thunk()).then_some(value)
}

/// The code of a node some of whose parts may have to wait, or 0.
fn may_wait(nodes: &[&'static Node]) -> u16 {
    let certain = |n: &&'static Node| matches!(n.delay, Delay::Const | Delay::Var | Delay::Lambda);
    if nodes.iter().all(certain) { 0 } else { attrs::MAY_WAIT }
}
