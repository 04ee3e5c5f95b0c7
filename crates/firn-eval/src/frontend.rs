//! The parser as the evaluator uses it.

use std::sync::Arc;

use firn_diag::Diagnostic;
use firn_source::{Origin, SourceFile};
use firn_syntax::ParseOptions;
use firn_syntax::ast::Ast;

use crate::error::{ErrorKind, EvalError, R, Raised};
use crate::host::{Host, Settings, TreeKey};
use crate::machine::Machine;
use crate::pos::Pos;

/// Texts of fewer bytes are parsed faster than looked up, and compiled faster than looked through.
pub(crate) const KEEP_FROM: usize = 1500;

/// A source text, and what is known of its tree.
pub(crate) struct Source {
    pub file: Arc<SourceFile>,
    pub tree: Tree,
}

pub(crate) enum Tree {
    /// It has to be parsed.
    Unknown,
    /// The same, and is then kept.
    ToKeep(TreeKey),
    /// It was kept.
    Kept(Ast),
}

impl Source {
    /// The tree, parsed if it must be.
    pub fn parse(self, host: &dyn Host, options: ParseOptions) -> Result<Ast, Box<Diagnostic>> {
        match self.tree {
            Tree::Kept(ast) => Ok(ast),
            Tree::Unknown => firn_syntax::parse(&self.file, &options),
            Tree::ToKeep(key) => {
                let ast = firn_syntax::parse(&self.file, &options)?;
                host.keep_tree(key, &|| ast.to_bytes());
                Ok(ast)
            }
        }
    }
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

impl Settings {
    /// What the parser accepts by these settings.
    pub fn parse_options(&self) -> ParseOptions {
        let [url_literals, short_path_literals, absolute_path_literals] = self.lints;
        ParseOptions {
            pipe_operators: self.features.iter().any(|feature| feature == "pipe-operators"),
            pure: self.pure,
            url_literals,
            short_path_literals,
            absolute_path_literals,
        }
    }
}

impl Machine {
    /// The text of a file, which was read. If its tree was kept, the text is let go.
    pub(crate) fn file_source(&mut self, path: &str, text: Vec<u8>) -> R<Source> {
        let origin = Origin::Path(path.into());
        if text.len() < KEEP_FROM || !self.host_ref().keeps_trees() {
            return Ok(Source { file: self.add_source(origin, text)?, tree: Tree::Unknown });
        }
        let key = tree_key(&text, self.parse_options());
        if let Some(bytes) = self.host_ref().kept_tree(&key)
            && let Some(place) = self.host_ref().place(path)
            && let Ok(file) = self.sources.add_placed(origin.clone(), text.len(), place)
            && let Some(ast) = Ast::from_bytes(&file, bytes)
        {
            return Ok(Source { file, tree: Tree::Kept(ast) });
        }
        Ok(Source { file: self.add_source(origin, text)?, tree: Tree::ToKeep(key) })
    }

    /// What the parser accepts in this session.
    pub(crate) fn parse_options(&self) -> ParseOptions {
        self.settings.parse_options()
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
