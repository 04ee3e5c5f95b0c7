//! `+`, string and path interpolation.

use crate::code::Node;
use crate::coerce::Coerce;
use crate::context::Ctx;
use crate::error::{ErrorKind, R, Raised};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::value::{Env, Kind, Str, Value};

const OPERAND: &str = "in an operand of '+'";
const SEGMENT: &str = "while evaluating a path segment";

/// `a + b`. Words: operands, then the builtin's slot (unused here), then the operands' positions.
pub(crate) fn add(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let a = match node.child(0).eval(m, env) {
        Ok(v) => v,
        Err(raised) => return Err(m.frame(raised, node.child(0).pos, OPERAND)),
    };
    let b = match node.child(1).eval(m, env) {
        Ok(v) => v,
        // The reference looks at the first operand before it evaluates the second.
        Err(raised) => return Err(second_failed(m, node, a, raised)),
    };
    if let (Some(x), Some(y)) = (a.as_inline_int(), b.as_inline_int()) {
        return Ok(m.int(x + y));
    }
    if let (Some(x), Some(y)) = (a.as_str(), b.as_str()) {
        return add_strings(m, x, y, node.pos);
    }
    add_slow(m, node, a, b)
}

#[inline]
fn add_strings(m: &mut Machine, x: Str, y: Str, pos: Pos) -> R<Value> {
    let ctx = m.join_contexts(x.ctx(), y.ctx());
    if y.bytes().is_empty() && ctx == x.ctx() {
        return Ok(x.value());
    }
    m.concat_parts(&[x.bytes(), y.bytes()], ctx, pos)
}

fn part_pos(node: &'static Node, index: usize) -> Pos {
    let word = node.word(3);
    Pos(if index == 0 { word as u32 } else { (word >> 32) as u32 })
}

/// The second operand failed: an error in looking at the first comes before.
#[cold]
fn second_failed(m: &mut Machine, node: &'static Node, a: Value, raised: Raised) -> Raised {
    let raised = m.frame(raised, node.child(1).pos, OPERAND);
    if matches!(a.kind(), Kind::Int(_) | Kind::Float(_) | Kind::String(_) | Kind::Path(_)) {
        return raised;
    }
    let kept = m.set_aside();
    match start(m, a, part_pos(node, 0), false) {
        Ok(_) => {
            m.error = kept;
            raised
        }
        Err(first) => first,
    }
}

#[inline(never)]
fn add_slow(m: &mut Machine, node: &'static Node, a: Value, b: Value) -> R<Value> {
    let mut sum = start(m, a, part_pos(node, 0), false)?;
    sum.push(m, b, part_pos(node, 1))?;
    sum.finish(m, node.pos)
}

/// What has been added up so far; the first operand decides what it is.
enum Sum {
    Int(i64),
    Float(f64),
    /// The flag says whether paths are copied to the store.
    String(Vec<u8>, Ctx, bool),
    Path(Vec<u8>, Ctx),
}

fn start(m: &mut Machine, first: Value, pos: Pos, string: bool) -> R<Sum> {
    if !string {
        match first.kind() {
            Kind::Int(i) => return Ok(Sum::Int(i)),
            Kind::Float(f) => return Ok(Sum::Float(f)),
            Kind::Path(p) => return Ok(Sum::Path(p.bytes().to_vec(), Ctx::NONE)),
            _ => {}
        }
    }
    let string = string || first.as_str().is_some();
    let how = Coerce { more: false, copy: string };
    let text = m.coerce(first, how, pos, SEGMENT)?;
    Ok(Sum::String(text.bytes().to_vec(), text.ctx(), string))
}

impl Sum {
    fn push(&mut self, m: &mut Machine, v: Value, pos: Pos) -> R<()> {
        match self {
            Sum::Int(n) => match v.kind() {
                Kind::Int(i) => match n.checked_add(i) {
                    Some(sum) => *n = sum,
                    None => {
                        let text = format!("integer overflow in adding {n} + {i}");
                        return Err(m.fail(ErrorKind::Eval, pos, text));
                    }
                },
                Kind::Float(f) => *self = Sum::Float(*n as f64 + f),
                _ => return Err(cannot_add(m, v, pos, "an integer")),
            },
            Sum::Float(n) => match v.kind() {
                Kind::Int(i) => *n += i as f64,
                Kind::Float(f) => *n += f,
                _ => return Err(cannot_add(m, v, pos, "a float")),
            },
            Sum::String(bytes, ctx, copy) => {
                // Nothing is copied behind a set that became a string: the reference looks at what
                // the first operand was.
                let text = m.coerce(v, Coerce { more: false, copy: *copy }, pos, SEGMENT)?;
                bytes.extend_from_slice(text.bytes());
                *ctx = m.join_contexts(*ctx, text.ctx());
            }
            Sum::Path(bytes, ctx) => {
                let text = m.coerce(v, Coerce { more: false, copy: false }, pos, SEGMENT)?;
                bytes.extend_from_slice(text.bytes());
                *ctx = m.join_contexts(*ctx, text.ctx());
            }
        }
        Ok(())
    }

    fn finish(self, m: &mut Machine, pos: Pos) -> R<Value> {
        match self {
            Sum::Int(i) => Ok(m.int(i)),
            Sum::Float(f) => Ok(m.float(f)),
            Sum::String(bytes, ctx, _) => m.concat_parts(&[&bytes], ctx, pos),
            Sum::Path(bytes, ctx) => {
                if !ctx.is_empty() {
                    let text = "a string that refers to a store path cannot be appended to a path";
                    return Err(m.fail(ErrorKind::Eval, pos, text));
                }
                let path = crate::paths::canonical(&bytes);
                Ok(m.path(&path))
            }
        }
    }
}

#[cold]
fn cannot_add(m: &mut Machine, v: Value, pos: Pos, to: &str) -> Raised {
    let text = format!("cannot add {} to {to}", crate::print::show_type(v));
    m.fail(ErrorKind::Eval, pos, text)
}

/// `"…${a}…"`. Word 0: number of parts, then node and position of each part.
pub(crate) fn interpolate(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let count = node.word(0) as usize;
    if count <= 8 {
        let mut parts = [const { &[] as &[u8] }; 8];
        let ctx = gather(m, node, env, &mut parts[..count])?;
        return m.concat_parts(&parts[..count], ctx, node.pos);
    }
    let mut parts = vec![&[] as &[u8]; count];
    let ctx = gather(m, node, env, &mut parts)?;
    m.concat_parts(&parts, ctx, node.pos)
}

fn gather(m: &mut Machine, node: &'static Node, env: Env, parts: &mut [&'static [u8]]) -> R<Ctx> {
    let mut ctx = Ctx::NONE;
    for (i, part) in parts.iter_mut().enumerate() {
        let child = node.child(1 + 2 * i);
        let value = match child.eval(m, env) {
            Ok(v) => v,
            Err(raised) => return Err(m.frame(raised, child.pos, OPERAND)),
        };
        let text = match value.as_str() {
            Some(s) => s,
            None => {
                let pos = Pos(node.word(2 + 2 * i) as u32);
                m.coerce(value, Coerce { more: false, copy: true }, pos, SEGMENT)?
            }
        };
        *part = text.bytes();
        if text.ctx() != ctx {
            ctx = m.join_contexts(ctx, text.ctx());
        }
    }
    Ok(ctx)
}

/// `./a/${b}/c`. Words as for [`interpolate`]; the first part is a path whose end is as written.
pub(crate) fn interpolate_path(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let count = node.word(0) as usize;
    let mut sum: Option<Sum> = None;
    for i in 0..count {
        let child = node.child(1 + 2 * i);
        let value = match child.eval(m, env) {
            Ok(v) => v,
            Err(raised) => return Err(m.frame(raised, child.pos, OPERAND)),
        };
        let pos = Pos(node.word(2 + 2 * i) as u32);
        match &mut sum {
            None => sum = Some(start(m, value, pos, false)?),
            Some(sum) => sum.push(m, value, pos)?,
        }
    }
    match sum {
        Some(sum) => sum.finish(m, node.pos),
        None => Ok(m.empty_string()),
    }
}
