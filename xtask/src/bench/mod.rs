//! Measurements.

pub mod parse;
