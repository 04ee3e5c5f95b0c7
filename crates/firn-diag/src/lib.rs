//! The diagnostic as a value, and its renderers: [`terminal`] for people, [`cppnix`] for those who
//! expect CppNix's layout, one line, and [`to_json`].

pub mod cppnix;
mod diagnostic;
mod excerpt;
pub mod explained;
mod json;
mod similar;
pub mod terminal;

pub use diagnostic::{Diagnostic, Frame, Label, Severity};
pub use excerpt::excerpt;
pub use json::to_json;
pub use similar::similar;
