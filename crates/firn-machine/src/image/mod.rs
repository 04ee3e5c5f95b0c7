//! File system and disk images for machines.

pub mod disk;
pub mod erofs;
pub mod gpt;
pub mod packed;
