//! Documentation of values: that of builtins stands in their tables, that of functions in comments
//! `/** … */` of their sources, which are read again when somebody asks.

use firn_syntax::Symbol;
use firn_syntax::ast::{Ast, Expr, ExprId, Lambda};
use firn_syntax::sym;

use crate::error::{ErrorKind, R};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::{FunctionKind, Value};

/// Documentation of the names in `builtins` that are no functions of this program.
const CONSTANTS: &[(&str, &str)] = &[
    (
        "builtins",
        "The set of everything that is built in. Names without underscores are only here: \
        test for one with `builtins ? name` to support other versions.",
    ),
    (
        "currentSystem",
        "The system that evaluation is for, such as `x86_64-linux`: the setting \
        `eval-system`, else `system`. Missing in pure evaluation.",
    ),
    (
        "currentTime",
        "The time when evaluation began, in seconds since 1970. Missing in pure \
        evaluation.",
    ),
    (
        "derivation",
        "Describes a build: a set with at least `name`, `system` and `builder`. Returns \
        that set with `drvPath`, `outPath` and one attribute for each of `outputs`.",
    ),
    ("false", "The Boolean that is not true."),
    (
        "firn",
        "What only this program has: helpers of its library, and `program`, the store path of the \
        running program. Test for it with `builtins ? firn`.",
    ),
    ("langVersion", "The version of the language, `6`."),
    ("nixPath", "The search path behind `<name>`: a list of sets with `prefix` and `path`."),
    ("nixVersion", "The version of Nix that this evaluator follows."),
    ("null", "The value that stands for nothing."),
    ("storeDir", "The folder of the store, mostly `/nix/store`."),
    ("true", "The Boolean that is true."),
];

/// Documentation of a name in `builtins` that is no function of a table; nothing if there is none.
pub fn constant_doc(name: &str) -> Option<&'static str> {
    CONSTANTS.iter().find(|(known, _)| *known == name).map(|(_, doc)| *doc)
}

/// The synopsis and description of a builtin, in Markdown.
pub fn primop_doc(op: &PrimOp) -> String {
    let args: Vec<String> = op.args.iter().map(|arg| format!("*{arg}*")).collect();
    format!("**Synopsis:** `builtins.{}` {}\n\n{}", op.short_name(), args.join(" "), op.doc)
}

impl Machine {
    /// What is known about a function, in Markdown; nothing about other values.
    ///
    /// # Errors
    /// A set that can be called fails when it is.
    pub fn documentation(&mut self, v: Value) -> R<Option<String>> {
        let v = self.force(v)?;
        if let Some(functor) = v.as_attrs().and_then(|attrs| attrs.get(sym::FUNCTOR)) {
            // What the user would call is what the functor gives for the set.
            let found = self.call(functor.get(), &[v], Pos::NONE).and_then(|function| {
                self.enter(Pos::NONE)?;
                let found = self.documentation(function);
                self.leave();
                found
            });
            let what = "while partially calling '__functor' to retrieve documentation";
            return self.traced(found, Pos::NONE, what);
        }
        let Some(function) = v.as_function() else { return Ok(None) };
        Ok(match function.kind() {
            FunctionKind::PrimOp(op) => Some(primop_doc(op)),
            FunctionKind::PrimOpApp(..) => None,
            FunctionKind::Closure(lambda, _) => Some(self.lambda_doc(lambda.outer_pos, 0)),
            FunctionKind::Partial(lambda, _, args) => {
                Some(self.lambda_doc(lambda.outer_pos, args.len()))
            }
        })
    }

    /// The comment before a function that is written in the language, and the function's place; nothing
    /// where there is no comment, and about other values. What is left of a function that has some of its
    /// arguments is another function than the one that the comment is about.
    ///
    /// # Errors
    /// Evaluating the value fails.
    pub fn comment(&mut self, v: Value) -> R<Option<(String, Pos)>> {
        let Some(function) = self.force(v)?.as_function() else { return Ok(None) };
        let FunctionKind::Closure(lambda, _) = function.kind() else { return Ok(None) };
        let found = self.lambda_left(lambda.outer_pos, 0);
        Ok(found.and_then(|left| Some((left.comment()?, left.pos))))
    }

    /// The comment before the attribute that is defined at a place; nothing where there is none.
    pub fn attribute_comment(&self, pos: Pos) -> Option<String> {
        let (ast, offset) = self.read_again(pos)?;
        let doc = ast.doc_at(offset)?;
        Some(comment_text(&ast.file().text()[doc.start as usize..doc.end as usize]))
    }

    /// The documentation of the function that is left of the one at `pos` after `given` arguments.
    fn lambda_doc(&self, pos: Pos, given: usize) -> String {
        let Some(left) = self.lambda_left(pos, given) else { return "Function ".to_owned() };
        let place = self.show_pos(left.pos);
        let mut text = match left.lambda.name {
            Some(name) => format!("Function `{name}`\\\n  … defined at {place}"),
            None => format!("Function defined at {place}"),
        };
        if let Some(comment) = left.comment() {
            text += "\n\n";
            text += &comment;
        }
        text
    }

    fn lambda_left(&self, pos: Pos, given: usize) -> Option<Left> {
        let (ast, offset) = self.read_again(pos)?;
        let (at, lambda) = lambda_at(&ast, offset, given)?;
        Some(Left { pos: Pos(pos.0 - offset + at), ast, lambda })
    }

    /// What is known about an attribute from where it is defined, in Markdown; nothing if that place
    /// is not known.
    pub fn attribute_doc(&self, name: Symbol, pos: Pos) -> Option<String> {
        if !pos.is_some() || self.positions().resolve(pos).is_none() {
            return None;
        }
        let text =
            self.attribute_comment(pos).unwrap_or_else(|| "No documentation found.\n\n".to_owned());
        Some(format!("Attribute `{name}`\n\n  … defined at {}\n\n{text}", self.show_pos(pos)))
    }

    /// The syntax tree of the text that a position is in, and the offset there.
    fn read_again(&self, pos: Pos) -> Option<(Ast, u32)> {
        let (file, offset) = self.positions().resolve(pos)?;
        let options = self.parse_options();
        let parsed = firn_syntax::parse(file, &options)
            .or_else(|_| firn_syntax::parse_bindings(file, &options));
        parsed.ok().map(|ast| (ast, offset))
    }

    /// For documentation of an attribute: the set that the last name of a selection is looked up in,
    /// and the name. Nothing when the expression is no selection of a known name.
    ///
    /// # Errors
    /// Evaluating the set fails.
    pub fn selection_in(
        &mut self,
        text: &[u8],
        dir: &str,
        scope: crate::attrs::Attrs,
    ) -> R<Option<(Value, Symbol)>> {
        let Some((cut, name)) = last_selection(self, text) else { return Ok(None) };
        let prepared = self.prepare_beginning(text, cut, dir, scope)?;
        let set = self.evaluate(prepared)?;
        if set.as_attrs().is_none() {
            let found = crate::print::show_type(set);
            let text = format!("expected a set but found {found}");
            return Err(self.fail(ErrorKind::Type, Pos::NONE, text));
        }
        Ok(Some((set, name)))
    }
}

/// A function that was found again in its source.
struct Left {
    ast: Ast,
    lambda: Lambda,
    pos: Pos,
}

impl Left {
    fn comment(&self) -> Option<String> {
        let doc = self.ast.docs().get(self.lambda.doc? as usize).copied()?;
        Some(comment_text(&self.ast.file().text()[doc.start as usize..doc.end as usize]))
    }
}

/// Where the last name of a selection begins (before its dot), and the name.
fn last_selection(m: &Machine, text: &[u8]) -> Option<(usize, Symbol)> {
    let sources = firn_source::SourceMap::new();
    let file = sources.add(firn_source::Origin::String, text).ok()?;
    let ast = firn_syntax::parse(&file, &m.parse_options()).ok()?;
    let Expr::Select { path, default: None, .. } = ast.expr(ast.root()) else { return None };
    let firn_syntax::ast::AttrName::Static(name) = ast.path(path).last()?.name else { return None };
    let dot = text.iter().rposition(|&b| b == b'.')?;
    // A dot inside of a quoted name is not the one.
    let written = String::from_utf8_lossy(&text[dot + 1..]).trim().to_owned();
    (written == name.text()).then_some((dot, name))
}

/// The function at an offset, and how many functions further inside; with its own offset.
fn lambda_at(ast: &Ast, offset: u32, inside: usize) -> Option<(u32, Lambda)> {
    let ids = (0..ast.len() as u32).map(ExprId);
    let mut at = ids
        .into_iter()
        .find(|&id| matches!(ast.expr(id), Expr::Lambda(_)) && ast.pos(id) == offset)?;
    for _ in 0..inside {
        let Expr::Lambda(lambda) = ast.expr(at) else { return None };
        at = ast.lambda(lambda).body;
    }
    let Expr::Lambda(lambda) = ast.expr(at) else { return None };
    Some((ast.pos(at), ast.lambda(lambda)))
}

/// The text of a comment `/** … */` without the indentation that all its lines share.
fn comment_text(comment: &[u8]) -> String {
    let comment = String::from_utf8_lossy(comment);
    let inner = comment.strip_prefix("/**").and_then(|text| text.strip_suffix("*/"));
    // Three spaces in the place of the comment's beginning.
    let text = format!("   {}", inner.unwrap_or_default());
    let spaces = |line: &str| line.bytes().take_while(|&b| b == b' ').count();
    let filled = text.lines().filter(|line| line.len() > spaces(line));
    let shared = filled.map(spaces).min().unwrap_or(0);
    let cut: Vec<&str> = text.lines().map(|line| line.get(shared..).unwrap_or_default()).collect();
    cut.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_lose_what_their_lines_share() {
        assert_eq!(comment_text(b"/**\n     Adds.\n       More.\n  */"), "\nAdds.\n  More.\n");
        assert_eq!(comment_text(b"/** Adds. */"), "Adds. ");
    }
}
