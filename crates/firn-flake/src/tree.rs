//! What the language sees of a fetched tree: `outPath`, hash, revision and times.

use firn_eval::{AttrsBuilder, ContextElem, ErrorKind, Machine, Pos, PrimOp, R, Symbol, Value};
use firn_fetch::input::Input;
use firn_formats::StorePath;
use firn_instantiate::StoreHost;

use crate::date;
use crate::flakes::Flakes;

/// The set that `builtins.fetchTree` returns and that flakes have as `sourceInfo`.
///
/// `detached` leaves the revision out, when what is used is not quite the revision. `pos` is where the
/// tree was asked for: the attributes have that position.
pub fn tree_attrs(
    machine: &mut Machine,
    flakes: &Flakes,
    tree: &StorePath,
    input: &Input,
    detached: bool,
    pos: Pos,
) -> Value {
    let path = flakes.fetcher().store.store_dir().display(tree);
    // What was fetched for an expression may be read by it, also in pure evaluation.
    if let Some(host) = machine.host().as_any().downcast_ref::<StoreHost>() {
        host.access.allow(&path);
        if let Some(origin) = flakes.origin(tree) {
            host.origins.note(&path, origin);
        }
    }
    let context = machine.make_context([ContextElem::Path(path.clone())]);
    let mut entries = vec![(Symbol::of("outPath"), machine.string_ctx(path.as_bytes(), context))];
    let mut text = |machine: &mut Machine, name: &str, text: &str| {
        entries.push((Symbol::of(name), machine.string(text.as_bytes())));
    };
    if let Some(hash) = input.nar_hash().map(str::to_owned).or_else(|| known_hash(flakes, tree)) {
        text(machine, "narHash", &hash);
    }
    if !detached {
        match input.rev() {
            Some(rev) => {
                text(machine, "rev", rev);
                text(machine, "shortRev", &rev[..7]);
            }
            None if input.kind() == "git" && input.attrs().get("dirtyRev").is_none() => {
                text(machine, "rev", &"0".repeat(40));
                text(machine, "shortRev", "0000000");
            }
            None => {}
        }
        for name in ["dirtyRev", "dirtyShortRev"] {
            if let Ok(Some(rev)) = input.attrs().text(name) {
                text(machine, name, rev);
            }
        }
    }
    if let Some(time) = input.last_modified() {
        text(machine, "lastModifiedDate", &date::compact(time));
        entries.push((Symbol::of("lastModified"), machine.int(time as i64)));
    }
    if let Some(count) = rev_count(machine, flakes, input).filter(|_| !detached) {
        entries.push((Symbol::of("revCount"), count));
    }
    if input.kind() == "git" {
        let submodules = input.attrs().flag("submodules").unwrap_or(false);
        entries.push((Symbol::of("submodules"), Value::bool(submodules)));
    }
    let mut builder = AttrsBuilder::with_capacity(entries.len());
    for (name, value) in entries {
        builder.insert_at(name, pos, value);
    }
    machine.attrs(builder)
}

static NO_HISTORY: PrimOp = PrimOp::new(
    "__noHistory",
    &["repository"],
    no_history,
    "Fails, because a repository without its history has no number of revisions.",
)
.without_frame();

fn no_history(machine: &mut Machine, arguments: &[Value], pos: Pos) -> R<Value> {
    let place = arguments[0].as_str().map_or_else(String::new, |text| text.to_text().into_owned());
    let text = format!("'{place}' is a shallow Git repository, so 'revCount' is not available");
    Err(machine.fail(ErrorKind::Outside, pos, text))
}

/// The number of revisions. Of a repository on this machine's disk whose history is cut off, it is only
/// an error once it is asked for.
fn rev_count(machine: &mut Machine, flakes: &Flakes, input: &Input) -> Option<Value> {
    if let Ok(Some(count)) = input.attrs().int("revCount") {
        return Some(machine.int(count as i64));
    }
    let place = flakes.fetcher().shallow_repository(input)?;
    let place = machine.string(place.to_string_lossy().as_bytes());
    Some(machine.lazy_native(&NO_HISTORY, &[place]))
}

fn known_hash(flakes: &Flakes, tree: &StorePath) -> Option<String> {
    let info = flakes.fetcher().store.path_info(tree).ok()??;
    Some(info.nar_hash.sri())
}
