//! Packages, options and functions looked up: what is found in a flake, kept in an index, matched by patterns.
//!
//! Reading order: [`packages`], [`options`] and [`functions`] (what evaluation finds), [`index`] (the same on disk),
//! [`patterns`] (which of it is asked for). What is printed is the program's business.

mod evaluated;
pub mod functions;
pub mod index;
pub mod options;
pub mod packages;
pub mod patterns;
mod pretty;
