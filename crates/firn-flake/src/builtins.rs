//! The builtins `getFlake`, `parseFlakeRef` and `flakeRefToString`.

use firn_eval::{ErrorKind, Machine, Pos, PrimOp, PrimTable, R, Symbol, Value};
use firn_fetch::input::{Attr, Input, InputError};

use crate::call::{Of, call_flake, flakes, read_attrs};
use crate::flakes::Flakes;
use crate::locked::{LockRequest, Write, lock_flake};
use crate::reference::{Base, FlakeRef};

/// The builtins of this crate, for [`Machine::new`].
pub const TABLES: &[PrimTable] =
    &[REFERENCES, crate::fetch_tree::TABLE, crate::fetch_mercurial::TABLE];

const REFERENCES: &[PrimOp] = &[
    PrimOp::new(
        "__getFlake",
        &["ref"],
        get_flake,
        "Fetches the flake that the reference *ref* names and returns its outputs and metadata. In \
         pure evaluation the reference has to be locked.",
    ),
    PrimOp::new(
        "__parseFlakeRef",
        &["ref"],
        parse_flake_ref,
        "The attributes of the flake reference *ref*, which is in URL form.",
    ),
    PrimOp::new(
        "__flakeRefToString",
        &["attrs"],
        flake_ref_to_string,
        "The URL form of the flake reference that has the attributes *attrs*.",
    ),
];

/// These builtins are there without the feature, and say what they lack when they are called.
fn need_flakes(machine: &mut Machine, pos: Pos) -> R<()> {
    if machine.settings.features.iter().any(|feature| feature == "flakes") {
        return Ok(());
    }
    let text = "experimental Nix feature 'flakes' is disabled; add '--extra-experimental-features flakes' to enable it";
    Err(machine.fail(ErrorKind::Eval, pos, text))
}

fn get_flake(machine: &mut Machine, arguments: &[Value], pos: Pos) -> R<Value> {
    need_flakes(machine, pos)?;
    let what = "while evaluating the argument passed to builtins.getFlake";
    let argument = machine.force(arguments[0])?;
    let flakes = flakes(machine, pos)?;
    let pure = machine.settings.pure;
    let text = match argument.as_path() {
        Some(path) => locked_path(&flakes, &path.to_text()),
        None => machine.string_without_context(argument, pos, what)?.to_text().into_owned(),
    };
    let locked = FlakeRef::parse(&text, Base::Flake).and_then(|(reference, fragment)| {
        if !fragment.is_empty() {
            let message = format!("unexpected fragment '{fragment}' in flake reference '{text}'");
            return Err(InputError::new(message));
        }
        if pure && !reference.input.is_locked() {
            return Err(InputError::new(format!(
                "cannot call 'getFlake' on unlocked flake reference '{text}' (use --impure to override)"
            )));
        }
        let mut request = LockRequest { write: Write::No, ..LockRequest::default() };
        request.options.only_locked = pure;
        lock_flake(&flakes, &reference, &request)
    });
    match locked {
        Ok(locked) => call_flake(machine, &locked),
        Err(error) => Err(machine.fail(ErrorKind::Outside, pos, error.message)),
    }
}

/// The reference of a folder that a path value names: in a tree of the store it is as locked as the
/// tree is.
fn locked_path(flakes: &Flakes, path: &str) -> String {
    let store = &flakes.fetcher().store;
    let tree = store.store_dir().split(path).ok();
    let known = tree.and_then(|(tree, inner)| Some((store.path_info(&tree).ok()??, tree, inner)));
    let Some((info, tree, inner)) = known else { return format!("path:{path}") };
    let input = Input::path(&store.store_dir().display(&tree));
    let attrs = input.attrs().clone().with("narHash", info.nar_hash.sri());
    let subdir = inner.trim_matches('/').to_owned();
    match Input::from_attrs(attrs) {
        Ok(input) => FlakeRef { input, subdir }.to_string(),
        Err(_) => format!("path:{path}"),
    }
}

fn parse_flake_ref(machine: &mut Machine, arguments: &[Value], pos: Pos) -> R<Value> {
    need_flakes(machine, pos)?;
    let what = "while evaluating the argument passed to builtins.parseFlakeRef";
    let text = machine.string_without_context(arguments[0], pos, what)?.to_text();
    let reference = match FlakeRef::parse_input(&text, Base::Flake, true) {
        Ok(reference) => reference,
        Err(error) => return Err(machine.fail(ErrorKind::Eval, pos, error.message)),
    };
    let attrs = reference.to_attrs();
    let path = attrs.get("path").filter(|_| !text.starts_with("path:"));
    if let Some(Attr::Text(path)) = path
        && !path.starts_with('/')
    {
        let problem = format!("flake reference '{text}' is not an absolute path");
        return Err(machine.fail(ErrorKind::Eval, pos, problem));
    }
    let entries: Vec<_> = attrs
        .iter()
        .map(|(name, attr)| {
            let value = match attr {
                Attr::Text(text) => machine.string(text.as_bytes()),
                Attr::Int(number) => machine.int(i64::try_from(*number).unwrap_or(i64::MAX)),
                Attr::Bool(truth) => Value::bool(*truth),
            };
            (Symbol::of(name), value)
        })
        .collect();
    Ok(machine.attrs_of(&entries))
}

fn flake_ref_to_string(machine: &mut Machine, arguments: &[Value], pos: Pos) -> R<Value> {
    let attrs = read_attrs(machine, arguments[0], Of::Reference, pos)?;
    match FlakeRef::from_attrs(attrs) {
        Ok(reference) => Ok(machine.string(reference.to_string().as_bytes())),
        Err(error) => Err(machine.fail(ErrorKind::Eval, pos, error.message)),
    }
}
