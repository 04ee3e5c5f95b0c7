//! Strings.

use crate::coerce::Coerce;
use crate::context::{ContextJoin, Ctx};
use crate::error::{ErrorKind, R};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::{Str, Value};

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "toString",
        &["e"],
        to_string,
        "Converts *e* to a string. Paths are not copied to the store; sets need `__toString` or \
         `outPath`; lists are joined with spaces; `true` is `\"1\"`, `false` and `null` are `\"\"`.",
    )
    .strict(1),
    PrimOp::new(
        "__substring",
        &["start", "len", "s"],
        substring,
        "Returns the part of the string *s* from byte *start* on, at most *len* bytes long. With a \
         negative *len* it goes to the end.",
    )
    .strict(2),
    PrimOp::new("__stringLength", &["s"], string_length, "Returns the number of bytes of the string *s*.").strict(1)
    .quick(|_, s| Value::inline_int(s.as_str()?.bytes().len() as i64)),
    PrimOp::new(
        "__concatStringsSep",
        &["separator", "list"],
        concat_strings_sep,
        "Joins the strings of *list*, with *separator* between them.",
    )
    .strict(2),
    PrimOp::new(
        "__replaceStrings",
        &["from", "to", "s"],
        replace_strings,
        "Returns the string *s* in which each string of the list *from* is replaced by the string at \
         the same place in *to*. What was put in is not looked at again.",
    )
    .strict(2),
];

const COPY: Coerce = Coerce { more: false, copy: true };

fn to_string(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.toString";
    Ok(m.coerce(args[0], Coerce { more: true, copy: false }, Pos::NONE, what)?.value())
}

fn substring(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what =
        "while evaluating the first argument (the start offset) passed to builtins.substring";
    let start = m.force_int(args[0], Pos::NONE, what)?;
    if start < 0 {
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, "negative start position in 'substring'"));
    }
    let what =
        "while evaluating the second argument (the substring length) passed to builtins.substring";
    let len = m.force_int(args[1], Pos::NONE, what)?;
    let what = "while evaluating the third argument (the string) passed to builtins.substring";
    let s = m.coerce(args[2], COPY, Pos::NONE, what)?;
    let size = s.bytes().len();
    let start = usize::try_from(start).unwrap_or(size).min(size);
    let end = match usize::try_from(len) {
        Ok(len) => start.saturating_add(len).min(size),
        Err(_) => size,
    };
    if start == 0 && end == size {
        return Ok(s.value());
    }
    Ok(m.substring(s, start, end, s.ctx()))
}

fn string_length(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the argument passed to builtins.stringLength";
    let s = m.coerce(args[0], COPY, Pos::NONE, what)?;
    Ok(m.int(s.bytes().len() as i64))
}

fn concat_strings_sep(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument (the separator string) passed to builtins.concatStringsSep";
    let separator = m.force_string(args[0], Pos::NONE, what)?;
    let what = "while evaluating the second argument (the list of strings to concat) passed to builtins.concatStringsSep";
    let list = m.force_list(args[1], Pos::NONE, what)?;
    let what = "while evaluating one element of the list of strings to concat passed to builtins.concatStringsSep";
    let mut join = ContextJoin::default();
    join.add(separator.ctx());
    let mut parts: Vec<&[u8]> = Vec::with_capacity(list.len() * 2);
    for slot in list.slots() {
        if !parts.is_empty() {
            parts.push(separator.bytes());
        }
        let s = match slot.get().as_str() {
            Some(s) => s,
            None => m.coerce(slot.get(), COPY, Pos::NONE, what)?,
        };
        parts.push(s.bytes());
        join.add(s.ctx());
    }
    let ctx = m.join_all(join);
    m.concat_parts(&parts, ctx, Pos::NONE)
}

/// The strings to look for, with a table of bytes that one of them begins with.
struct Patterns {
    from: Vec<Str>,
    first: [bool; 256],
    any_empty: bool,
}

impl Patterns {
    fn new(from: Vec<Str>) -> Patterns {
        let mut first = [false; 256];
        for s in &from {
            if let Some(&b) = s.bytes().first() {
                first[b as usize] = true;
            }
        }
        let any_empty = from.iter().any(|s| s.bytes().is_empty());
        Patterns { from, first, any_empty }
    }

    /// The first pattern that `rest` begins with.
    fn find(&self, rest: &[u8]) -> Option<usize> {
        let possible = self.any_empty || rest.first().is_some_and(|&b| self.first[b as usize]);
        if !possible {
            return None;
        }
        self.from.iter().position(|s| rest.starts_with(s.bytes()))
    }
}

fn replace_strings(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.replaceStrings";
    let from = m.force_list(args[0], Pos::NONE, what)?;
    let what = "while evaluating the second argument passed to builtins.replaceStrings";
    let to = m.force_list(args[1], Pos::NONE, what)?;
    if from.len() != to.len() {
        let text =
            "'from' and 'to' arguments passed to builtins.replaceStrings have different lengths";
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    }
    let what = "while evaluating one of the strings to replace passed to builtins.replaceStrings";
    let mut patterns = Vec::with_capacity(from.len());
    for v in from.iter() {
        patterns.push(m.force_string(v, Pos::NONE, what)?);
    }
    let patterns = Patterns::new(patterns);
    let what = "while evaluating the third argument passed to builtins.replaceStrings";
    let s = m.force_string(args[2], Pos::NONE, what)?;
    let (bytes, ctx) = replace(m, s, &patterns, to)?;
    match bytes {
        None => Ok(s.value()),
        Some(bytes) => m.concat_parts(&[&bytes], ctx, Pos::NONE),
    }
}

/// The replaced text, or nothing when nothing was found.
fn replace(
    m: &mut Machine,
    s: Str,
    patterns: &Patterns,
    to: crate::value::List,
) -> R<(Option<Vec<u8>>, Ctx)> {
    let what = "while evaluating one of the replacement strings passed to builtins.replaceStrings";
    let text = s.bytes();
    let mut join = ContextJoin::default();
    join.add(s.ctx());
    let mut out: Option<Vec<u8>> = None;
    let mut copied = 0;
    let mut p = 0;
    // One place behind the last byte: an empty pattern is found there too.
    let mut steps = 0;
    while p <= text.len() {
        steps += 1;
        m.poll_at(steps)?;
        let Some(index) = patterns.find(&text[p..]) else {
            p += 1;
            continue;
        };
        let out = out.get_or_insert_with(Vec::new);
        let with = m.force_string(to.get(index), Pos::NONE, what)?;
        join.add(with.ctx());
        out.extend_from_slice(&text[copied..p]);
        out.extend_from_slice(with.bytes());
        let len = patterns.from[index].bytes().len();
        copied = p;
        if len == 0 {
            p += 1;
            out.extend_from_slice(&text[copied..p.min(text.len())]);
        } else {
            p += len;
        }
        copied = p.min(text.len());
    }
    if let Some(out) = &mut out {
        out.extend_from_slice(&text[copied..]);
    }
    Ok((out, m.join_all(join)))
}
