//! Derivations whose inputs are known only once those are built.
//!
//! Source: manual, "Building", "Resolving derivations". Placeholders of input outputs become
//! paths, input derivations become input sources, and outputs that waited for that get theirs.

use crate::env::Rewrites;
use firn_formats::{
    Derivation, DerivationOutput, DerivationType, FormatError, HashModulo, InputNode, Placeholder,
    StorePath, StorePathSet,
};
use firn_store::{Store, StoreError, StoreResult};
use std::collections::BTreeMap;

/// The paths of all inputs, once they are valid: sources, and the wanted outputs of derivations.
///
/// # Errors
/// An output that is not known or not there.
pub fn input_paths(store: &dyn Store, drv: &Derivation) -> StoreResult<StorePathSet> {
    let mut paths = drv.input_srcs.clone();
    paths.extend(input_outputs(store, drv)?.into_iter().map(|(_, path)| path));
    Ok(paths)
}

/// The outputs that a derivation needs: what stands for each in its text, where nothing is known of it
/// before the build, and its path.
fn input_outputs(
    store: &dyn Store,
    drv: &Derivation,
) -> StoreResult<Vec<(Placeholder, StorePath)>> {
    let mut found = Vec::new();
    for (input, node) in &drv.input_drvs {
        let stands_for = |output: &str| Placeholder::unknown_output(input, output);
        node_outputs(store, input, node, &stands_for, &mut found)?;
    }
    Ok(found)
}

/// The same for one input, and for the derivations that are among its outputs.
fn node_outputs(
    store: &dyn Store,
    drv: &StorePath,
    node: &InputNode,
    stands_for: &dyn Fn(&str) -> Result<Placeholder, FormatError>,
    found: &mut Vec<(Placeholder, StorePath)>,
) -> StoreResult<()> {
    let known = store.derivation_outputs(drv)?;
    for output in &node.outputs {
        found.push((stands_for(output)?, output_path(store, drv, output, &known)?));
    }
    for (output, child) in &node.dynamic {
        let inner = output_path(store, drv, output, &known)?;
        let outer = stands_for(output)?;
        let stands_for = |output: &str| Ok(outer.unknown_derivation(output));
        node_outputs(store, &inner, child, &stands_for, found)?;
    }
    Ok(())
}

fn output_path(
    store: &dyn Store,
    input: &StorePath,
    output: &str,
    known: &BTreeMap<String, Option<StorePath>>,
) -> StoreResult<StorePath> {
    known.get(output).cloned().flatten().ok_or_else(|| {
        StoreError::other(format!(
            "the path of output '{output}' of '{}' is not known",
            store.store_dir().display(input)
        ))
    })
}

/// Whether `drv` must be resolved before it is built.
///
/// # Errors
/// A derivation that is not well formed.
pub fn is_needed(store: &dyn Store, drv: &Derivation) -> StoreResult<bool> {
    Ok(match drv.kind()? {
        DerivationType::Deferred => true,
        // Their own paths don't depend on it, but their text may hold placeholders.
        DerivationType::Floating | DerivationType::Impure | DerivationType::Fixed => {
            let mut any = drv.has_dynamic_inputs();
            for input in drv.input_drvs.keys() {
                any |= !store.read_derivation(input)?.kind()?.has_known_output_paths();
            }
            any || matches!(drv.kind()?, DerivationType::Floating) && !drv.input_drvs.is_empty()
        }
        DerivationType::InputAddressed => false,
    })
}

/// `drv` with all its inputs as paths. They must be valid.
///
/// # Errors
/// As [`input_paths`]; paths that can't be computed.
pub fn resolve(store: &dyn Store, drv: &Derivation) -> StoreResult<Derivation> {
    let dir = store.store_dir();
    let outputs = input_outputs(store, drv)?;
    let mut input_srcs = drv.input_srcs.clone();
    input_srcs.extend(outputs.iter().map(|(_, path)| path.clone()));
    let pairs = outputs.iter().map(|(stands_for, path)| (stands_for.render(), dir.display(path)));
    let rewrites = Rewrites::new(pairs);
    let mut resolved = Derivation {
        input_srcs,
        input_drvs: BTreeMap::new(),
        builder: rewrites.apply(&drv.builder),
        args: drv.args.iter().map(|arg| rewrites.apply(arg)).collect(),
        env: drv
            .env
            .iter()
            .map(|(name, value)| (rewrites.apply(name), rewrites.apply(value)))
            .collect(),
        ..drv.clone()
    };
    if resolved.outputs.values().any(|output| *output == DerivationOutput::Deferred) {
        let mut no_inputs = |_: &StorePath| -> Result<HashModulo, FormatError> {
            Err(FormatError::new("a resolved derivation has no input derivations"))
        };
        resolved.fill_outputs(dir, &mut no_inputs)?;
    }
    Ok(resolved)
}
