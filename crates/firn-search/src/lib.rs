//! Packages and options looked up: what is found in a flake, kept in an index, matched by patterns.
//!
//! Reading order: [`packages`] and [`options`] (what evaluation finds), [`index`] (the same on disk),
//! [`patterns`] (which of it is asked for). What is printed is the program's business.

pub mod index;
pub mod options;
pub mod packages;
pub mod patterns;
mod pretty;
