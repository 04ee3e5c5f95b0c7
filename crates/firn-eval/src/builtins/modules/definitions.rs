//! What most types do with definitions, of which there is mostly one: for `nix/lib/types/v2.nix` and
//! `lib.mergeEqualOption`.

use firn_syntax::sym;

use super::{Definition, field, list_of, set_of};
use crate::error::R;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::{FunctionKind, Value};

/// `headError slow check definitions`: null when all definitions pass the check, else what `slow` says.
pub(super) static HEAD_ERROR: PrimOp = PrimOp::new(
    "__moduleHeadError",
    &["slow", "check", "definitions"],
    head_error,
    "Checks definitions, for types of `lib.types`.",
)
.without_frame();

fn head_error(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let [slow, check, definitions] = *args else { return Ok(Value::NULL) };
    for definition in list_of(m, definitions)?.iter() {
        let value = value_of(m, definition)?;
        if m.call(check, &[value], Pos::NONE)? != Value::TRUE {
            return m.call(slow, &[check, definitions], Pos::NONE);
        }
    }
    Ok(Value::NULL)
}

/// `mergeEqual slow loc definitions`: the value of the only definition, else what `slow` makes of them.
pub(super) static MERGE_EQUAL: PrimOp = PrimOp::new(
    "__moduleMergeEqual",
    &["slow", "loc", "definitions"],
    merge_equal,
    "Merges definitions that have to be equal, for `lib.mergeEqualOption`.",
)
.without_frame();

fn merge_equal(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let [slow, loc, definitions] = *args else { return Ok(Value::NULL) };
    let all = list_of(m, definitions)?;
    if all.len() != 1 {
        return m.call(slow, &[loc, definitions], Pos::NONE);
    }
    let value = value_of(m, all.get(0))?;
    m.force(value)
}

/// The value of the only definition, where the merge function takes it as it is.
#[inline]
pub(super) fn only_value(merge: Value, all: &[Definition]) -> Option<Value> {
    let ([only], Some(function)) = (all, merge.as_function()) else { return None };
    match function.kind() {
        FunctionKind::PrimOpApp(op, given)
            if std::ptr::eq(op, &MERGE_EQUAL) && given.len() == 1 =>
        {
            Some(only.value)
        }
        _ => None,
    }
}

fn value_of(m: &mut Machine, definition: Value) -> R<Value> {
    let definition = set_of(m, definition)?;
    field(m, definition, sym::VALUE)
}
