//! Versions and the names of derivations.

use crate::error::R;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::Value;
use firn_syntax::{Symbol, sym};
use std::cmp::Ordering;

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "__compareVersions",
        &["s1", "s2"],
        compare,
        "Returns `-1` if version *s1* is older than version *s2*, `0` if they are the same, `1` if \
         *s1* is newer. Numbers compare as numbers, `pre` comes before everything.",
    )
    .strict(2),
    PrimOp::new(
        "__splitVersion",
        &["s"],
        split,
        "Splits the version *s* into its components, as `compareVersions` sees them.",
    )
    .strict(1),
    PrimOp::new(
        "__parseDrvName",
        &["s"],
        parse_name,
        "Splits a derivation's name *s* into `name` and `version`: the version begins after the \
         first dash that no letter follows.",
    )
    .strict(1),
];

/// Takes the next component off a version; empty at its end.
fn next_component<'a>(version: &mut &'a [u8]) -> &'a [u8] {
    let skipped = version.iter().take_while(|b| matches!(b, b'.' | b'-')).count();
    let rest = &version[skipped..];
    let numeric = rest.first().is_some_and(u8::is_ascii_digit);
    let len = rest
        .iter()
        .take_while(|b| match numeric {
            true => b.is_ascii_digit(),
            false => !b.is_ascii_digit() && !matches!(b, b'.' | b'-'),
        })
        .count();
    *version = &rest[len..];
    &rest[..len]
}

/// Numbers compare as such if they fit 32 bits, as in CppNix.
fn number(component: &[u8]) -> Option<i32> {
    std::str::from_utf8(component).ok()?.parse().ok()
}

fn older(a: &[u8], b: &[u8]) -> bool {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a < b,
        (_, Some(_)) if a.is_empty() => true,
        _ if a == b"pre" && b != b"pre" => true,
        _ if b == b"pre" => false,
        (_, Some(_)) => true,
        (Some(_), _) => false,
        _ => a < b,
    }
}

/// The order of two versions.
pub(crate) fn compare_versions(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let (x, y) = (next_component(&mut a), next_component(&mut b));
        if older(x, y) {
            return Ordering::Less;
        }
        if older(y, x) {
            return Ordering::Greater;
        }
    }
    Ordering::Equal
}

fn compare(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.compareVersions";
    let a = m.string_without_context(args[0], Pos::NONE, what)?;
    let what = "while evaluating the second argument passed to builtins.compareVersions";
    let b = m.string_without_context(args[1], Pos::NONE, what)?;
    Ok(m.int(compare_versions(a.bytes(), b.bytes()) as i64))
}

fn split(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.splitVersion";
    let version = m.string_without_context(args[0], Pos::NONE, what)?;
    let mut rest = version.bytes();
    let mut components = Vec::new();
    loop {
        let component = next_component(&mut rest);
        if component.is_empty() {
            return Ok(m.list(&components));
        }
        components.push(m.string(component));
    }
}

fn parse_name(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.parseDrvName";
    let full = m.string_without_context(args[0], Pos::NONE, what)?.bytes();
    let dash = full.windows(2).position(|w| w[0] == b'-' && !w[1].is_ascii_alphabetic());
    let (name, version) = match dash {
        Some(dash) => (&full[..dash], &full[dash + 1..]),
        None => (full, &full[..0]),
    };
    let (name, version) = (m.string(name), m.string(version));
    Ok(m.attrs_of(&[(sym::NAME, name), (Symbol::of("version"), version)]))
}
