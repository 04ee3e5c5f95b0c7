//! Measurements.

pub mod machines;
pub mod parse;
