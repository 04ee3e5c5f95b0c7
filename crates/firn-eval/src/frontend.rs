//! The parser as the evaluator uses it.

use std::sync::Arc;

use firn_diag::Diagnostic;
use firn_source::{Origin, SourceFile};
use firn_syntax::ParseOptions;
use firn_syntax::ast::Ast;

use crate::error::{ErrorKind, EvalError, R, Raised};
use crate::host::{FileMark, Host, Settings, TreeKey};
use crate::machine::Machine;
use crate::pos::Pos;

/// Files of fewer bytes are read and parsed faster than looked up.
const KEEP_FROM: usize = 400;

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

/// All that decides the tree of a text but the text.
fn tree_salt(options: ParseOptions) -> Vec<u8> {
    let ParseOptions {
        pipe_operators,
        pure,
        url_literals,
        short_path_literals,
        absolute_path_literals,
    } = options;
    let lints = [url_literals, short_path_literals, absolute_path_literals].map(|lint| lint as u8);
    let flags = [u8::from(pipe_operators), u8::from(pure)];
    [firn_syntax::stored::FORMAT.as_bytes(), &flags, &lints].concat()
}

/// Stands for a text and everything else that decides its tree.
fn tree_key(text: &[u8], salt: &[u8]) -> TreeKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(salt);
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
    /// The source in a file. Its text is not read if the file has not changed since its tree was kept.
    ///
    /// # Errors
    /// When it can't be read.
    pub(crate) fn file_source(&mut self, path: &str, pos: Pos) -> R<Source> {
        let salt = tree_salt(self.parse_options());
        let mark = match self.host_ref().keeps_trees() {
            true => self.host().file_mark(path, &salt).filter(|mark| mark.size >= KEEP_FROM),
            false => None,
        };
        if let Some(mark) = &mark
            && let Some(tree) = self.host_ref().marked_tree(mark)
            && let Some(source) = self.kept_source(path, mark.size, tree)
        {
            return Ok(source);
        }
        let text = self.host().read_file(path);
        let text = self.hosted(text, pos)?;
        self.read_source(path, text, &salt, mark)
    }

    /// A text that was read from a file. If its tree was kept, the text is let go.
    fn read_source(
        &mut self,
        path: &str,
        text: Vec<u8>,
        salt: &[u8],
        mark: Option<FileMark>,
    ) -> R<Source> {
        if text.len() < KEEP_FROM || !self.host_ref().keeps_trees() {
            let file = self.add_source(Origin::Path(path.into()), text)?;
            return Ok(Source { file, tree: Tree::Unknown });
        }
        let key = tree_key(&text, salt);
        if let Some(mark) = mark.filter(|mark| mark.is_settled && mark.size == text.len()) {
            self.host_ref().mark_tree(&mark, key);
        }
        if let Some(tree) = self.host_ref().kept_tree(&key)
            && let Some(source) = self.kept_source(path, text.len(), tree)
        {
            return Ok(source);
        }
        let file = self.add_source(Origin::Path(path.into()), text)?;
        Ok(Source { file, tree: Tree::ToKeep(key) })
    }

    /// A file of so many bytes with its tree.
    fn kept_source(&self, path: &str, length: usize, tree: firn_syntax::Stretch) -> Option<Source> {
        let place = self.host_ref().place(path)?;
        let file = self.sources.add_placed(Origin::Path(path.into()), length, place).ok()?;
        let ast = Ast::from_bytes(&file, tree)?;
        Some(Source { file, tree: Tree::Kept(ast) })
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
