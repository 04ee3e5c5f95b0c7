//! `exportReferencesGraph`: closures described for builders.

use firn_formats::{HashFormat, StorePath, StorePathSet};
use firn_store::{Store, StoreError, StoreResult, closure};
use serde_json::{Value, json};

/// The closure of `paths`; for derivations in it also their outputs and those' closures.
///
/// # Errors
/// A path that is not among the inputs, or not valid.
pub fn export(
    store: &dyn Store,
    paths: &StorePathSet,
    inputs: &StorePathSet,
) -> StoreResult<StorePathSet> {
    let dir = store.store_dir();
    if let Some(path) = paths.iter().find(|path| !inputs.contains(*path)) {
        return Err(StoreError::other(format!(
            "cannot export references of path '{}' because it is not in the input closure of the \
             derivation",
            dir.display(path)
        )));
    }
    let mut all = closure(store, paths)?;
    let derivations: Vec<StorePath> = all.iter().filter(|p| p.is_derivation()).cloned().collect();
    for drv in derivations {
        for (name, path) in store.derivation_outputs(&drv)? {
            let path = path.ok_or_else(|| {
                StoreError::other(format!(
                    "output '{name}' of '{}' is not known yet",
                    dir.display(&drv)
                ))
            })?;
            all.extend(closure(store, &StorePathSet::from([path]))?);
        }
    }
    Ok(all)
}

/// The form for the environment: for each path a line with it, an empty one, the number of its
/// references, and these.
pub fn registration(store: &dyn Store, paths: &StorePathSet) -> StoreResult<String> {
    let dir = store.store_dir();
    let mut text = String::new();
    for path in paths {
        let info = store.require_path_info(path)?;
        text += &format!("{}\n\n{}\n", dir.display(path), info.references.len());
        for reference in &info.references {
            text += &dir.display(reference);
            text.push('\n');
        }
    }
    Ok(text)
}

/// The form for structured attributes: a list with one object for each path.
pub fn as_json(store: &dyn Store, paths: &StorePathSet) -> StoreResult<Value> {
    let dir = store.store_dir();
    let mut list = Vec::new();
    for path in paths {
        let info = store.require_path_info(path)?;
        let references: Vec<String> = info.references.iter().map(|r| dir.display(r)).collect();
        let mut size = 0;
        for below in closure(store, &StorePathSet::from([path.clone()]))? {
            size += store.require_path_info(&below)?.nar_size;
        }
        let mut object = json!({
            "closureSize": size,
            "narHash": info.nar_hash.prefixed(HashFormat::Nix32),
            "narSize": info.nar_size,
            "path": dir.display(path),
            "references": references,
            "valid": true,
        });
        if let Some(ca) = &info.ca {
            object["ca"] = Value::String(ca.to_string());
        }
        list.push(object);
    }
    Ok(Value::Array(list))
}
