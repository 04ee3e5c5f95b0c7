//! The parser as the evaluator uses it.

use std::sync::Arc;

use firn_diag::Diagnostic;
use firn_source::SourceFile;
use firn_syntax::ParseOptions;
use firn_syntax::ast::Ast;

use crate::error::{ErrorKind, EvalError, Raised};
use crate::host::{Host, TreeKey};
use crate::machine::Machine;
use crate::pos::Pos;

/// Texts of fewer bytes are parsed faster than looked up, and compiled faster than looked through.
const KEEP_FROM: usize = 1500;

/// The tree of a text: the one that the host kept, or a new one.
pub(crate) fn parse(
    host: &dyn Host,
    file: &Arc<SourceFile>,
    options: ParseOptions,
) -> Result<Ast, Box<Diagnostic>> {
    let text = file.text();
    if text.len() < KEEP_FROM {
        return firn_syntax::parse(file, &options);
    }
    if file.origin().path().is_none() || !host.keeps_trees() {
        return parse_large(file, options);
    }
    let key = tree_key(text, options);
    let mut kept = None;
    host.kept_tree(&key, &mut |bytes| kept = Ast::from_bytes(file, bytes));
    if let Some(ast) = kept {
        return Ok(ast);
    }
    let ast = parse_large(file, options)?;
    host.keep_tree(key, &|| ast.to_bytes());
    Ok(ast)
}

/// Parses, and finds the names that nothing in the text binds.
fn parse_large(file: &Arc<SourceFile>, options: ParseOptions) -> Result<Ast, Box<Diagnostic>> {
    let mut ast = firn_syntax::parse(file, &options)?;
    ast.find_free_names();
    Ok(ast)
}

/// Stands for a text and everything else that decides its tree.
fn tree_key(text: &[u8], options: ParseOptions) -> TreeKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{} {options:?} ", firn_syntax::stored::FORMAT).as_bytes());
    hasher.update(text);
    let mut key = TreeKey::default();
    hasher.finalize_xof().fill(&mut key);
    key
}

impl Machine {
    /// What the parser accepts in this session.
    pub(crate) fn parse_options(&self) -> ParseOptions {
        ParseOptions {
            pipe_operators: self.settings.features.iter().any(|f| f == "pipe-operators"),
            pure: self.settings.pure,
            url_literals: self.settings.lints[0],
            short_path_literals: self.settings.lints[1],
            absolute_path_literals: self.settings.lints[2],
        }
    }

    /// Tells the host what the parser warned about.
    pub(crate) fn parser_warnings(&mut self, ast: &Ast) {
        for warning in ast.warnings() {
            let style = firn_diag::cppnix::Style::default();
            let text = firn_diag::cppnix::render(warning, &*self.sources, style);
            self.host_ref().report(&text);
        }
    }

    /// Raises the parser's diagnostic; `base` is the first position of its text.
    #[cold]
    pub(crate) fn syntax_error(&mut self, diagnostic: Diagnostic, base: u32) -> Raised {
        let pos = match diagnostic.span {
            Some(span) if base != 0 => Pos(base + span.start),
            _ => Pos::NONE,
        };
        let mut error = EvalError::new(ErrorKind::Syntax, pos, diagnostic.message);
        error.suggestions = diagnostic.suggestions;
        error.notes = diagnostic.notes;
        error.help = diagnostic.help;
        self.raise(error)
    }
}
