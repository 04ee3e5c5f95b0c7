//! Equality, and the explanation of a difference for `assert a == b`.

use firn_syntax::sym;
use rustc_hash::FxHashMap;

use crate::attrs::Attrs;
use crate::error::{ErrorKind, R, Raised};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::print::{for_error, show_type};
use crate::value::{Kind, Value};

impl Machine {
    /// `a == b`; forces both.
    pub fn equal(&mut self, a: Value, b: Value, pos: Pos) -> R<bool> {
        let a = self.force_at(a, pos)?;
        let b = self.force_at(b, pos)?;
        equal_forced(self, a, b, pos)
    }
}

/// Elements: the same object is equal to itself, also a function.
fn equal_elements(
    m: &mut Machine,
    a: &crate::value::Slot,
    b: &crate::value::Slot,
    pos: Pos,
) -> R<bool> {
    let x = m.force_slot(a)?;
    let y = m.force_slot(b)?;
    if x == y {
        return Ok(true);
    }
    equal_forced(m, x, y, pos)
}

/// Equality of forced values.
#[inline]
pub(crate) fn equal_forced(m: &mut Machine, a: Value, b: Value, pos: Pos) -> R<bool> {
    if let (Some(x), Some(y)) = (a.as_str(), b.as_str()) {
        return Ok(x.bytes() == y.bytes());
    }
    if let (Some(x), Some(y)) = (a.as_inline_int(), b.as_inline_int()) {
        return Ok(x == y);
    }
    if let (Some(x), Some(y)) = (a.as_list(), b.as_list())
        && (x.len() != y.len() || x.is_empty())
    {
        return Ok(x.len() == y.len());
    }
    equal_other(m, a, b, pos)
}

#[inline(never)]
fn equal_other(m: &mut Machine, a: Value, b: Value, pos: Pos) -> R<bool> {
    Ok(match (a.kind(), b.kind()) {
        (Kind::Int(x), Kind::Int(y)) => x == y,
        (Kind::Float(x), Kind::Float(y)) => x == y,
        (Kind::Int(x), Kind::Float(y)) | (Kind::Float(y), Kind::Int(x)) => x as f64 == y,
        (Kind::Null, Kind::Null) => true,
        (Kind::Bool(x), Kind::Bool(y)) => x == y,
        (Kind::Path(x), Kind::Path(y)) => x.bytes() == y.bytes(),
        (Kind::External(x), Kind::External(y)) => x == y,
        (Kind::List(x), Kind::List(y)) => {
            if x.len() != y.len() {
                return Ok(false);
            }
            m.enter(pos)?;
            let result = (|| {
                for (x, y) in x.slots().iter().zip(y.slots()) {
                    if !equal_elements(m, x, y, pos)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            })();
            m.leave();
            result?
        }
        (Kind::Attrs(x), Kind::Attrs(y)) => {
            m.enter(pos)?;
            let result = equal_attrs(m, x, y, pos);
            m.leave();
            result?
        }
        _ => false,
    })
}

/// Results of comparing large sets: packages ask again and again whether two platforms are the same.
/// A comparison that came to an end comes to the same end again.
#[derive(Default)]
pub(crate) struct Compared(FxHashMap<(Attrs, Attrs), bool>);

/// Comparing fewer attributes costs as little as looking for a result.
const LARGE: usize = 8;
/// Most results that are kept at a time.
const REMEMBERED: usize = 4096;

fn equal_attrs(m: &mut Machine, x: Attrs, y: Attrs, pos: Pos) -> R<bool> {
    if x.len() < LARGE || y.len() < LARGE {
        return compare_attrs(m, x, y, pos);
    }
    if let Some(&known) = m.compared.0.get(&(x, y)) {
        return Ok(known);
    }
    let result = compare_attrs(m, x, y, pos)?;
    if m.compared.0.len() >= REMEMBERED {
        m.compared.0.clear();
    }
    m.compared.0.insert((x, y), result);
    Ok(result)
}

fn compare_attrs(m: &mut Machine, x: Attrs, y: Attrs, pos: Pos) -> R<bool> {
    if m.is_derivation(x.value())?
        && m.is_derivation(y.value())?
        && let (Some(a), Some(b)) = (x.get(sym::OUT_PATH), y.get(sym::OUT_PATH))
    {
        return equal_elements(m, a, b, pos);
    }
    if x.len() != y.len() {
        return Ok(false);
    }
    let (x, y) = (m.flat(x), m.flat(y));
    for (a, b) in x.iter().zip(y.iter()) {
        if a.sym != b.sym || !equal_elements(m, a.slot, b.slot, pos)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Raises an error that says where two values differ; nothing when they do not.
pub(crate) fn assert_equal(m: &mut Machine, a: Value, b: Value, pos: Pos) -> R<()> {
    m.enter(pos)?;
    let result = explain(m, a, b, pos);
    m.leave();
    result
}

#[cold]
fn differ(m: &mut Machine, text: String) -> R<()> {
    Err(m.fail(ErrorKind::Assertion, Pos::NONE, text))
}

fn explain(m: &mut Machine, a: Value, b: Value, pos: Pos) -> R<()> {
    let a = m.force_at(a, pos)?;
    let b = m.force_at(b, pos)?;
    let number = |v: Value| matches!(v.kind(), Kind::Int(_) | Kind::Float(_));
    if number(a) && number(b) {
        if equal_forced(m, a, b, pos)? {
            return Ok(());
        }
        let (x, y) = (for_error(m, a), for_error(m, b));
        let text = format!(
            "{} with value '{x}' is not equal to {} with value '{y}'",
            show_type(a),
            show_type(b)
        );
        return differ(m, text);
    }
    if a.type_name() != b.type_name() {
        let (x, y) = (for_error(m, a), for_error(m, b));
        let text = format!(
            "{} of value '{x}' is not equal to {} of value '{y}'",
            show_type(a),
            show_type(b)
        );
        return differ(m, text);
    }
    let name = match a.kind() {
        Kind::Bool(_) => "boolean",
        Kind::String(_) => "string",
        Kind::Path(_) => "path",
        Kind::Int(_) | Kind::Float(_) | Kind::Null => return Ok(()),
        Kind::External(_) => "external value",
        Kind::Function(_) => {
            let text = "distinct functions and immediate comparisons of identical functions compare as unequal";
            return differ(m, text.to_owned());
        }
        Kind::List(_) => return explain_lists(m, a, b, pos),
        Kind::Attrs(_) => return explain_attrs(m, a, b, pos),
    };
    if equal_forced(m, a, b, pos)? {
        return Ok(());
    }
    let (x, y) = (for_error(m, a), for_error(m, b));
    differ(m, format!("{name} '{x}' is not equal to {name} '{y}'"))
}

fn explain_lists(m: &mut Machine, a: Value, b: Value, pos: Pos) -> R<()> {
    let (Some(x), Some(y)) = (a.as_list(), b.as_list()) else { return Ok(()) };
    if x.len() != y.len() {
        let (left, right) = (for_error(m, a), for_error(m, b));
        let text = format!(
            "list of size '{}' is not equal to list of size '{}', left hand side is '{left}', right hand side is '{right}'",
            x.len(),
            y.len()
        );
        return differ(m, text);
    }
    for (i, (a, b)) in x.iter().zip(y.iter()).enumerate() {
        if let Err(raised) = explain_element(m, a, b, pos) {
            return Err(m.frame(raised, pos, format!("while comparing list element {i}")));
        }
    }
    Ok(())
}

fn explain_element(m: &mut Machine, a: Value, b: Value, pos: Pos) -> R<()> {
    let a = m.force_at(a, pos)?;
    let b = m.force_at(b, pos)?;
    if a == b { Ok(()) } else { assert_equal(m, a, b, pos) }
}

fn explain_attrs(m: &mut Machine, a: Value, b: Value, pos: Pos) -> R<()> {
    let (Some(x), Some(y)) = (a.as_attrs(), b.as_attrs()) else { return Ok(()) };
    if m.is_derivation(a)?
        && m.is_derivation(b)?
        && let (Some(p), Some(q)) = (x.get(sym::OUT_PATH), y.get(sym::OUT_PATH))
    {
        return explain_element(m, p.get(), q.get(), pos).map_err(|raised| {
            m.frame(raised, pos, "while comparing a derivation by its 'outPath' attribute")
        });
    }
    if x.len() != y.len() {
        let (left, right) = (for_error(m, a), for_error(m, b));
        let text = format!(
            "attribute names of attribute set '{left}' differs from attribute set '{right}'"
        );
        return differ(m, text);
    }
    let (fx, fy) = (m.flat(x), m.flat(y));
    for (p, q) in fx.iter().zip(fy.iter()) {
        if p.sym != q.sym {
            return name_differs(m, a, b, p.sym, q.sym);
        }
        if let Err(raised) = explain_element(m, p.value(), q.value(), pos) {
            return Err(compared(m, raised, (p.pos, q.pos), pos, p.sym));
        }
    }
    Ok(())
}

fn name_differs(
    m: &mut Machine,
    a: Value,
    b: Value,
    p: firn_syntax::Symbol,
    q: firn_syntax::Symbol,
) -> R<()> {
    let (left, right) = (for_error(m, a), for_error(m, b));
    let in_right = b.as_attrs().is_some_and(|s| s.get(p).is_some());
    let text = if in_right {
        format!("attribute name '{q}' is missing in '{left}', but is contained in '{right}'")
    } else {
        format!("attribute name '{p}' is contained in '{left}', but not in '{right}'")
    };
    differ(m, text)
}

fn compared(
    m: &mut Machine,
    raised: Raised,
    (left, right): (Pos, Pos),
    pos: Pos,
    name: firn_syntax::Symbol,
) -> Raised {
    if right.is_some() {
        m.frame(raised, right, "where right hand side is");
    }
    if left.is_some() {
        m.frame(raised, left, "where left hand side is");
    }
    m.frame(raised, pos, format!("while comparing attribute '{name}'"))
}
