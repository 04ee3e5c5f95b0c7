//! Forcing everything inside a value.

use rustc_hash::FxHashSet;

use crate::attrs::Entry;
use crate::error::{FrameText, R, Raised};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::value::{Kind, Value};

impl Machine {
    /// Forces a value and everything in it. Cycles are fine.
    ///
    /// # Errors
    /// Whatever evaluating a part raises, with the way to it as frames.
    pub fn force_deep(&mut self, v: Value) -> R<Value> {
        let mut seen = FxHashSet::default();
        deep(self, v, &mut seen)
    }
}

fn deep(m: &mut Machine, v: Value, seen: &mut FxHashSet<u64>) -> R<Value> {
    // Scalars need no call: most elements are.
    let v = if v.is_thunk() {
        let pos = m.pos_of(v);
        if m.depth > m.max_depth {
            return Err(m.stack_overflow(pos));
        }
        m.force_at(v, pos)?
    } else {
        v
    };
    match v.kind() {
        Kind::Attrs(_) | Kind::List(_) => {}
        _ => return Ok(v),
    }
    if !seen.insert(v.word()) {
        return Ok(v);
    }
    let pos = m.pos_of(v);
    m.enter(pos)?;
    let result = m.check_stack().and_then(|()| inside(m, v, seen));
    m.leave();
    result?;
    Ok(v)
}

fn inside(m: &mut Machine, v: Value, seen: &mut FxHashSet<u64>) -> R<()> {
    match v.kind() {
        Kind::Attrs(attrs) => {
            for entry in m.flat(attrs).iter() {
                match deep(m, entry.value(), seen) {
                    Ok(v) => entry.slot.set(v),
                    Err(raised) => return Err(attr_failed(m, raised, entry)),
                }
            }
        }
        Kind::List(list) => {
            for (i, slot) in list.slots().iter().enumerate() {
                m.poll_at(i)?;
                match deep(m, slot.get(), seen) {
                    Ok(v) => slot.set(v),
                    Err(raised) => {
                        return Err(m.frame(
                            raised,
                            Pos::NONE,
                            format!("while evaluating list element at index {i}"),
                        ));
                    }
                }
            }
        }
        _ => {}
    }
    Ok(())
}

#[cold]
fn attr_failed(m: &mut Machine, raised: Raised, entry: Entry) -> Raised {
    m.frame(raised, entry.pos, FrameText::Attribute(entry.sym))
}
