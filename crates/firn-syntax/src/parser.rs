//! From text to tree: recursive descent, with operators by precedence.
//!
//! What is accepted, where a mistake is placed and how it is worded follow CppNix 2.34's grammar.
//! Its parser is generated, and its messages list what the parser's state could go on with if that
//! is at most four things; here each place names these itself.

mod attrs;
mod expr;
mod functions;
mod hints;
mod strings;

use std::sync::{Arc, OnceLock};

use firn_diag::{Diagnostic, Severity};
use firn_source::{SourceFile, Span};

use crate::ast::{
    Ast, AttrDef, AttrSet, Doc, DynamicAttr, Expr, ExprId, Formal, Lambda, Paren, Parsed, Part,
    PathName, Range32, Tables, Text,
};
use crate::lexer::{LexError, Lexer, Tok, Token};
use crate::symbol::sym;

/// What to do about a discouraged form.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lint {
    /// Nothing.
    #[default]
    Ignore,
    /// A warning.
    Warn,
    /// An error.
    Fatal,
}

/// What the parser accepts; the settings of the same names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ParseOptions {
    /// `|>` and `<|`, the experimental feature `pipe-operators`.
    pub pipe_operators: bool,
    /// Evaluation is pure: `~/…` paths are errors.
    pub pure: bool,
    /// `lint-url-literals`.
    pub url_literals: Lint,
    /// `lint-short-path-literals`.
    pub short_path_literals: Lint,
    /// `lint-absolute-path-literals`.
    pub absolute_path_literals: Lint,
}

/// How deep expressions may be nested.
pub const MAX_DEPTH: u32 = 50_000;

/// Parses a source text.
///
/// # Errors
/// The first mistake, placed and worded as CppNix 2.34 does, with help where the mistake is a
/// common one. Undefined variables are not looked for here; see [`crate::scope`].
pub fn parse(file: &Arc<SourceFile>, options: &ParseOptions) -> Result<Ast, Box<Diagnostic>> {
    let mut parser = Parser::new(file, options);
    match parser.file() {
        Ok(root) => Ok(parser.into_ast(root)),
        Err(diagnostic) => Err(diagnostic),
    }
}

/// Parses the bindings that a user types at the prompt, `a = 1; b = 2;`, as a set.
///
/// # Errors
/// As for [`parse`].
pub fn parse_bindings(
    file: &Arc<SourceFile>,
    options: &ParseOptions,
) -> Result<Ast, Box<Diagnostic>> {
    let mut parser = Parser::new(file, options);
    match parser.prompt_bindings() {
        Ok(root) => Ok(parser.into_ast(root)),
        Err(diagnostic) => Err(diagnostic),
    }
}

type Res<T> = Result<T, Box<Diagnostic>>;

/// A parser over one text, with the tree's tables and the stacks that lists are gathered on before
/// they go into the tables as one stretch.
struct Parser<'a> {
    lexer: Lexer<'a>,
    file: &'a Arc<SourceFile>,
    options: ParseOptions,
    /// The token that comes next.
    tok: Token,
    /// Where the token before it ended.
    prev_end: u32,
    depth: u32,
    exprs: Vec<Expr>,
    spans: Vec<(u32, u32)>,
    ids: Vec<ExprId>,
    parts: Vec<Part>,
    paths: Vec<Range32>,
    names: Vec<PathName>,
    sets: Vec<AttrSet>,
    attr_table: Vec<AttrDef>,
    dynamic: Vec<DynamicAttr>,
    lambdas: Vec<Lambda>,
    formals: Vec<Formal>,
    texts: Vec<u8>,
    parens: Vec<Paren>,
    warnings: Vec<Diagnostic>,
    /// Whether the names of an `inherit` are being read.
    in_inherit: bool,
    /// The last `f or`.
    applied_to_or: Option<ExprId>,
    id_stack: Vec<ExprId>,
    part_stack: Vec<Part>,
    name_stack: Vec<PathName>,
    formal_stack: Vec<Formal>,
    segments: Vec<strings::Segment>,
    builders: Vec<attrs::SetBuilder>,
    /// How many of `builders` are in use.
    open_builders: usize,
    /// Doc comments by the position of the documented attribute's value.
    value_docs: Vec<Doc>,
    /// Where the last path ended, and where its last stretch started.
    last_path: (u32, u32),
}

impl<'a> Parser<'a> {
    fn new(file: &'a Arc<SourceFile>, options: &ParseOptions) -> Parser<'a> {
        let text = file.text();
        let nodes = text.len() / 12 + 8;
        Parser {
            lexer: Lexer::new(text, options.pipe_operators),
            file,
            options: *options,
            tok: Token { kind: Tok::Eof, start: 0, end: 0, symbol: sym::EMPTY },
            prev_end: 0,
            depth: 0,
            exprs: Vec::with_capacity(nodes),
            spans: Vec::with_capacity(nodes),
            ids: Vec::with_capacity(nodes / 2),
            parts: Vec::new(),
            paths: Vec::new(),
            names: Vec::new(),
            sets: Vec::new(),
            attr_table: Vec::with_capacity(nodes / 4),
            dynamic: Vec::new(),
            lambdas: Vec::new(),
            formals: Vec::new(),
            texts: Vec::with_capacity(text.len() / 4),
            parens: Vec::new(),
            warnings: Vec::new(),
            in_inherit: false,
            applied_to_or: None,
            id_stack: Vec::new(),
            part_stack: Vec::new(),
            name_stack: Vec::new(),
            formal_stack: Vec::new(),
            segments: Vec::new(),
            builders: Vec::new(),
            open_builders: 0,
            value_docs: Vec::new(),
            last_path: (u32::MAX, 0),
        }
    }

    fn file(&mut self) -> Res<ExprId> {
        self.bump()?;
        let root = self.expr()?;
        match self.tok.kind {
            Tok::Eof => Ok(root),
            _ => Err(self.unexpected(&[Tok::Eof])),
        }
    }

    fn prompt_bindings(&mut self) -> Res<ExprId> {
        self.bump()?;
        let start = self.tok.start;
        self.bindings(start, attrs::Place::Prompt)
    }

    fn into_ast(self, root: ExprId) -> Ast {
        let mut value_docs = self.value_docs;
        value_docs.sort_by_key(|doc| doc.pos);
        let parsed = Parsed {
            exprs: self.exprs,
            spans: self.spans,
            ids: self.ids,
            parts: self.parts,
            paths: self.paths,
            names: self.names,
            sets: self.sets,
            attrs: self.attr_table,
            dynamic: self.dynamic,
            lambdas: self.lambdas,
            formals: self.formals,
            texts: self.texts,
            docs: self.lexer.docs,
            value_docs,
            parens: self.parens,
            free: OnceLock::new(),
        };
        Ast {
            file: self.file.clone(),
            root,
            tables: Tables::Parsed(Arc::new(parsed)),
            warnings: self.warnings,
        }
    }

    /// Takes the next token; returns the one that was next.
    #[inline]
    fn bump(&mut self) -> Res<Token> {
        let taken = self.tok;
        self.prev_end = taken.end;
        match self.lexer.next() {
            Ok(token) => self.tok = token,
            Err(error) => return Err(self.lex_error(error)),
        }
        Ok(taken)
    }

    /// Goes on after something that the parser scanned itself, up to the offset `end`.
    #[inline]
    fn resume(&mut self, end: usize) -> Res<()> {
        self.lexer.pos = end;
        match self.lexer.next() {
            Ok(token) => self.tok = token,
            Err(error) => return Err(self.lex_error(error)),
        }
        self.prev_end = end as u32;
        Ok(())
    }

    /// Takes the next token if it is of this kind, else complains that one of `expected` should be
    /// there.
    #[inline]
    fn expect(&mut self, kind: Tok, expected: &[Tok]) -> Res<Token> {
        if self.tok.kind == kind { self.bump() } else { Err(self.unexpected(expected)) }
    }

    #[inline]
    fn push(&mut self, expr: Expr, start: u32) -> ExprId {
        self.push_span(expr, start, self.prev_end)
    }

    #[inline]
    fn push_span(&mut self, expr: Expr, start: u32, end: u32) -> ExprId {
        let id = ExprId(self.exprs.len() as u32);
        self.exprs.push(expr);
        self.spans.push((start, end));
        id
    }

    /// Moves what the stack gathered since `mark` into the table of ids.
    #[inline]
    fn take_ids(&mut self, mark: usize) -> Range32 {
        let start = self.ids.len() as u32;
        self.ids.extend(self.id_stack.drain(mark..));
        Range32 { start, len: self.ids.len() as u32 - start }
    }

    /// The text table's end since `start` as a text.
    #[inline]
    fn text_since(&self, start: usize) -> Text {
        Text(Range32 { start: start as u32, len: (self.texts.len() - start) as u32 })
    }

    /// Runs a step of recursion, on a new stack when this one may run out.
    #[inline]
    fn nested<T: Send>(&mut self, step: impl FnOnce(&mut Self) -> Res<T> + Send) -> Res<T> {
        self.depth += 1;
        let result = if self.depth.is_multiple_of(STACK_DEPTH) {
            self.on_new_stack(step)
        } else {
            step(self)
        };
        self.depth -= 1;
        result
    }

    #[cold]
    #[inline(never)]
    fn on_new_stack<T: Send>(&mut self, step: impl FnOnce(&mut Self) -> Res<T> + Send) -> Res<T> {
        let too_deep = self.too_deep();
        if self.depth >= MAX_DEPTH {
            return Err(too_deep);
        }
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK_SIZE);
            match thread.spawn_scoped(scope, move || step(self)) {
                Ok(handle) => handle.join().unwrap_or(Err(too_deep)),
                Err(_) => Err(too_deep),
            }
        })
    }

    fn too_deep(&self) -> Box<Diagnostic> {
        let message = format!("expressions are nested more than {} deep", self.depth);
        let span = Span::new(self.file.id(), self.tok.start, self.tok.end);
        Box::new(Diagnostic::error("parse.too-deep", message).at(span))
    }

    fn error(&self, code: &'static str, message: String, start: u32, end: u32) -> Box<Diagnostic> {
        let span = Span::new(self.file.id(), start, end);
        Box::new(Diagnostic::error(code, message).at(span))
    }

    /// The next token can't be here. `expected` is in the order of the token kinds.
    #[cold]
    #[inline(never)]
    fn unexpected(&self, expected: &[Tok]) -> Box<Diagnostic> {
        self.unexpected_token(self.tok, expected)
    }

    #[cold]
    fn unexpected_token(&self, token: Token, expected: &[Tok]) -> Box<Diagnostic> {
        let mut message = format!("syntax error, unexpected {}", token.kind.describe());
        for (i, kind) in expected.iter().enumerate() {
            message.push_str(if i == 0 { ", expecting " } else { " or " });
            message.push_str(kind.describe());
        }
        let start = match token.kind {
            Tok::Eof => self.end_position(token),
            _ => token.start,
        };
        let end = if token.kind == Tok::Invalid { start + 1 } else { token.end };
        let mut diagnostic = self.error("parse.unexpected-token", message, start, end);
        self.explain(token, expected, &mut diagnostic);
        diagnostic
    }

    /// CppNix places the end of the file at its last byte's end, but where a path ends the file, at
    /// that path's last stretch.
    fn end_position(&self, token: Token) -> u32 {
        if token.start == self.last_path.0 { self.last_path.1 } else { token.end }
    }

    #[cold]
    fn lex_error(&self, error: LexError) -> Box<Diagnostic> {
        match error {
            LexError::InvalidInteger(start, end) => {
                let digits = String::from_utf8_lossy(self.file.slice(start, end));
                let message = format!("invalid integer '{digits}'");
                let mut d = self.error("parse.invalid-integer", message, start, end);
                d.notes.push("integers go up to 9223372036854775807".into());
                d
            }
            LexError::PipesDisabled(start, end) => {
                let message = "experimental Nix feature 'pipe-operators' is disabled; add \
                               '--extra-experimental-features pipe-operators' to enable it";
                self.error("parse.feature-disabled", message.into(), start, end)
            }
        }
    }

    /// A form that the settings discourage: a warning or an error.
    fn lint(&mut self, lint: Lint, setting: &str, message: String, span: (u32, u32)) -> Res<()> {
        if lint == Lint::Ignore {
            return Ok(());
        }
        let mut found =
            self.error("parse.discouraged", format!("{message} ({setting})"), span.0, span.1);
        if lint == Lint::Fatal {
            return Err(found);
        }
        found.severity = Severity::Warning;
        self.warnings.push(*found);
        Ok(())
    }
}

/// After so many steps of recursion the parser goes on on a new stack: the stack it was called on
/// may be small.
const STACK_DEPTH: u32 = 250;
/// Room for `STACK_DEPTH` steps; a step takes well below 8 KiB even without optimisation.
const STACK_SIZE: usize = 250 * 16 * 1024;
