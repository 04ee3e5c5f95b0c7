//! File system images for machines.

pub mod erofs;
