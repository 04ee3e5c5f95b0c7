//! What type a value has; what a function takes.

use std::sync::atomic::Ordering;

use crate::attrs::{Attrs, Key, Layout};
use crate::code::Lambda;
use crate::error::{ErrorKind, R};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::{Kind, Value};

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "__typeOf",
        &["e"],
        type_of,
        "Returns the type of the value *e* as a string: `\"int\"`, `\"bool\"`, `\"string\"`, `\"path\"`, \
         `\"null\"`, `\"set\"`, `\"list\"`, `\"lambda\"` or `\"float\"`.",
    )
    .strict(1),
    PrimOp::new("isNull", &["e"], is_null, "Returns whether *e* is `null`.").strict(1).quick(|_, v| Some(Value::bool(v.is_null()))),
    PrimOp::new("__isFunction", &["e"], is_function, "Returns whether *e* is a function.").strict(1).quick(|_, v| Some(Value::bool(v.as_function().is_some()))),
    PrimOp::new("__isInt", &["e"], is_int, "Returns whether *e* is an integer.").strict(1).quick(|_, v| Some(Value::bool(v.as_int().is_some()))),
    PrimOp::new("__isFloat", &["e"], is_float, "Returns whether *e* is a float.").strict(1).quick(|_, v| Some(Value::bool(v.as_float().is_some()))),
    PrimOp::new("__isString", &["e"], is_string, "Returns whether *e* is a string.").strict(1).quick(|_, v| Some(Value::bool(v.as_str().is_some()))),
    PrimOp::new("__isBool", &["e"], is_bool, "Returns whether *e* is a Boolean.").strict(1).quick(|_, v| Some(Value::bool(v.as_bool().is_some()))),
    PrimOp::new("__isPath", &["e"], is_path, "Returns whether *e* is a path.").strict(1).quick(|_, v| Some(Value::bool(v.as_path().is_some()))),
    PrimOp::new("__isList", &["e"], is_list, "Returns whether *e* is a list.").strict(1).quick(|_, v| Some(Value::bool(v.as_list().is_some()))),
    PrimOp::new("__isAttrs", &["e"], is_attrs, "Returns whether *e* is an attribute set.").strict(1).quick(|_, v| Some(Value::bool(v.as_attrs().is_some()))),
    PrimOp::new(
        "__functionArgs",
        &["f"],
        function_args,
        "Returns the names of the arguments that the function *f* takes from a set, as a set: each \
         value says whether the argument has a default.",
    )
    .strict(1),
];

fn type_of(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let name = m.force(args[0])?.type_name();
    Ok(m.symbol_string(firn_syntax::Symbol::of(name)))
}

fn test(m: &mut Machine, args: &[Value], is: fn(Kind) -> bool) -> R<Value> {
    let v = m.force(args[0])?;
    Ok(Value::bool(is(v.kind())))
}

fn is_null(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    test(m, args, |k| matches!(k, Kind::Null))
}

fn is_function(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    test(m, args, |k| matches!(k, Kind::Function(_)))
}

fn is_int(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    test(m, args, |k| matches!(k, Kind::Int(_)))
}

fn is_float(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    test(m, args, |k| matches!(k, Kind::Float(_)))
}

fn is_string(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    test(m, args, |k| matches!(k, Kind::String(_)))
}

fn is_bool(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    test(m, args, |k| matches!(k, Kind::Bool(_)))
}

fn is_path(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    test(m, args, |k| matches!(k, Kind::Path(_)))
}

fn is_list(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    test(m, args, |k| matches!(k, Kind::List(_)))
}

fn is_attrs(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    test(m, args, |k| matches!(k, Kind::Attrs(_)))
}

fn function_args(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let f = m.force(args[0])?;
    let Some(function) = f.as_function() else {
        return Err(m.fail(ErrorKind::Type, Pos::NONE, "'functionArgs' requires a function"));
    };
    Ok(match function.runs_next() {
        Some(lambda) => pattern_of(m, lambda),
        None => m.empty_attrs().value(),
    })
}

/// The names of a lambda's pattern, made once per lambda.
fn pattern_of(m: &mut Machine, lambda: &'static Lambda) -> Value {
    let Some(formals) = &lambda.formals else { return m.empty_attrs().value() };
    let known = lambda.function_args.load(Ordering::Acquire);
    if known != 0 {
        // SAFETY: the word of a value of this machine, stored below.
        return unsafe { Value::from_word(known) };
    }
    if formals.list.is_empty() {
        return m.empty_attrs().value();
    }
    let keys: Vec<Key> = formals.list.iter().map(|f| Key { sym: f.sym, pos: f.pos }).collect();
    let layout = Layout::alloc(&mut m.code, &keys, true, Pos::NONE);
    let set = Attrs::alloc(&mut m.heap, layout);
    for (slot, formal) in set.flat_slots().iter().zip(formals.list) {
        slot.set(Value::bool(formal.default.is_some()));
    }
    m.pinned.push(set.value());
    lambda.function_args.store(set.value().word(), Ordering::Release);
    set.value()
}
