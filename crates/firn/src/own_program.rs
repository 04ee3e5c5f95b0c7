//! `builtins.firn`: the running program, for systems that have it inside.
//!
//! `program` is the store path of the program's file, added when somebody asks, so that packages
//! don't depend on it unless they hold it (ARCHITECTURE.md, "The running program in the store").

use std::path::Path;

use firn_eval::{ContextElem, ErrorKind, Machine, Pos, PrimOp, R, Symbol, Value};
use firn_formats::{ContentAddressMethod, HashAlgo, StorePathSet};
use firn_instantiate::StoreHost;
use firn_store::Content;

static ADD: PrimOp =
    PrimOp::new("__addProgram", &["unused"], add, "The store path of the running program.")
        .without_frame();

/// Defines the set.
pub fn define(machine: &mut Machine) {
    let program = machine.lazy_native(&ADD, &[Value::NULL]);
    let version = machine.string(env!("CARGO_PKG_VERSION").as_bytes());
    let set =
        machine.attrs_of(&[(Symbol::of("program"), program), (Symbol::of("version"), version)]);
    // Beside what the evaluator itself has there.
    let known = machine.builtins().get(Symbol::of("firn")).and_then(|slot| slot.get().as_attrs());
    let set = match (known, set.as_attrs()) {
        (Some(known), Some(set)) => machine.update(known, set).value(),
        _ => set,
    };
    machine.define_builtin("__firn", set);
}

fn add(m: &mut Machine, _arguments: &[Value], pos: Pos) -> R<Value> {
    // The file behind this link is the program even if its name was given to another file since.
    let program = Path::new("/proc/self/exe");
    let program = std::fs::canonicalize(program).unwrap_or_else(|_| program.to_path_buf());
    let host = m.host();
    let Some(host) = host.as_any().downcast_ref::<StoreHost>() else {
        return Err(m.fail(
            ErrorKind::Outside,
            pos,
            "this evaluation has no store to add the program to",
        ));
    };
    let none = StorePathSet::new();
    let added = host.add(
        "firn",
        Content::Tree(&program),
        ContentAddressMethod::Nar,
        HashAlgo::Sha256,
        &none,
    );
    let path = host.store_dir().display(&m.hosted(added, pos)?);
    let context = m.make_context([ContextElem::Path(path.clone())]);
    Ok(m.string_ctx(path.as_bytes(), context))
}
