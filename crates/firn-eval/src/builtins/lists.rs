//! Lists.

use firn_syntax::{Symbol, sym};
use rustc_hash::FxHashMap;

use crate::attrs::AttrsBuilder;
use crate::error::{ErrorKind, R};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::Value;

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new("__length", &["e"], length, "Returns the number of elements of the list *e*.")
        .strict(1),
    PrimOp::new(
        "__head",
        &["list"],
        head,
        "Returns the first element of *list*; an error if it is empty.",
    )
    .strict(1)
    .quick(quick_head),
    PrimOp::new(
        "__tail",
        &["list"],
        tail,
        "Returns *list* without its first element; an error if it is empty.",
    )
    .strict(1)
    .quick(quick_tail),
    PrimOp::new(
        "__elemAt",
        &["xs", "n"],
        elem_at,
        "Returns element *n* of the list *xs*, counted from 0.",
    ).forces(1),
    PrimOp::new("map", &["f", "list"], map, "Applies the function *f* to each element of *list*.").forces(1),
    PrimOp::new(
        "__filter",
        &["f", "list"],
        filter,
        "Returns the elements of *list* for which the function *f* returns `true`.",
    ).forces(1).only_calls(),
    PrimOp::new(
        "__elem",
        &["x", "xs"],
        elem,
        "Returns whether an element of the list *xs* equals *x*.",
    ).forces(1),
    PrimOp::new("__concatLists", &["lists"], concat_lists, "Joins a list of lists into one list.")
        .strict(1),
    PrimOp::new(
        "__foldl'",
        &["op", "nul", "list"],
        foldl,
        "Reduces *list* from the left with the function *op*, beginning with *nul*. Each result is \
         evaluated before the next step.",
    ).forces(0).forces(2).only_calls(),
    PrimOp::new(
        "__any",
        &["pred", "list"],
        any,
        "Returns whether the function *pred* returns `true` for an element of *list*.",
    ).strict(2).only_calls(),
    PrimOp::new(
        "__all",
        &["pred", "list"],
        all,
        "Returns whether the function *pred* returns `true` for all elements of *list*.",
    ).strict(2).only_calls(),
    PrimOp::new(
        "__genList",
        &["generator", "length"],
        gen_list,
        "Makes a list of *length* elements: *generator* applied to 0, 1, ….",
    ).forces(1),
    PrimOp::new(
        "__partition",
        &["pred", "list"],
        partition,
        "Returns a set with the elements of *list* for which *pred* returns `true` in `right`, the \
         others in `wrong`.",
    ).strict(2).only_calls(),
    PrimOp::new(
        "__groupBy",
        &["f", "list"],
        group_by,
        "Groups the elements of *list* by the string that the function *f* returns for them.",
    ).strict(2).only_calls(),
    PrimOp::new(
        "__concatMap",
        &["f", "list"],
        concat_map,
        "Applies the function *f*, which returns a list, to each element of *list* and joins the results.",
    ).strict(2).only_calls(),
];

fn length(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let list = m.force_list(
        args[0],
        Pos::NONE,
        "while evaluating the first argument passed to builtins.length",
    )?;
    Ok(m.int(list.len() as i64))
}

fn head(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let list = m.force_list(
        args[0],
        Pos::NONE,
        "while evaluating the first argument passed to 'builtins.head'",
    )?;
    match list.slots().first() {
        Some(slot) => m.force_slot(slot),
        None => Err(m.fail(ErrorKind::Eval, Pos::NONE, "'builtins.head' called on an empty list")),
    }
}

fn quick_head(_: &mut Machine, list: Value) -> Option<Value> {
    list.as_list()?.slots().first()?.known_at_once()
}

fn quick_tail(m: &mut Machine, list: Value) -> Option<Value> {
    let list = list.as_list().filter(|list| !list.is_empty())?;
    Some(m.sublist(list, 1, list.len()))
}

fn tail(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let list = m.force_list(
        args[0],
        Pos::NONE,
        "while evaluating the first argument passed to 'builtins.tail'",
    )?;
    if list.is_empty() {
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, "'builtins.tail' called on an empty list"));
    }
    Ok(m.sublist(list, 1, list.len()))
}

fn elem_at(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the second argument passed to 'builtins.elemAt'";
    let n = m.force_int(args[1], Pos::NONE, what)?;
    let what = "while evaluating the first argument passed to 'builtins.elemAt'";
    let list = m.force_list(args[0], Pos::NONE, what)?;
    match usize::try_from(n).ok().and_then(|n| list.slots().get(n)) {
        Some(slot) => m.force_slot(slot),
        None => {
            let text =
                format!("'builtins.elemAt' called with index {n} on a list of size {}", list.len());
            Err(m.fail(ErrorKind::Eval, Pos::NONE, text))
        }
    }
}

fn map(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let list = m.force_list(
        args[1],
        Pos::NONE,
        "while evaluating the second argument passed to builtins.map",
    )?;
    if list.is_empty() {
        return Ok(list.value());
    }
    let what = "while evaluating the first argument passed to builtins.map";
    let f = m.force_function(args[0], Pos::NONE, what)?;
    Ok(m.lazy_map(f, list))
}

fn filter(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let list = m.force_list(
        args[1],
        Pos::NONE,
        "while evaluating the second argument passed to builtins.filter",
    )?;
    if list.is_empty() {
        return Ok(list.value());
    }
    let what = "while evaluating the first argument passed to builtins.filter";
    let f = m.force_function(args[0], Pos::NONE, what)?;
    let what =
        "while evaluating the return value of the filtering function passed to builtins.filter";
    let mut kept = Vec::with_capacity(list.len());
    for slot in list.slots() {
        let keep = m.call(f, &[slot.get()], Pos::NONE)?;
        if m.force_bool(keep, Pos::NONE, what)? {
            kept.push(slot.get());
        }
    }
    if kept.len() == list.len() {
        return Ok(list.value());
    }
    Ok(m.list(&kept))
}

fn elem(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let list = m.force_list(
        args[1],
        Pos::NONE,
        "while evaluating the second argument passed to builtins.elem",
    )?;
    for slot in list.slots() {
        let wanted = m.force(args[0])?;
        let found = m.force_slot(slot)?;
        // The same object is the same, also a function.
        let same = wanted == found && slot.get() == args[0].known();
        if same || m.equal(wanted, found, Pos::NONE)? {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}

/// Joins lists whose total length is known.
fn join(m: &mut Machine, lists: &[crate::value::List]) -> Value {
    let total = lists.iter().map(|l| l.len()).sum();
    if total == 0 {
        return m.empty_list();
    }
    if let Some(whole) = lists.iter().find(|l| l.len() == total) {
        return whole.value();
    }
    let (result, slots) = m.new_list(total);
    for (to, from) in slots.iter().zip(lists.iter().flat_map(|l| l.slots())) {
        to.set(from.get());
    }
    result
}

fn concat_lists(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.concatLists";
    let outer = m.force_list(args[0], Pos::NONE, what)?;
    let what = "while evaluating a value of the list passed to builtins.concatLists";
    let mut lists = Vec::with_capacity(outer.len());
    for v in outer.iter() {
        lists.push(m.force_list(v, Pos::NONE, what)?);
    }
    Ok(join(m, &lists))
}

fn foldl(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.foldlStrict";
    let f = m.force_function(args[0], Pos::NONE, what)?;
    let what = "while evaluating the third argument passed to builtins.foldlStrict";
    let list = m.force_list(args[2], Pos::NONE, what)?;
    let mut result = args[1];
    for slot in list.slots() {
        result = m.call(f, &[result, slot.get()], Pos::NONE)?;
    }
    m.force(result)
}

fn any(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = [
        "while evaluating the first argument passed to builtins.any",
        "while evaluating the second argument passed to builtins.any",
        "while evaluating the return value of the function passed to builtins.any",
    ];
    search(m, args, what, true)
}

fn all(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = [
        "while evaluating the first argument passed to builtins.all",
        "while evaluating the second argument passed to builtins.all",
        "while evaluating the return value of the function passed to builtins.all",
    ];
    search(m, args, what, false)
}

/// Returns `wanted` as soon as the predicate does, else the opposite.
fn search(m: &mut Machine, args: &[Value], what: [&'static str; 3], wanted: bool) -> R<Value> {
    let f = m.force_function(args[0], Pos::NONE, what[0])?;
    let list = m.force_list(args[1], Pos::NONE, what[1])?;
    for slot in list.slots() {
        let answer = m.call(f, &[slot.get()], Pos::NONE)?;
        if m.force_bool(answer, Pos::NONE, what[2])? == wanted {
            return Ok(Value::bool(wanted));
        }
    }
    Ok(Value::bool(!wanted))
}

/// Lists beyond this many elements are refused instead of exhausting the memory.
const MAX_LIST: i64 = 1 << 32;

fn gen_list(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the second argument passed to builtins.genList";
    let len = m.force_int(args[1], Pos::NONE, what)?;
    if !(0..=MAX_LIST).contains(&len) {
        return Err(m.fail(
            ErrorKind::Eval,
            Pos::NONE,
            format!("cannot create list of size {len}"),
        ));
    }
    let what = "while evaluating the first argument passed to builtins.genList";
    let f = m.force_function(args[0], Pos::NONE, what)?;
    if len == 0 {
        return Ok(m.empty_list());
    }
    m.lazy_numbers(f, len as usize)
}

fn partition(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.partition";
    let f = m.force_function(args[0], Pos::NONE, what)?;
    let what = "while evaluating the second argument passed to builtins.partition";
    let list = m.force_list(args[1], Pos::NONE, what)?;
    let what =
        "while evaluating the return value of the partition function passed to builtins.partition";
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for slot in list.slots() {
        let v = m.force_slot(slot)?;
        let answer = m.call(f, &[v], Pos::NONE)?;
        if m.force_bool(answer, Pos::NONE, what)? {
            right.push(v);
        } else {
            wrong.push(v);
        }
    }
    let (right, wrong) = (m.list(&right), m.list(&wrong));
    let layout = m.interner.partition;
    Ok(m.of_layout(layout, [(sym::RIGHT, right), (sym::WRONG, wrong)]))
}

fn group_by(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.groupBy";
    let f = m.force_function(args[0], Pos::NONE, what)?;
    let what = "while evaluating the second argument passed to builtins.groupBy";
    let list = m.force_list(args[1], Pos::NONE, what)?;
    let what =
        "while evaluating the return value of the grouping function passed to builtins.groupBy";
    let mut groups: FxHashMap<Symbol, Vec<Value>> = FxHashMap::default();
    for slot in list.slots() {
        let name = m.call(f, &[slot.get()], Pos::NONE)?;
        let name = m.string_without_context(name, Pos::NONE, what)?;
        let name = m.symbol(name);
        groups.entry(name).or_default().push(slot.get());
    }
    let mut result = AttrsBuilder::with_capacity(groups.len());
    for (sym, values) in groups {
        let values = m.list(&values);
        result.insert(sym, values);
    }
    Ok(m.attrs(result))
}

fn concat_map(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.concatMap";
    let f = m.force_function(args[0], Pos::NONE, what)?;
    let what = "while evaluating the second argument passed to builtins.concatMap";
    let list = m.force_list(args[1], Pos::NONE, what)?;
    let what = "while evaluating the return value of the function passed to builtins.concatMap";
    let mut lists = Vec::with_capacity(list.len());
    for slot in list.slots() {
        let part = m.call(f, &[slot.get()], Pos::NONE)?;
        match part.as_list() {
            Some(list) => lists.push(list),
            None => {
                let at = m.pos_of(f);
                m.force_list(part, at, what)?;
            }
        }
    }
    Ok(join(m, &lists))
}
