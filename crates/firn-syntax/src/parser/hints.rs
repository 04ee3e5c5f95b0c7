//! Common mistakes, recognised where the parser stops, and how the line should read.

use firn_diag::Diagnostic;

use super::Parser;
use crate::lexer::{Tok, Token};

impl Parser<'_> {
    /// Adds what is known about a mistake to the message that the grammar gives.
    pub(super) fn explain(&self, _token: Token, _expected: &[Tok], _diagnostic: &mut Diagnostic) {}
}
