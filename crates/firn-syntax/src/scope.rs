//! Finds variables that nothing binds, in a whole file before any of it is evaluated.

use firn_diag::Diagnostic;
use firn_source::Span;
use rustc_hash::FxHashMap;

use crate::ast::{Ast, AttrKind, AttrName, AttrsId, Expr, ExprId, LambdaId, PathId};
use crate::symbol::Symbol;

/// Checks that every variable is bound by the file, is inside a `with`, or is global.
///
/// # Errors
/// The first variable that isn't, worded as CppNix does.
pub fn check(ast: &Ast, is_global: &dyn Fn(Symbol) -> bool) -> Result<(), Box<Diagnostic>> {
    let mut checker =
        Checker { ast, bound: FxHashMap::default(), withs: 0, work: vec![Step::Visit(ast.root())] };
    while let Some(step) = checker.work.pop() {
        match step {
            Step::Visit(id) => {
                if let Some(name) = checker.visit(id, is_global) {
                    return Err(Box::new(undefined(ast, id, name, &checker.bound)));
                }
            }
            Step::Bind(scope, change) => checker.bind(scope, change),
            Step::With(change) => checker.withs += change,
        }
    }
    Ok(())
}

/// The names that [`check`] asks about, each once.
pub(crate) fn free_names(ast: &Ast) -> Vec<Symbol> {
    let names = std::cell::RefCell::new(Vec::new());
    let note = |name| {
        let mut names = names.borrow_mut();
        if !names.contains(&name) {
            names.push(name);
        }
        true
    };
    // Nothing is unbound if everything may be global.
    let _ = check(ast, &note);
    names.into_inner()
}

fn undefined(ast: &Ast, id: ExprId, name: Symbol, bound: &FxHashMap<Symbol, i32>) -> Diagnostic {
    let start = ast.span(id).start;
    let span = Span::new(ast.file_id(), start, start + name.bytes().len() as u32);
    let message = format!("undefined variable '{name}'");
    // No `suggestions`: CppNix's layout shows those, and has none here.
    let mut diagnostic = Diagnostic::error("parse.undefined-variable", message).at(span);
    diagnostic.help = advice(ast, name, bound);
    diagnostic
}

/// What to do about a variable that nothing binds, which stands at an offset of the file.
///
/// This is for variables inside a `with`, of which only evaluation finds out.
pub fn explain(ast: &Ast, name: Symbol, offset: u32) -> Vec<String> {
    let mut checker =
        Checker { ast, bound: FxHashMap::default(), withs: 0, work: vec![Step::Visit(ast.root())] };
    while let Some(step) = checker.work.pop() {
        match step {
            Step::Visit(id) if ast.expr(id) == Expr::Var(name) && ast.span(id).start == offset => {
                return advice(ast, name, &checker.bound);
            }
            Step::Visit(id) => drop(checker.visit(id, &|_| true)),
            Step::Bind(scope, change) => checker.bind(scope, change),
            Step::With(change) => checker.withs += change,
        }
    }
    Vec::new()
}

fn advice(ast: &Ast, name: Symbol, bound: &FxHashMap<Symbol, i32>) -> Vec<String> {
    let in_scope = bound.iter().filter(|(_, count)| **count > 0).map(|(name, _)| name.text());
    let near = firn_diag::similar(&name.text(), in_scope);
    let mut advice: Vec<_> =
        near.first().map(|near| format!("did you mean `{near}`?")).into_iter().collect();
    advice.push(match (name.bytes(), module_path(ast)) {
        (b"cfg", Some(path)) => format!("bind it before the module: `let cfg = config.{path}; in`"),
        _ => format!(
            "bind it with `let {name} = …; in`, or take it as an argument: `{{ {name}, ... }}:`"
        ),
    });
    advice
}

/// The path of options that a module declares: `services.x` in `options.services.x = { … }`.
fn module_path(ast: &Ast) -> Option<String> {
    let options = Symbol::lookup(b"options")?;
    let sets = (0..ast.sets() as u32).map(AttrsId);
    let mut found =
        sets.flat_map(|set| ast.attr_defs(set).into_owned()).find(|attr| attr.name == options)?;
    let mut path = Vec::new();
    while let Expr::Attrs(set) = ast.expr(found.value) {
        // A path in the source makes sets without braces of their own.
        let start = ast.span(found.value).start as usize;
        let implicit = ast.file().text().get(start) != Some(&b'{');
        let [only] = *ast.attr_defs(set) else { break };
        if !implicit && !path.is_empty() {
            break;
        }
        path.push(only.name.text());
        found = only;
    }
    (!path.is_empty()).then(|| path.join("."))
}

#[derive(Clone, Copy)]
enum Scope {
    Set(AttrsId),
    Lambda(LambdaId),
}

enum Step {
    Visit(ExprId),
    Bind(Scope, i32),
    With(i32),
}

/// Walks the tree with a list of what is left to do, so that deep trees need no deep stack.
struct Checker<'a> {
    ast: &'a Ast,
    /// How many scopes around bind a name.
    bound: FxHashMap<Symbol, i32>,
    withs: i32,
    work: Vec<Step>,
}

impl Checker<'_> {
    fn bind(&mut self, scope: Scope, change: i32) {
        match scope {
            Scope::Set(set) => {
                for attr in self.ast.attr_defs(set).iter() {
                    *self.bound.entry(attr.name).or_default() += change;
                }
            }
            Scope::Lambda(id) => {
                let lambda = self.ast.lambda(id);
                let formals = lambda.formals.map(|formals| self.ast.formals(formals));
                let formals = formals.as_deref().unwrap_or_default();
                let names = formals.iter().map(|formal| formal.name);
                for name in names.chain(lambda.arg) {
                    *self.bound.entry(name).or_default() += change;
                }
            }
        }
    }

    fn is_bound(&self, name: Symbol) -> bool {
        self.withs > 0 || self.bound.get(&name).is_some_and(|&count| count > 0)
    }

    /// Lines up what is inside an expression, first to be visited last; returns an unbound name.
    fn visit(&mut self, id: ExprId, is_global: &dyn Fn(Symbol) -> bool) -> Option<Symbol> {
        let ast = self.ast;
        match ast.expr(id) {
            Expr::Var(name) if !self.is_bound(name) && !is_global(name) => return Some(name),
            Expr::Var(_)
            | Expr::Int(_)
            | Expr::Float(_)
            | Expr::Str(_)
            | Expr::Path(..)
            | Expr::SearchPath(_)
            | Expr::CurPos => {}
            Expr::Interpolated(parts) | Expr::InterpolatedPath(parts) => {
                self.later(ast.parts(parts).iter().rev().map(|part| part.expr));
            }
            Expr::Select { base, path, default } => {
                self.path(path);
                self.later(default.map(|id| id.get()));
                self.later([base]);
            }
            Expr::HasAttr { base, path } => {
                self.path(path);
                self.later([base]);
            }
            Expr::Attrs(set) => self.set(set, ast.attrs(set).recursive, None),
            Expr::Let { bindings, body } => self.set(bindings, true, Some(body)),
            Expr::List(items) => self.later(ast.list(items).iter().rev().copied()),
            Expr::Call { function, args } => {
                self.later(ast.list(args).iter().rev().copied());
                self.later([function]);
            }
            Expr::Lambda(id) => self.lambda(id),
            Expr::With { scope, body } => {
                self.work.push(Step::With(-1));
                self.later([body]);
                self.work.push(Step::With(1));
                self.later([scope]);
            }
            Expr::Assert { condition, body } => self.later([body, condition]),
            Expr::If { condition, yes, no } => self.later([no, yes, condition]),
            Expr::Not(operand) | Expr::Negate(operand) => self.later([operand]),
            Expr::Binary { left, right, .. } => self.later([right, left]),
        }
        None
    }

    fn later(&mut self, ids: impl IntoIterator<Item = ExprId>) {
        self.work.extend(ids.into_iter().map(Step::Visit));
    }

    fn path(&mut self, path: PathId) {
        let names = self.ast.path(path);
        let dynamic = names.iter().rev().filter_map(|name| match name.name {
            AttrName::Dynamic(id) => Some(Step::Visit(id)),
            AttrName::Static(_) => None,
        });
        self.work.extend(dynamic);
    }

    fn lambda(&mut self, id: LambdaId) {
        let lambda = self.ast.lambda(id);
        self.work.push(Step::Bind(Scope::Lambda(id), -1));
        self.later([lambda.body]);
        if let Some(formals) = lambda.formals {
            let formals = self.ast.formals(formals);
            self.later(formals.iter().rev().filter_map(|formal| formal.default.map(|id| id.get())));
        }
        self.work.push(Step::Bind(Scope::Lambda(id), 1));
    }

    /// A set or `let`. Plainly inherited names are looked up outside; the sources of
    /// `inherit (…)` inside if the set is recursive.
    fn set(&mut self, set: AttrsId, recursive: bool, body: Option<ExprId>) {
        let ast = self.ast;
        let attrs = ast.attr_defs(set);
        let values = |kind: fn(AttrKind) -> bool| {
            attrs.iter().rev().filter(move |attr| kind(attr.kind)).map(|attr| attr.value)
        };
        if recursive {
            self.work.push(Step::Bind(Scope::Set(set), -1));
        }
        self.later(body);
        for attr in ast.dynamic_attrs(set).iter().rev() {
            self.later([attr.value, attr.name]);
        }
        self.later(values(|kind| kind == AttrKind::Plain));
        self.later(ast.inherit_from(set).iter().rev().copied());
        if recursive {
            self.work.push(Step::Bind(Scope::Set(set), 1));
        }
        self.later(values(|kind| kind == AttrKind::Inherited));
    }
}
