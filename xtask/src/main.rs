//! Automation in Rust: bench, gen, tidy, conformance.

fn main() {}
