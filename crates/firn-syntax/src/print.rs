//! The tree as text, as `nix-instantiate --parse` shows it.

use std::path::Path;

use crate::ast::{
    Ast, AttrKind, AttrName, AttrsId, BinaryOp, Expr, ExprId, LambdaId, PathId, PathKind, Text,
};
use crate::symbol::Symbol;

/// A name as it is written in a path of attributes: quoted if it is not an identifier.
pub fn attr_name(name: Symbol) -> String {
    let mut out = Vec::new();
    identifier(&mut out, name.bytes());
    String::from_utf8_lossy(&out).into_owned()
}

const RESERVED: [&[u8]; 9] =
    [b"if", b"then", b"else", b"assert", b"with", b"let", b"in", b"rec", b"inherit"];

fn identifier(out: &mut Vec<u8>, name: &[u8]) {
    let plain = name.first().is_some_and(|&b| b.is_ascii_alphabetic() || b == b'_')
        && name.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'\'' | b'-'))
        && !RESERVED.contains(&name);
    if plain { out.extend_from_slice(name) } else { string_literal(out, name) }
}

/// Writes text as a string literal of the language.
pub fn string_literal(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for (i, &byte) in text.iter().enumerate() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'$' if text.get(i + 1) == Some(&b'{') => out.extend_from_slice(b"\\$"),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Makes a path canonical: no `.`, `..`, doubled or trailing `/`.
pub fn canonical_path(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let mut out = Vec::with_capacity(path.len());
    for part in &parts {
        out.push(b'/');
        out.extend_from_slice(part);
    }
    if out.is_empty() {
        out.push(b'/');
    }
    out
}

/// The tree in full parentheses, as CppNix's `--parse` prints it, without a line end.
///
/// `folder` is what relative paths are relative to, `home` what `~` stands for.
pub fn print(ast: &Ast, folder: &Path, home: &Path) -> Vec<u8> {
    print_expr(ast, ast.root(), folder, home)
}

/// One expression of a tree, printed as by [`print`].
pub fn print_expr(ast: &Ast, id: ExprId, folder: &Path, home: &Path) -> Vec<u8> {
    let mut printer = Printer {
        ast,
        folder: folder.as_os_str().as_encoded_bytes(),
        home: home.as_os_str().as_encoded_bytes(),
        out: Vec::new(),
        work: vec![Step::Expr(id)],
    };
    while let Some(step) = printer.work.pop() {
        match step {
            Step::Text(text) => printer.out.extend_from_slice(text.as_bytes()),
            Step::Name(name) => identifier(&mut printer.out, name.bytes()),
            Step::Literal(text) => string_literal(&mut printer.out, ast.text(text)),
            Step::Expr(id) => printer.expr(id),
        }
    }
    printer.out
}

enum Step {
    Text(&'static str),
    Name(Symbol),
    Literal(Text),
    Expr(ExprId),
}

use Step::{Expr as E, Literal, Name, Text as T};

struct Printer<'a> {
    ast: &'a Ast,
    folder: &'a [u8],
    home: &'a [u8],
    out: Vec<u8>,
    /// What is still to be printed, last first: no recursion, however deep the tree.
    work: Vec<Step>,
}

impl Printer<'_> {
    fn then(&mut self, steps: Vec<Step>) {
        self.work.extend(steps.into_iter().rev());
    }

    fn expr(&mut self, id: ExprId) {
        let ast = self.ast;
        let steps = match ast.expr(id) {
            Expr::Int(n) => return self.out.extend_from_slice(n.int().to_string().as_bytes()),
            Expr::Float(x) => return self.out.extend_from_slice(float(x.float()).as_bytes()),
            Expr::Str(text) => return string_literal(&mut self.out, ast.text(text)),
            Expr::Path(kind, text) => return self.path(kind, ast.text(text)),
            Expr::SearchPath(text) => vec![T("(__findFile __nixPath "), Literal(text), T(")")],
            Expr::Interpolated(parts) | Expr::InterpolatedPath(parts) => {
                let parts = ast.parts(parts);
                let parts = parts.iter().map(|part| part.expr);
                join("(", parts, " + ", ")")
            }
            Expr::Var(name) => vec![Name(name)],
            Expr::CurPos => vec![T("__curPos")],
            Expr::Select { base, path, default } => {
                let mut steps = vec![T("("), E(base), T(").")];
                self.attr_path(path, &mut steps);
                if let Some(default) = default {
                    steps.extend([T(" or ("), E(default.get()), T(")")]);
                }
                steps
            }
            Expr::HasAttr { base, path } => {
                let mut steps = vec![T("(("), E(base), T(") ? ")];
                self.attr_path(path, &mut steps);
                steps.push(T(")"));
                steps
            }
            Expr::Attrs(set) => {
                let head = if ast.attrs(set).recursive { "rec { " } else { "{ " };
                let mut steps = vec![T(head)];
                self.bindings(set, &mut steps);
                steps.push(T("}"));
                steps
            }
            Expr::List(items) => {
                let mut steps = vec![T("[ ")];
                for &item in ast.list(items).iter() {
                    steps.extend([T("("), E(item), T(") ")]);
                }
                steps.push(T("]"));
                steps
            }
            Expr::Lambda(lambda) => self.lambda(lambda),
            Expr::Call { function, args } => {
                let mut steps = vec![T("(")];
                match self.as_call(function) {
                    Some(inner) => steps.extend(inner),
                    None => steps.push(E(function)),
                }
                for &arg in ast.list(args).iter() {
                    steps.extend([T(" "), E(arg)]);
                }
                steps.push(T(")"));
                steps
            }
            Expr::Let { bindings, body } => {
                let mut steps = vec![T("(let ")];
                self.bindings(bindings, &mut steps);
                steps.extend([T("in "), E(body), T(")")]);
                steps
            }
            Expr::With { scope, body } => vec![T("(with "), E(scope), T("; "), E(body), T(")")],
            Expr::Assert { condition, body } => {
                vec![T("assert "), E(condition), T("; "), E(body)]
            }
            Expr::If { condition, yes, no } => {
                vec![T("(if "), E(condition), T(" then "), E(yes), T(" else "), E(no), T(")")]
            }
            Expr::Not(operand) => vec![T("(! "), E(operand), T(")")],
            Expr::Negate(_) | Expr::Binary { .. } => self.operator(id),
        };
        self.then(steps);
    }

    fn operator(&self, id: ExprId) -> Vec<Step> {
        if let Some(inner) = self.as_call(id) {
            let mut steps = vec![T("(")];
            steps.extend(inner);
            steps.push(T(")"));
            return steps;
        }
        let Expr::Binary { op, left, right, .. } = self.ast.expr(id) else { return vec![] };
        let infix = match op {
            BinaryOp::LessEqual => {
                return vec![T("(! (__lessThan "), E(right), T(" "), E(left), T("))")];
            }
            BinaryOp::GreaterEqual => {
                return vec![T("(! (__lessThan "), E(left), T(" "), E(right), T("))")];
            }
            BinaryOp::Concat => " ++ ",
            BinaryOp::Update => " // ",
            BinaryOp::Equal => " == ",
            BinaryOp::NotEqual => " != ",
            BinaryOp::And => " && ",
            BinaryOp::Or => " || ",
            BinaryOp::Implies => " -> ",
            _ => " + ",
        };
        vec![T("("), E(left), T(infix), E(right), T(")")]
    }

    /// Operators and search paths, which CppNix has as calls, without their parentheses.
    fn as_call(&self, id: ExprId) -> Option<Vec<Step>> {
        let (function, left, right) = match self.ast.expr(id) {
            Expr::SearchPath(text) => return Some(vec![T("__findFile __nixPath "), Literal(text)]),
            Expr::Negate(operand) => return Some(vec![T("__sub 0 "), E(operand)]),
            Expr::Binary { op, left, right, .. } => match op {
                BinaryOp::Sub => ("__sub ", left, right),
                BinaryOp::Mul => ("__mul ", left, right),
                BinaryOp::Div => ("__div ", left, right),
                BinaryOp::Less => ("__lessThan ", left, right),
                BinaryOp::Greater => ("__lessThan ", right, left),
                _ => return None,
            },
            _ => return None,
        };
        Some(vec![T(function), E(left), T(" "), E(right)])
    }

    fn lambda(&self, id: LambdaId) -> Vec<Step> {
        let lambda = self.ast.lambda(id);
        let mut steps = vec![T("(")];
        if let Some(formals) = lambda.formals {
            steps.push(T("{ "));
            let mut list = self.ast.formals(formals).to_vec();
            list.sort_by_key(|formal| formal.name.bytes());
            for (i, formal) in list.iter().enumerate() {
                steps.extend([T(if i > 0 { ", " } else { "" }), Name(formal.name)]);
                if let Some(default) = formal.default {
                    steps.extend([T(" ? "), E(default.get())]);
                }
            }
            if formals.ellipsis {
                steps.push(T(if list.is_empty() { "..." } else { ", ..." }));
            }
            steps.push(T(if lambda.arg.is_some() { " } @ " } else { " }" }));
        }
        steps.extend(lambda.arg.map(Name));
        steps.extend([T(": "), E(lambda.body), T(")")]);
        steps
    }

    fn attr_path(&self, path: PathId, steps: &mut Vec<Step>) {
        for (i, name) in self.ast.path(path).iter().enumerate() {
            if i > 0 {
                steps.push(T("."));
            }
            match name.name {
                AttrName::Static(name) => steps.push(Name(name)),
                AttrName::Dynamic(expr) => steps.extend([T("\"${"), E(expr), T("}\"")]),
            }
        }
    }

    fn bindings(&self, set: AttrsId, steps: &mut Vec<Step>) {
        let mut attrs = self.ast.attr_defs(set).to_vec();
        attrs.sort_by_key(|attr| attr.name.bytes());
        let of_kind = |kind: AttrKind| {
            attrs.iter().filter(move |attr| attr.kind == kind).map(|attr| attr.name)
        };
        if of_kind(AttrKind::Inherited).next().is_some() {
            steps.push(T("inherit"));
            for name in of_kind(AttrKind::Inherited) {
                steps.extend([T(" "), Name(name)]);
            }
            steps.push(T("; "));
        }
        for (i, &from) in self.ast.inherit_from(set).iter().enumerate() {
            let kind = AttrKind::InheritedFrom(i as u32);
            if of_kind(kind).next().is_none() {
                continue;
            }
            steps.extend([T("inherit ("), E(from), T(")")]);
            for name in of_kind(kind) {
                steps.extend([T(" "), Name(name)]);
            }
            steps.push(T("; "));
        }
        for attr in attrs.iter().filter(|attr| attr.kind == AttrKind::Plain) {
            steps.extend([Name(attr.name), T(" = "), E(attr.value), T("; ")]);
        }
        for attr in self.ast.dynamic_attrs(set).iter() {
            steps.extend([T("\"${"), E(attr.name), T("}\" = "), E(attr.value), T("; ")]);
        }
    }

    fn path(&mut self, kind: PathKind, literal: &[u8]) {
        let path = match kind {
            PathKind::Absolute => canonical_path(literal),
            PathKind::Relative => canonical_path(&[self.folder, b"/", literal].concat()),
            PathKind::Home => [self.home, &literal[1..]].concat(),
        };
        let keep_slash = kind != PathKind::Home && literal.len() > 1 && literal.ends_with(b"/");
        self.out.extend_from_slice(&path);
        if keep_slash {
            self.out.push(b'/');
        }
    }
}

fn join(
    open: &'static str,
    items: impl Iterator<Item = ExprId>,
    between: &'static str,
    close: &'static str,
) -> Vec<Step> {
    let mut steps = vec![T(open)];
    for (i, item) in items.enumerate() {
        if i > 0 {
            steps.push(T(between));
        }
        steps.push(E(item));
    }
    steps.push(T(close));
    steps
}

/// A float with six significant digits, as C's `%g` prints it.
pub fn float(value: f64) -> String {
    if !value.is_finite() {
        let sign = if value.is_sign_negative() { "-" } else { "" };
        return format!("{sign}{}", if value.is_nan() { "nan" } else { "inf" });
    }
    let scientific = format!("{value:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        let digits = usize::try_from(5 - exponent).unwrap_or(0);
        return without_zeros(&format!("{value:.digits$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", without_zeros(mantissa), exponent.abs())
}

fn without_zeros(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}
