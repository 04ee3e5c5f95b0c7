//! The program: one file per command; the only crate that prints and reads the process environment.
//!
//! Reading order: [`program`] (which program this was called as), [`cli`] (the command line of
//! `firn` itself), [`commands`] (one file each), [`exit`] (errors and exit statuses).

mod arguments;
mod base;
mod building;
mod cli;
mod commands;
mod completion;
mod context;
mod derived;
mod dev_shell;
mod editor;
mod enter;
mod environment;
mod eval_store;
mod evaluation;
mod examples;
mod exit;
mod flake_config;
mod flake_outputs;
mod installable;
mod interrupt;
mod lookup;
mod memory;
mod old_names;
mod output;
mod own_program;
mod profiler;
mod program;
mod progress;
mod shebang;
mod store_paths;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: memory::Allocator = memory::Allocator;

fn main() -> ExitCode {
    give_memory_back_soon();
    end_quietly_on_closed_pipes();
    let arguments: Vec<_> = std::env::args_os().collect();
    match program::run(arguments) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// Lets the allocator give free memory back after some milliseconds. With the second that it waits by
/// itself, what large syntax trees and texts had taken stayed for the whole of an evaluation.
fn give_memory_back_soon() {
    /// `mi_option_purge_delay` of `mimalloc.h`, in versions 2 and 3.
    const PURGE_DELAY: std::ffi::c_int = 15;
    const MILLISECONDS: std::ffi::c_long = 10;
    unsafe extern "C" {
        fn mi_option_set(option: std::ffi::c_int, value: std::ffi::c_long);
    }
    // SAFETY: the function of the allocator this program is linked with; there are no other threads.
    unsafe { mi_option_set(PURGE_DELAY, MILLISECONDS) };
}

/// Whoever read our output may have seen enough, as `head` has: that is no reason to complain.
fn end_quietly_on_closed_pipes() {
    /// What a shell shows for a program that ended by SIGPIPE.
    const CLOSED_PIPE: i32 = 141;
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload_as_str().unwrap_or_default();
        if text.starts_with("failed printing to stdout") && text.contains("Broken pipe") {
            std::process::exit(CLOSED_PIPE);
        }
        report(panic);
    }));
}
