//! The commands, one file each: an `Arguments` type with its help texts and a `run` function that
//! gathers options and calls a library. Programs with names of their own have `main`.

pub mod build;
pub mod completion;
pub mod debian;
pub mod eval;
pub mod flake;
pub mod machine_helpers;
pub mod nix_instantiate;
pub mod system;
