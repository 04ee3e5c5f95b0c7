//! From a locked flake to its value.
//!
//! `nix/call-flake.nix` walks the lock file's graph in the language, so that an input is fetched
//! and evaluated only when something asks for it. This side gives it the lock file, the trees that
//! are already there, and a function that fetches the others.

use std::rc::Rc;

use firn_eval::{Machine, Pos, PrimOp, R, Symbol, Value};
use firn_fetch::input::{Attr, Attrs, Input};
use firn_source::Origin;

use crate::flakes::Flakes;
use crate::lock::LockFile;
use crate::locked::LockedFlake;
use crate::tree::tree_attrs;

/// The session's flakes, as the builtins of this crate find them in a machine.
#[derive(Default)]
pub(crate) struct Session {
    pub(crate) flakes: Option<Rc<Flakes>>,
}

/// Makes flakes known to a machine; once, before anything of this crate is used with it.
pub fn attach(machine: &mut Machine, flakes: &Rc<Flakes>) {
    let flakes = flakes.clone();
    machine.extension(move || Session { flakes: Some(flakes) });
}

pub(crate) fn flakes(machine: &mut Machine, pos: Pos) -> R<Rc<Flakes>> {
    let session = machine.extension(Session::default);
    session.flakes.clone().ok_or_else(|| {
        let text = "flakes are not available in this evaluation";
        machine.fail(firn_eval::ErrorKind::Outside, pos, text)
    })
}

static FETCH_LOCKED: PrimOp = PrimOp::new(
    "__fetchLocked",
    &["attrs"],
    fetch_locked,
    "Fetches what the attribute `locked` of a lock file's node says.",
)
.without_frame();

/// The value of a locked flake: a set with `outputs`, `inputs`, `sourceInfo`, `outPath`, and all
/// outputs themselves.
///
/// # Errors
/// `flake.nix` can't be evaluated; what `outputs` returns stays unevaluated.
pub fn call_flake(machine: &mut Machine, locked: &LockedFlake) -> R<Value> {
    let text = include_bytes!("nix/call-flake.nix");
    let call = machine.eval_text(Origin::Builtin("call-flake.nix"), text, "/")?;
    let lock = json_value(machine, &locked.locking.lock.to_json());
    let at_hand = trees_at_hand(machine, locked)?;
    let fetch = machine.primop(&FETCH_LOCKED);
    machine.call(call, &[lock, at_hand, fetch], Pos::NONE)
}

/// A set of the trees that were fetched while locking, by the keys of their nodes.
fn trees_at_hand(machine: &mut Machine, locked: &LockedFlake) -> R<Value> {
    let flakes = flakes(machine, Pos::NONE)?;
    let lock = &locked.locking.lock;
    let keys = lock.keys();
    let mut entries = Vec::new();
    for (node, folder) in &locked.locking.folders {
        let (input, detached) = match &lock.nodes[*node].locked {
            Some(locked) => (&locked.locked.input, false),
            None => (&locked.flake.locked.input, locked.detached),
        };
        if *node != LockFile::ROOT && input.relative_path().is_some() {
            continue;
        }
        let Some(key) = &keys[*node] else { continue };
        let info = tree_attrs(machine, &flakes, &folder.tree, input, detached, Pos::NONE);
        let dir = machine.string(folder.subdir.as_bytes());
        let entry = machine.attrs_of(&[(Symbol::of("dir"), dir), (Symbol::of("sourceInfo"), info)]);
        entries.push((Symbol::of(key), entry));
    }
    Ok(machine.attrs_of(&entries))
}

fn fetch_locked(machine: &mut Machine, arguments: &[Value], pos: Pos) -> R<Value> {
    let attrs = read_attrs(machine, arguments[0], Of::Fetcher("fetchTree"), pos)?;
    let flakes = flakes(machine, pos)?;
    let fetched = Input::from_attrs(attrs).and_then(|input| flakes.fetch(&input));
    match fetched {
        Ok(fetched) => {
            Ok(tree_attrs(machine, &flakes, &fetched.store_path, &fetched.input, false, Pos::NONE))
        }
        Err(error) => Err(machine.fail(firn_eval::ErrorKind::Outside, pos, error.message)),
    }
}

/// Whose argument a set of attributes is: what messages call it.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    /// A builtin that fetches.
    Fetcher(&'static str),
    /// A flake reference.
    Reference,
}

impl Of {
    fn negative(self, name: &str, number: i64) -> String {
        match self {
            Of::Fetcher(who) => {
                format!("negative value given for '{who}' argument '{name}': {number}")
            }
            Of::Reference => format!("negative value given for flake ref attr {name}: {number}"),
        }
    }

    fn other_kind(self, name: &str, value: Value) -> String {
        let kind = firn_eval::show_type(value);
        match self {
            Of::Fetcher(who) => format!(
                "argument '{name}' to '{who}' is {kind} while a string, Boolean or integer is expected"
            ),
            Of::Reference => format!(
                "flake reference attribute sets may only contain integers, Booleans, and strings, but \
                 attribute '{name}' is {kind}"
            ),
        }
    }
}

/// The attributes of an input from a set in the language.
pub(crate) fn read_attrs(machine: &mut Machine, value: Value, of: Of, pos: Pos) -> R<Attrs> {
    let set =
        machine.force_attrs(value, pos, "while evaluating the attributes of a flake input")?;
    let mut attrs = Attrs::new();
    for entry in machine.flat(set).iter() {
        let name = entry.sym.text();
        let value = machine.force(entry.value())?;
        if name == "publicKeys" && value.as_str().is_none() {
            let mut keys = Vec::new();
            machine.write_json(value, false, entry.pos, &mut keys)?;
            attrs.set(&name, String::from_utf8_lossy(&keys).into_owned());
            continue;
        }
        let attr = match value.kind() {
            firn_eval::Kind::Int(number) => u64::try_from(number)
                .map(Attr::Int)
                .map_err(|_| (firn_eval::ErrorKind::Eval, of.negative(&name, number))),
            firn_eval::Kind::Bool(truth) => Ok(Attr::Bool(truth)),
            firn_eval::Kind::String(text) | firn_eval::Kind::Path(text) => {
                Ok(Attr::Text(text.to_text().into_owned()))
            }
            _ => Err((firn_eval::ErrorKind::Type, of.other_kind(&name, value))),
        };
        match attr {
            Ok(attr) => attrs.set(&name, attr),
            Err((kind, text)) => return Err(machine.fail(kind, pos, text)),
        };
    }
    Ok(attrs)
}

/// A value of the language from JSON.
fn json_value(machine: &mut Machine, json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::NULL,
        Json::Bool(truth) => Value::bool(*truth),
        Json::Number(number) => machine.int(number.as_i64().unwrap_or(0)),
        Json::String(text) => machine.string(text.as_bytes()),
        Json::Array(items) => {
            let values: Vec<Value> = items.iter().map(|item| json_value(machine, item)).collect();
            machine.list(&values)
        }
        Json::Object(object) => {
            let entries: Vec<_> = object
                .iter()
                .map(|(name, item)| (Symbol::of(name), json_value(machine, item)))
                .collect();
            machine.attrs_of(&entries)
        }
    }
}
