//! One derivation all of whose inputs are there.

use super::{Class, class_of};
use crate::build::{Built, Job, Shared};
use crate::failure::{BuildFailure, FailureKind};
use crate::resolve;
use firn_formats::{Derivation, StorePath};
use firn_store::{BuildMode, Realisation, Store, StoreError, StoreResult, add_text};
use std::collections::{BTreeMap, BTreeSet};

/// Builds a derivation all of whose inputs are valid; resolves it first where that is needed.
pub(super) fn build_goal(
    shared: &Shared,
    path: &StorePath,
    drv: &Derivation,
    mode: BuildMode,
    quiet: bool,
) -> Result<Built, BuildFailure> {
    let failed = |e: StoreError| BuildFailure::store(path, &e);
    let store = &*shared.store;
    if !resolve::is_needed(store, drv).map_err(failed)? {
        let inputs = resolve::input_paths(store, drv).map_err(failed)?;
        let (drv_path, drv) = (path.clone(), drv.clone());
        return build(shared, Job { drv_path, drv, inputs, mode, quiet });
    }
    let resolved = resolve::resolve(store, drv).map_err(failed)?;
    let text = resolved.to_aterm(store.store_dir()).map_err(|e| failed(e.into()))?;
    let name = format!("{}.drv", resolved.name);
    let drv_path = add_text(store, &name, &text, &resolved.references()).map_err(failed)?;
    let inputs = resolved.input_srcs.clone();
    let known = store.derivation_outputs(&drv_path).map_err(failed)?;
    let built = match all_valid(store, &known).map_err(failed)? {
        Some(built) if mode == BuildMode::Normal => built,
        _ => {
            let shown = store.store_dir().display(&drv_path);
            let built = build(shared, Job { drv_path, drv: resolved, inputs, mode, quiet });
            built.map_err(|failure| of_resolved(failure, &shown))?
        }
    };
    for (output, out_path) in &built {
        store
            .register_realisation(&Realisation {
                drv_path: path.clone(),
                output: output.clone(),
                out_path: out_path.clone(),
                signatures: BTreeSet::new(),
            })
            .map_err(failed)?;
    }
    Ok(built)
}

/// Says of a failure that it is that of a derivation which the user has not named.
fn of_resolved(mut failure: BuildFailure, shown: &str) -> BuildFailure {
    if failure.kind != FailureKind::Cancelled {
        failure.message += &format!("\nerror: build of resolved derivation '{shown}' failed");
    }
    failure
}

/// Builds, unless no jobs are allowed at all.
fn build(shared: &Shared, job: Job) -> Result<Built, BuildFailure> {
    if shared.options.max_jobs == Some(0) && class_of(&job.drv) == Class::Build {
        let shown = shared.store.store_dir().display(&job.drv_path);
        let text = format!(
            "Cannot build '{shown}'.\nReason: local builds are disabled (max-jobs = 0), and there are \
             no other machines to build on\nhelp: set 'max-jobs' to a number that is not 0"
        );
        return Err(BuildFailure::new(&job.drv_path, FailureKind::Misc, text));
    }
    shared.build(&job)
}

fn all_valid(
    store: &dyn Store,
    known: &BTreeMap<String, Option<StorePath>>,
) -> StoreResult<Option<Built>> {
    let mut built = Built::new();
    for (name, path) in known {
        match path {
            Some(path) if store.is_valid(path)? => built.insert(name.clone(), path.clone()),
            _ => return Ok(None),
        };
    }
    Ok(Some(built))
}
