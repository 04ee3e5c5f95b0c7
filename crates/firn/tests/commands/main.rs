//! Commands that evaluate, as a user calls them: no network, no packages, a store of their own.
#![allow(clippy::unwrap_used)]

mod base;
mod diagnostics;
mod eval_cache;
mod flakes;
mod help;
mod json_log;
mod locking;
mod lookup;
mod nix_build;
mod prefetch;
mod repositories;
mod server;
mod user;
