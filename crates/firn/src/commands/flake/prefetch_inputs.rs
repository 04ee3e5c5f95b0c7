//! `firn flake prefetch-inputs`: fetch all inputs of a flake into the store.

use std::process::ExitCode;

use firn_flake::lock::{Edge, LockFile};

use super::FlakeArguments;
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::input_failure;
use crate::interrupt;

/// Fetches; one input that can't be had does not keep the others from being fetched.
pub fn run(arguments: FlakeArguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let _deadline = interrupt::deadline();
    let context = Context::new(global)?;
    let (flakes, locked) = arguments.lock(&context)?;
    let lock = &locked.locking.lock;
    let (mut todo, mut seen, mut failed) = (vec![LockFile::ROOT], Vec::new(), false);
    while let Some(node) = todo.pop() {
        if seen.contains(&node) {
            continue;
        }
        seen.push(node);
        let node = &lock.nodes[node];
        // What lies in the tree of another input comes with that.
        let own = node.locked.as_ref().filter(|input| input.locked.input.relative_path().is_none());
        if let Some(input) = own {
            let fetched = flakes.fetch(&input.locked.input).map_err(input_failure);
            if let Err(failure) = fetched {
                failed = true;
                failure.show();
            }
        }
        todo.extend(node.inputs.values().filter_map(|edge| match edge {
            Edge::Node(node) => Some(*node),
            _ => None,
        }));
    }
    context.display.finish();
    Ok(ExitCode::from(u8::from(failed)))
}
