//! The program from end to end: flakes in, machines up, tests run.
//!
//! These tests need user namespaces and a Debian mirror. Where something is missing they say so and
//! pass, unless `FIRN_REQUIRE_E2E=1` is set, which turns that into a failure. They share one store,
//! so that packages are fetched once, and run one after the other; those of virtual machines two at a time.
#![allow(clippy::unwrap_used)]

mod boot;
mod data;
mod examples;
mod failing;
mod host;
mod http_server;
mod inputs;
mod nixos_tests;
mod program;
mod python;
mod seed;

#[path = "../commands/server.rs"]
mod server;

#[path = "../pty/mod.rs"]
mod pty;
mod shell_of_builds;
mod shells;
mod test_shell;
mod unprivileged;
