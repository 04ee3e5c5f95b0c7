//! Builders that are part of the program, on the side of the sandbox.

mod buildenv;
mod lacking;

pub use buildenv::BuildEnv;
pub use lacking::Lacking;

use firn_store::{BuiltinBuilder, BuiltinJob};
use std::io::Write;

/// The sandbox helper process of a program whose builtin builders are `table`.
///
/// Call it first thing in `main`, with one thread, when the program was started with the argument
/// `__sandbox`. It never returns.
pub fn sandbox_helper(table: &[&dyn BuiltinBuilder]) -> ! {
    firn_sandbox::helper_main(&|name, input| {
        let builder = table.iter().find(|builder| builder.name() == name)?;
        let result = serde_json::from_value::<BuiltinJob>(input)
            .map_err(|e| format!("reading the job of builtin:{name}: {e}"))
            .and_then(|job| builder.build(&job));
        match result {
            Ok(()) => Some(0),
            Err(message) => {
                // The log is the only place left to say it.
                let _ = writeln!(std::io::stderr(), "error: {message}");
                Some(1)
            }
        }
    })
}
