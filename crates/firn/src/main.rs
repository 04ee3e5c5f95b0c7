//! The program: one file per command; the only crate that prints and reads the process environment.

fn main() {}
