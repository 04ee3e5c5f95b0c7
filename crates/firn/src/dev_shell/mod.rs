//! The build environment of a package, for people to work in.
//!
//! [`obtain`] builds a variant of the package's derivation whose builder writes what its shell knows
//! ([`environment`]); [`script`] makes shell code of that.

pub mod environment;
pub mod script;

use firn_formats::{
    DerivationOutput, DerivedPath, ModuloMemo, OutputsSpec, StorePath, StorePathSet,
};
use firn_store::{BuildMode, Realised, Store, StoreError, add_text};

use crate::context::Context;
use crate::exit::Failure;
use environment::BuildEnvironment;

/// What runs in the place of the package's builder.
const GET_ENV: &[u8] = include_bytes!("get-env.sh");

/// Attributes that check outputs, which the variant has not.
const CHECKS: &[&str] =
    &["allowedReferences", "allowedRequisites", "disallowedReferences", "disallowedRequisites"];

/// A build environment, and where it comes from.
pub struct DevShell {
    /// What the package's builder would know.
    pub environment: BuildEnvironment,
    /// The store path that holds it.
    pub path: StorePath,
    /// The shell that builds the package.
    pub shell: String,
}

/// The build environment of the package with this derivation.
///
/// # Errors
/// The builder is no bash, or an input can't be built.
pub fn obtain(context: &Context, drv: &StorePath) -> Result<DevShell, Failure> {
    let store = context.store()?;
    let shell = String::from_utf8_lossy(&store.read_derivation(drv)?.builder).into_owned();
    if shell.rsplit('/').next() != Some("bash") {
        return Err(Failure::new(format!(
            "error: a build environment needs a derivation whose builder is 'bash', but that of '{}' is '{shell}'",
            store.store_dir().display(drv)
        )));
    }
    let variant = variant(&*store, drv)?;
    let wanted = DerivedPath::built(variant, OutputsSpec::All);
    let built = context.realise(&[wanted], BuildMode::Normal)?;
    for path in built.iter().flat_map(|one| one.outputs.values()) {
        if let Some(environment) = read(&*store, path)? {
            return Ok(DevShell { environment, path: path.clone(), shell });
        }
    }
    Err(Failure::new(
        "error: the build environment could not be found out: its build wrote nothing",
    ))
}

/// The first bash among what was built.
pub fn bash_of(store: &dyn Store, built: &[Realised]) -> Option<String> {
    let outputs = built.iter().flat_map(|one| one.outputs.values());
    let mut found = outputs.filter(|output| {
        store
            .to_real_path(output)
            .is_some_and(|real| real.join("bin/bash").symlink_metadata().is_ok())
    });
    found.next().map(|output| store.store_dir().display(output) + "/bin/bash")
}

/// The build environment that is kept at a store path, as `--profile` keeps it.
///
/// # Errors
/// There is none.
pub fn kept(context: &Context, path: &StorePath) -> Result<DevShell, Failure> {
    let store = context.store()?;
    let environment = read(&*store, path)?.unwrap_or_default();
    let shell = environment.text("builder").unwrap_or("bash").to_owned();
    Ok(DevShell { environment, path: path.clone(), shell })
}

fn read(store: &dyn Store, path: &StorePath) -> Result<Option<BuildEnvironment>, Failure> {
    let text = store.read_file(path, "")?;
    if text.is_empty() { Ok(None) } else { BuildEnvironment::parse(&text).map(Some) }
}

/// Writes the variant of a derivation that tells its environment.
fn variant(store: &dyn Store, drv: &StorePath) -> Result<StorePath, Failure> {
    let mut variant = store.read_derivation(drv)?;
    let program = add_text(store, "get-env.sh", GET_ENV, &StorePathSet::new())?;
    variant.args = vec![store.store_dir().display(&program).into_bytes()];
    variant.input_srcs.insert(program);
    variant.name += "-env";
    if let Some(text) = variant.structured_attrs() {
        let mut attrs: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)?;
        attrs.remove("outputChecks");
        attrs.insert("name".to_owned(), variant.name.clone().into());
        let text = serde_json::Value::from(attrs).to_string();
        variant.env.insert(b"__json".to_vec(), text.into_bytes());
    } else {
        for check in CHECKS {
            variant.env.remove(check.as_bytes());
        }
        variant.env.insert(b"name".to_vec(), variant.name.clone().into_bytes());
    }
    let names: Vec<String> = variant.outputs.keys().cloned().collect();
    for name in names {
        variant.outputs.insert(name.clone(), DerivationOutput::Deferred);
        variant.env.insert(name.into_bytes(), Vec::new());
    }
    let mut memo = ModuloMemo::new();
    variant.fill_outputs::<StoreError>(store.store_dir(), &mut |path| {
        memo.of(store.store_dir(), path, &mut |path| store.read_derivation(path))
    })?;
    let (_, text) = variant.to_store(store.store_dir())?;
    Ok(add_text(store, &format!("{}.drv", variant.name), &text, &variant.references())?)
}
