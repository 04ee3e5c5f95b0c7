//! Lexer, parser, syntax tree and printer for the Nix language.
//!
//! [`parse`] makes an [`ast::Ast`] of a source text, or says why it can't; [`scope::check`] finds
//! undefined variables; [`print::print`] shows the tree. [`symbol::Symbol`] is the process-wide
//! table of names.

pub mod ast;
mod kept;
mod lexer;
mod parser;
pub mod print;
pub mod scope;
pub mod stored;
pub mod symbol;

pub use ast::Ast;
pub use kept::Stretch;
pub use parser::{Lint, MAX_DEPTH, ParseOptions, parse, parse_bindings};
pub use symbol::{Symbol, sym};
