//! Lexer, parser, syntax tree and printer for the Nix language.
//!
//! [`parse`] makes an [`ast::Ast`] of a source text, or says why it can't. [`symbol::Symbol`] is the
//! process-wide table of names.

pub mod ast;
mod parser;
pub mod symbol;

pub use ast::Ast;
pub use parser::{Lint, ParseOptions, parse};
pub use symbol::{Symbol, sym};
