//! Arithmetic, bits, comparison, rounding.

use crate::error::{ErrorKind, R, Raised};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::print::{for_error, show_type};
use crate::value::{Kind, Value};

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new("__add", &["e1", "e2"], add, "Returns the sum of the numbers *e1* and *e2*.").strict(2),
    PrimOp::new("__sub", &["e1", "e2"], sub, "Returns the difference between the numbers *e1* and *e2*.").strict(2),
    PrimOp::new("__mul", &["e1", "e2"], mul, "Returns the product of the numbers *e1* and *e2*.").strict(2),
    PrimOp::new(
        "__div",
        &["e1", "e2"],
        div,
        "Returns the quotient of the numbers *e1* and *e2*; of two integers, rounded towards zero.",
    )
    .strict(2),
    PrimOp::new("__bitAnd", &["e1", "e2"], bit_and, "Returns the bitwise AND of the integers *e1* and *e2*."),
    PrimOp::new("__bitOr", &["e1", "e2"], bit_or, "Returns the bitwise OR of the integers *e1* and *e2*."),
    PrimOp::new("__bitXor", &["e1", "e2"], bit_xor, "Returns the bitwise XOR of the integers *e1* and *e2*."),
    PrimOp::new(
        "__lessThan",
        &["e1", "e2"],
        less_than,
        "Returns whether *e1* is less than *e2*. Both must be numbers, strings, paths or lists; lists \
         are compared element by element.",
    )
    .strict(2),
    PrimOp::new("__ceil", &["number"], ceil, "Rounds *number* up to the nearest integer."),
    PrimOp::new("__floor", &["number"], floor, "Rounds *number* down to the nearest integer."),
];

/// The names of a binary operation in messages.
struct Words {
    /// `… argument of the addition`
    first: &'static str,
    second: &'static str,
    /// `in adding … + …`
    verb: &'static str,
    sign: &'static str,
}

macro_rules! words {
    ($noun:literal, $operation:literal, $verb:literal, $sign:literal) => {
        Words {
            first: concat!("while evaluating the first ", $noun, " of the ", $operation),
            second: concat!("while evaluating the second ", $noun, " of the ", $operation),
            verb: $verb,
            sign: $sign,
        }
    };
}

const ADD: Words = words!("argument", "addition", "adding", "+");
const SUB: Words = words!("argument", "subtraction", "subtracting", "-");
const MUL: Words = words!("argument", "multiplication", "multiplying", "*");
const DIV: Words = words!("operand", "division", "dividing", "/");

fn arithmetic(
    m: &mut Machine,
    args: &[Value],
    words: &Words,
    ints: fn(i64, i64) -> Option<i64>,
    floats: fn(f64, f64) -> f64,
) -> R<Value> {
    let a = m.force(args[0])?;
    let b = m.force(args[1])?;
    if a.as_float().is_some() || b.as_float().is_some() {
        let a = m.force_float(a, Pos::NONE, words.first)?;
        let b = m.force_float(b, Pos::NONE, words.second)?;
        return Ok(m.float(floats(a, b)));
    }
    let a = m.force_int(a, Pos::NONE, words.first)?;
    let b = m.force_int(b, Pos::NONE, words.second)?;
    match ints(a, b) {
        Some(result) => Ok(m.int(result)),
        None => {
            let text = format!("integer overflow in {} {a} {} {b}", words.verb, words.sign);
            Err(m.fail(ErrorKind::Eval, Pos::NONE, text))
        }
    }
}

fn add(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    arithmetic(m, args, &ADD, i64::checked_add, |a, b| a + b)
}

fn sub(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    arithmetic(m, args, &SUB, i64::checked_sub, |a, b| a - b)
}

fn mul(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    arithmetic(m, args, &MUL, i64::checked_mul, |a, b| a * b)
}

fn div(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let a = m.force(args[0])?;
    let b = m.force(args[1])?;
    if m.force_float(b, Pos::NONE, DIV.second)? == 0.0 {
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, "division by zero"));
    }
    arithmetic(m, &[a, b], &DIV, i64::checked_div, |a, b| a / b)
}

fn bits(
    m: &mut Machine,
    args: &[Value],
    what: [&'static str; 2],
    op: fn(i64, i64) -> i64,
) -> R<Value> {
    let a = m.force_int(args[0], Pos::NONE, what[0])?;
    let b = m.force_int(args[1], Pos::NONE, what[1])?;
    Ok(m.int(op(a, b)))
}

fn bit_and(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = [
        "while evaluating the first argument passed to builtins.bitAnd",
        "while evaluating the second argument passed to builtins.bitAnd",
    ];
    bits(m, args, what, |a, b| a & b)
}

fn bit_or(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = [
        "while evaluating the first argument passed to builtins.bitOr",
        "while evaluating the second argument passed to builtins.bitOr",
    ];
    bits(m, args, what, |a, b| a | b)
}

fn bit_xor(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = [
        "while evaluating the first argument passed to builtins.bitXor",
        "while evaluating the second argument passed to builtins.bitXor",
    ];
    bits(m, args, what, |a, b| a ^ b)
}

fn less_than(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let a = m.force(args[0])?;
    let b = m.force(args[1])?;
    Ok(Value::bool(less(m, a, b)?))
}

/// `a < b` of forced values.
pub(crate) fn less(m: &mut Machine, a: Value, b: Value) -> R<bool> {
    Ok(match (a.kind(), b.kind()) {
        (Kind::Int(x), Kind::Int(y)) => x < y,
        (Kind::Float(x), Kind::Float(y)) => x < y,
        (Kind::Int(x), Kind::Float(y)) => (x as f64) < y,
        (Kind::Float(x), Kind::Int(y)) => x < y as f64,
        (Kind::String(x), Kind::String(y)) | (Kind::Path(x), Kind::Path(y)) => {
            x.bytes() < y.bytes()
        }
        (Kind::List(x), Kind::List(y)) => {
            m.enter(Pos::NONE)?;
            let result = less_lists(m, x, y);
            m.leave();
            result?
        }
        _ => return Err(incomparable(m, a, b)),
    })
}

fn less_lists(m: &mut Machine, x: crate::value::List, y: crate::value::List) -> R<bool> {
    for (i, a) in x.slots().iter().enumerate() {
        let Some(b) = y.slots().get(i) else { return Ok(false) };
        let a = m.force_slot(a)?;
        let b = m.force_slot(b)?;
        if !m.equal(a, b, Pos::NONE)? {
            let result = less(m, a, b);
            return m.traced(result, Pos::NONE, "while comparing two list elements");
        }
    }
    Ok(x.len() < y.len())
}

#[cold]
fn incomparable(m: &mut Machine, a: Value, b: Value) -> Raised {
    let (x, y) = (for_error(m, a), for_error(m, b));
    let text = if a.type_name() == b.type_name() {
        format!(
            "cannot compare {} with {}; values of that type are incomparable (values are {x} and {y})",
            show_type(a),
            show_type(b)
        )
    } else {
        format!("cannot compare {} with {}; values are {x} and {y}", show_type(a), show_type(b))
    };
    m.fail(ErrorKind::Eval, Pos::NONE, text)
}

fn ceil(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    round(m, args[0], "while evaluating the first argument passed to builtins.ceil", f64::ceil)
}

fn floor(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    round(m, args[0], "while evaluating the first argument passed to builtins.floor", f64::floor)
}

const BUG: &str = "Due to a bug (see https://github.com/NixOS/nix/issues/12899)";
const FUTURE: &str = "\n\tFuture Nix versions might implement the correct behavior.";

fn round(m: &mut Machine, v: Value, what: &'static str, op: fn(f64) -> f64) -> R<Value> {
    let exact = m.force(v)?.as_int();
    let given = m.force_float(v, Pos::NONE, what)?;
    let rounded = op(given);
    let min = i64::MIN as f64;
    let Some(arg) = exact else {
        if rounded >= min && rounded < -min {
            return Ok(m.int(rounded as i64));
        }
        let text = format!(
            "NixFloat argument {} is not in the range of NixInt",
            crate::print::float(given)
        );
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    };
    if !(rounded >= min && rounded < -min) {
        let text = format!(
            "{BUG} the NixInt argument {arg} caused undefined behavior in previous Nix versions.{FUTURE}"
        );
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    }
    let result = rounded as i64;
    if result != arg {
        let text = format!(
            "{BUG} a loss of precision occurred in previous Nix versions because the NixInt argument {arg} was rounded to {result}.{FUTURE}"
        );
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    }
    Ok(m.int(result))
}
