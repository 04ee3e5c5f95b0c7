//! The commands, one file each: an `Arguments` type with its help texts and a `run` function that
//! gathers options and calls a library. Programs with names of their own have `main`.

pub mod build;
pub mod collection;
pub mod completion;
pub mod config;
pub mod debian;
pub mod derivation;
pub mod develop;
pub mod eval;
pub mod flake;
pub mod hash;
pub mod key;
pub mod listing;
pub mod log;
pub mod machine_helpers;
pub mod nar;
pub mod nix_build;
pub mod nix_collect_garbage;
pub mod nix_env;
pub mod nix_hash;
pub mod nix_instantiate;
pub mod nix_prefetch_url;
pub mod nix_shell;
pub mod nix_store;
mod old_style;
pub mod options;
pub mod path_info;
pub mod print_dev_env;
pub mod registry;
pub mod repl;
pub mod run;
pub mod search;
pub mod shell;
pub mod store;
pub mod system;
pub mod test;
