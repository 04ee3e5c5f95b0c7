//! `derivation`, in terms of `derivationStrict` (which `firn-instantiate` gives).

use firn_source::Origin;

use crate::error::R;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::Value;

const TEXT: &str = include_str!("derivation.nix");

/// Compiles the function when it is first used.
static COMPILE: PrimOp = PrimOp::new("__derivation", &["unit"], compile, "").without_frame();

fn compile(m: &mut Machine, _: &[Value], _: Pos) -> R<Value> {
    m.eval_text(Origin::Builtin("derivation-internal.nix"), TEXT.as_bytes(), "/")
}

/// The global `derivation`.
pub(crate) fn value(m: &mut Machine) -> Value {
    m.lazy_native(&COMPILE, &[Value::NULL])
}
