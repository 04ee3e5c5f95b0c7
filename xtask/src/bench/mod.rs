//! Measurements.

mod bare;
pub mod build;
pub mod machines;
mod memory;
pub mod modules;
pub mod parse;
pub mod side;
