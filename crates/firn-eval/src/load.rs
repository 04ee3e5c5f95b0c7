//! Reading, parsing and evaluating source texts; `import`.

use std::rc::Rc;
use std::sync::Arc;

use firn_source::{Origin, SourceFile};
use firn_syntax::Symbol;
use firn_syntax::ast::Ast;

use crate::attrs::Attrs;
use crate::code::Node;
use crate::compile::Unit;
use crate::error::{ErrorKind, R};
use crate::frontend::{Source, Tree};
use crate::host::FileType;
use crate::machine::Machine;
use crate::paths;
use crate::pos::Pos;
use crate::value::{Env, Slot, Value};

/// Links that lead to a file, at most; as the reference has it.
const MOST_LINKS: usize = 1024;

/// Files of fewer bytes are compiled faster than bit by bit.
const WAIT_FROM: usize = 1500;

impl Machine {
    /// Evaluates a text. Relative paths in it start from `dir`.
    ///
    /// # Errors
    /// When the text is no expression, or evaluating it fails.
    pub fn eval_text(&mut self, origin: Origin, text: &[u8], dir: &str) -> R<Value> {
        let file = self.add_source(origin, text)?;
        self.eval_source(Source { file, tree: Tree::Unknown }, dir.as_bytes(), None)
    }

    pub(crate) fn add_source(
        &mut self,
        origin: Origin,
        text: impl Into<Box<[u8]>>,
    ) -> R<Arc<SourceFile>> {
        self.sources
            .clone()
            .add(origin, text)
            .map_err(|e| self.fail(ErrorKind::Eval, Pos::NONE, e.to_string()))
    }

    /// Evaluates a source text with the attributes of `scope` as its outermost variables.
    fn eval_source(&mut self, source: Source, dir: &[u8], scope: Option<Attrs>) -> R<Value> {
        let file = source.file.clone();
        let (node, env) = self.compile_source(source, dir, scope)?;
        if self.debug.is_some()
            && let Origin::Path(path) = file.origin()
        {
            let point =
                std::rc::Rc::new(crate::debug::file_point(&path.to_string_lossy(), node.pos));
            return self.debugged(|_| Some(point), env, |m| node.eval(m, env));
        }
        node.eval(self, env)
    }

    fn compile_source(
        &mut self,
        source: Source,
        dir: &[u8],
        scope: Option<Attrs>,
    ) -> R<(&'static Node, Env)> {
        let base = self.positions.add(source.file.clone());
        let ast = match source.parse(self.host_ref(), self.parse_options()) {
            Ok(ast) => ast,
            Err(diagnostic) => return Err(self.syntax_error(*diagnostic, base)),
        };
        if !ast.warnings().is_empty() {
            self.parser_warnings(&ast);
        }
        let (names, env) = self.scope_env(scope);
        if self.may_wait(&ast, &names) {
            let unit = Rc::new(Unit { ast, base, dir: dir.to_vec() });
            return Ok((crate::compile::compile_file(self, unit, &names)?, env));
        }
        Ok((crate::compile::compile(self, &ast, base, dir, &names)?, env))
    }

    /// Whether it pays to compile a file bit by bit, and all variables that nothing in it binds exist.
    fn may_wait(&self, ast: &Ast, scope: &[Symbol]) -> bool {
        let known = |name: &Symbol| self.globals.contains_key(name) || scope.contains(name);
        ast.file().length() >= WAIT_FROM
            && self.debug.is_none()
            && ast.free_names().iter().all(known)
    }

    pub(crate) fn scope_env(&mut self, scope: Option<Attrs>) -> (Vec<Symbol>, Env) {
        let Some(scope) = scope else { return (Vec::new(), Env::EMPTY) };
        let flat = self.flat(scope);
        let env = self.env(Env::EMPTY, flat.slots.len());
        for (i, slot) in flat.slots.iter().map(Slot::get).enumerate() {
            env.slot(1 + i).set(slot);
        }
        (flat.iter().map(|e| e.sym).collect(), env)
    }

    /// The file to read for a path that was imported: `default.nix` of a directory. A link at the
    /// path itself is followed, so that relative paths in the file mean its own place; links in the
    /// folders above stay.
    ///
    /// # Errors
    /// When the host can't look at the path, or links lead on without end.
    pub fn resolve_import(&mut self, path: &[u8], pos: Pos) -> R<String> {
        let mut path = String::from_utf8_lossy(path).into_owned();
        for _ in 0..MOST_LINKS {
            let kind = self.host().file_type(&path);
            match self.hosted(kind, pos)? {
                Some(FileType::Symlink) => {}
                Some(FileType::Directory) => {
                    return Ok(format!("{}/default.nix", path.trim_end_matches('/')));
                }
                _ => return Ok(path),
            }
            let target = self.host().read_link(&path);
            let Some(target) = self.hosted(target, pos)? else { return Ok(path) };
            let mut next = paths::dir_name(path.as_bytes()).to_vec();
            if target.starts_with(b"/") {
                next.clear();
            }
            next.push(b'/');
            next.extend_from_slice(&target);
            path = String::from_utf8_lossy(&paths::canonical(&next)).into_owned();
        }
        let text =
            format!("too many symbolic links encountered while traversing the path '{path}'");
        Err(self.fail(ErrorKind::Outside, pos, text))
    }

    /// `import path`: evaluates a file once per machine.
    ///
    /// # Errors
    /// When the file can't be read or parsed, or evaluating it fails.
    pub fn eval_file(&mut self, path: &[u8], pos: Pos) -> R<Value> {
        if let Ok(text) = std::str::from_utf8(path)
            && let Some(known) = self.imports.get(text)
        {
            let known = *known;
            return self.force_at(known, pos);
        }
        let resolved = self.resolve_import(path, pos)?;
        let asked = String::from_utf8_lossy(path).into_owned();
        if let Some(&known) = self.imports.get(&resolved) {
            self.imports.insert(asked, known);
            return self.force_at(known, pos);
        }
        let name = self.string(resolved.as_bytes());
        let thunk = self.lazy_native(&crate::builtins::import::LOAD, &[name]);
        self.imports.insert(resolved, thunk);
        self.imports.insert(asked, thunk);
        self.force_at(thunk, pos)
    }

    /// Reads, parses and evaluates a file, always anew. `scope` are its outermost variables.
    ///
    /// # Errors
    /// As [`Machine::eval_file`].
    pub fn load_file(&mut self, resolved: &str, scope: Option<Attrs>, pos: Pos) -> R<Value> {
        let source = self.file_source(resolved, pos)?;
        let dir = paths::dir_name(resolved.as_bytes()).to_vec();
        self.eval_source(source, &dir, scope)
    }

    /// As [`Machine::load_file`]; traces of errors in the file's expression name it.
    pub(crate) fn load_import(&mut self, resolved: &str, pos: Pos) -> R<Value> {
        self.load_file(resolved, None, pos).map_err(|raised| {
            let error = self.error_mut();
            let unread = error.frames.is_empty()
                && (error.kind == ErrorKind::Syntax
                    || error.message == format!("path '{resolved}' does not exist"));
            match unread {
                true => raised,
                false => {
                    let text = format!("while evaluating the file '{resolved}':");
                    self.frame(raised, Pos::NONE, text)
                }
            }
        })
    }

    /// Forgets what was imported, so that changed files are read again.
    pub fn forget_imports(&mut self) {
        self.imports.clear();
    }
}
