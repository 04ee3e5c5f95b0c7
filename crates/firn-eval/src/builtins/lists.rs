//! Stub.

use crate::primop::PrimOp;

pub(crate) const TABLE: &[PrimOp] = &[];
