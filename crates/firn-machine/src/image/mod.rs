//! File system and disk images for machines.

pub mod disk;
pub mod efivars;
pub mod erofs;
pub mod gpt;
pub mod mbr;
pub mod packed;
