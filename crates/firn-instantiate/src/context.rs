//! String contexts of the evaluator as store paths, and the reverse.

use std::sync::Arc;

use firn_eval::{ContextElem, SinglePath};
use firn_formats::{ContextElement, FormatError, SingleDerivedPath, StoreDir};

/// An element as the store describes it.
///
/// # Errors
/// The element names no store path, which a string made by `appendContext` can do.
pub fn to_store(dir: &StoreDir, elem: &ContextElem) -> Result<ContextElement, FormatError> {
    Ok(match elem {
        ContextElem::Path(path) => ContextElement::Opaque(dir.parse(path)?),
        ContextElem::DrvDeep(path) => ContextElement::DrvDeep(dir.parse(path)?),
        ContextElem::Output { drv, output } => ContextElement::Built {
            drv: Arc::new(single_to_store(dir, drv)?),
            output: output.clone(),
        },
    })
}

/// A derived path as the store describes it.
pub fn single_to_store(
    dir: &StoreDir,
    path: &SinglePath,
) -> Result<SingleDerivedPath, FormatError> {
    Ok(match path {
        SinglePath::Path(path) => SingleDerivedPath::Opaque(dir.parse(path)?),
        SinglePath::Output(drv, output) => SingleDerivedPath::Built {
            drv: Arc::new(single_to_store(dir, drv)?),
            output: output.clone(),
        },
    })
}

/// A derived path as the evaluator describes it.
pub fn single_from_store(dir: &StoreDir, path: &SingleDerivedPath) -> SinglePath {
    match path {
        SingleDerivedPath::Opaque(path) => SinglePath::Path(dir.display(path)),
        SingleDerivedPath::Built { drv, output } => {
            SinglePath::Output(Box::new(single_from_store(dir, drv)), output.clone())
        }
    }
}

/// An element as the evaluator describes it.
pub fn from_store(dir: &StoreDir, element: &ContextElement) -> ContextElem {
    match element {
        ContextElement::Opaque(path) => ContextElem::Path(dir.display(path)),
        ContextElement::DrvDeep(path) => ContextElem::DrvDeep(dir.display(path)),
        ContextElement::Built { drv, output } => {
            ContextElem::Output { drv: single_from_store(dir, drv), output: output.clone() }
        }
    }
}
