//! Measurements.

mod bare;
pub mod machines;
mod memory;
pub mod modules;
pub mod parse;
