//! The diagnostic as a value, and its renderers for the terminal, one line and JSON.

mod diagnostic;

pub use diagnostic::{Diagnostic, Frame, Label, Severity};
