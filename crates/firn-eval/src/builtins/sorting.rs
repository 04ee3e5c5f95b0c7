//! `sort` and `genericClosure`: what orders values.

use std::cmp::Ordering;
use std::collections::VecDeque;

use firn_syntax::sym;
use rustc_hash::FxHashSet;

use super::arith::less;
use super::peeksort::peeksort;
use crate::error::{R, Raised};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::print::for_error;
use crate::value::{Kind, Value};

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "__sort",
        &["comparator", "list"],
        sort,
        "Returns *list* sorted by the function *comparator*, which says whether its first argument is \
         less than its second. Equal elements stay in their order.",
    ).forces(1).only_calls(),
    PrimOp::new(
        "__genericClosure",
        &["attrset"],
        generic_closure,
        "Begins with the elements of `startSet` and adds what the function `operator` returns for each \
         element, until nothing new appears. Elements are sets; those with the same `key` are the same.",
    )
    .strict(1),
];

fn sort(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let list = m.force_list(
        args[1],
        Pos::NONE,
        "while evaluating the second argument passed to builtins.sort",
    )?;
    if list.is_empty() {
        return Ok(list.value());
    }
    let what = "while evaluating the first argument passed to builtins.sort";
    let f = m.force_function(args[0], Pos::NONE, what)?;
    let mut values = Vec::with_capacity(list.len());
    for slot in list.slots() {
        values.push(m.force_slot(slot)?);
    }
    if f.as_function().and_then(|f| f.primop()).is_some_and(|op| op.name == "__lessThan") {
        if !sort_scalars(&mut values) {
            peeksort(m, &mut values, &mut |m, a, b| {
                let answer = less(m, a, b);
                m.traced(
                    answer,
                    Pos::NONE,
                    "while evaluating the ordering function passed to builtins.sort",
                )
            })?;
        }
    } else {
        peeksort(m, &mut values, &mut |m, a, b| {
            let answer = m.call(f, &[a, b], Pos::NONE)?;
            let what =
                "while evaluating the return value of the sorting function passed to builtins.sort";
            m.force_bool(answer, Pos::NONE, what)
        })?;
    }
    Ok(m.list(&values))
}

/// Sorts integers or strings only; false if there is anything else.
fn sort_scalars(values: &mut [Value]) -> bool {
    if values.iter().all(|v| v.as_inline_int().is_some()) {
        values.sort_by_key(|v| v.as_inline_int());
        return true;
    }
    if values.iter().all(|v| v.as_str().is_some()) {
        values.sort_by(|a, b| match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => a.bytes().cmp(b.bytes()),
            _ => Ordering::Equal,
        });
        return true;
    }
    false
}

/// The keys seen, by hash while they are all strings or all integers, else in order.
enum Keys {
    None,
    Ints(FxHashSet<i64>),
    Strings(FxHashSet<&'static [u8]>),
    Ordered(Vec<(Value, Value)>),
}

impl Keys {
    /// Adds a key of an element; false if it was there.
    fn insert(
        &mut self,
        m: &mut Machine,
        key: Value,
        element: Value,
        all: &[(Value, Value)],
    ) -> R<bool> {
        match (&mut *self, key.kind()) {
            (Keys::Ints(seen), Kind::Int(i)) => Ok(seen.insert(i)),
            (Keys::Strings(seen), Kind::String(s)) => Ok(seen.insert(s.bytes())),
            (Keys::None, Kind::Int(i)) => {
                *self = Keys::Ints(FxHashSet::from_iter([i]));
                Ok(true)
            }
            (Keys::None, Kind::String(s)) => {
                *self = Keys::Strings(FxHashSet::from_iter([s.bytes()]));
                Ok(true)
            }
            (Keys::Ordered(seen), _) => insert_ordered(m, seen, key, element),
            _ => {
                let mut seen = Vec::with_capacity(all.len() + 1);
                for &(key, element) in all {
                    insert_ordered(m, &mut seen, key, element)?;
                }
                let new = insert_ordered(m, &mut seen, key, element);
                *self = Keys::Ordered(seen);
                new
            }
        }
    }
}

fn insert_ordered(
    m: &mut Machine,
    seen: &mut Vec<(Value, Value)>,
    key: Value,
    element: Value,
) -> R<bool> {
    let (mut low, mut high) = (0, seen.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if compare_keys(m, (key, element), seen[middle])? {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if low > 0 && !compare_keys(m, seen[low - 1], (key, element))? {
        return Ok(false);
    }
    seen.insert(low, (key, element));
    Ok(true)
}

fn compare_keys(m: &mut Machine, a: (Value, Value), b: (Value, Value)) -> R<bool> {
    less(m, a.0, b.0).map_err(|raised| {
        let (new, old) = (for_error(m, a.1), for_error(m, b.1));
        m.frame(raised, Pos::NONE, format!("with element {old}"));
        m.frame(raised, Pos::NONE, format!("while comparing element {new}"))
    })
}

fn generic_closure(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.genericClosure";
    let set = m.force_attrs(args[0], Pos::NONE, what)?;
    let what = "in the attrset passed as argument to builtins.genericClosure";
    let start = m.required_attr(set, sym::START_SET, what)?;
    let what =
        "while evaluating the 'startSet' attribute passed as argument to builtins.genericClosure";
    let start = m.force_list(start.get(), Pos::NONE, what)?;
    if start.is_empty() {
        return Ok(start.value());
    }
    let what = "in the attrset passed as argument to builtins.genericClosure";
    let operator = m.required_attr(set, sym::OPERATOR, what)?;
    let what =
        "while evaluating the 'operator' attribute passed as argument to builtins.genericClosure";
    let operator = m.force_function(operator.get(), Pos::NONE, what)?;
    let mut work: VecDeque<Value> = start.iter().collect();
    let mut found: Vec<(Value, Value)> = Vec::new();
    let mut keys = Keys::None;
    while let Some(element) = work.pop_front() {
        let key = key_of(m, element)?;
        if !keys.insert(m, key, element, &found)? {
            continue;
        }
        found.push((key, element));
        if let Err(raised) = more(m, operator, element, &mut work) {
            return Err(in_element(
                m,
                raised,
                "while calling operator on genericClosure element",
                element,
            ));
        }
    }
    let elements: Vec<Value> = found.into_iter().map(|f| f.1).collect();
    Ok(m.list(&elements))
}

#[cold]
fn in_element(m: &mut Machine, raised: Raised, what: &str, element: Value) -> Raised {
    let shown = for_error(m, element);
    m.frame(raised, Pos::NONE, format!("{what} {shown}"))
}

fn key_of(m: &mut Machine, element: Value) -> R<Value> {
    let set = match m.force_attrs(element, Pos::NONE, "") {
        Ok(set) => set,
        Err(raised) => return Err(in_element(m, raised, "in genericClosure element", element)),
    };
    match m.required_attr(set, sym::KEY, "") {
        Ok(slot) => m.force_slot(slot),
        Err(raised) => Err(in_element(m, raised, "in genericClosure element", element)),
    }
}

/// Adds what the operator returns for an element to the work.
fn more(m: &mut Machine, operator: Value, element: Value, work: &mut VecDeque<Value>) -> R<()> {
    let new = m.call(operator, &[element], Pos::NONE)?;
    let what =
        "while evaluating the return value of the `operator` passed to builtins.genericClosure";
    let new = m.force_list(new, Pos::NONE, what)?;
    for slot in new.slots() {
        work.push_back(m.force_slot(slot)?);
    }
    Ok(())
}
