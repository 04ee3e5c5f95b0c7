//! Elements of what `map`, `genList` and `mapAttrs` give: each waits in its slot, without a thunk of its
//! own, and one environment has what is common to all. Its slots are the function and what it is
//! applied to; which element a slot is, its index says.

use std::sync::atomic::AtomicU8;

use crate::attrs::{Attrs, Layout};
use crate::code::{Delay, Node, Op};
use crate::error::R;
use crate::heap::For;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::value::*;

const fn element(op: Op) -> Node {
    Node { op, pos: Pos::NONE, delay: Delay::Thunk, depth: AtomicU8::new(0), slot: 0 }
}

static OF_LIST: Node = element(of_list);
static OF_NUMBERS: Node = element(of_numbers);
static OF_ATTRS: Node = element(of_attrs);

const FUNCTION: usize = 1;
const SOURCE: usize = 2;
/// Index of a list's first slot: its header, which is one word where elements may wait, stands before it.
pub(crate) const FIRST_OF_LIST: usize = 1;
/// Index of a set's first slot: the layout stands before it.
const FIRST_OF_ATTRS: usize = 1;

/// One element alone is smaller as a thunk.
const FEWEST: usize = 2;

impl Machine {
    /// The list of `f` applied to each element, when they are needed.
    pub(crate) fn lazy_map(&mut self, f: Value, source: List) -> Value {
        let len = source.len();
        if !fits(len, FIRST_OF_LIST) {
            let (result, slots) = self.new_list(len);
            for (to, from) in slots.iter().zip(source.slots()) {
                let call = self.lazy_call(f, &[from.get()]);
                to.set(call);
            }
            return result;
        }
        let record = self.record(f, source.value());
        self.waiting_list(len, record, &OF_LIST)
    }

    /// The list of `f` applied to 0, 1, …, when they are needed.
    ///
    /// # Errors
    /// When the user interrupts it.
    pub(crate) fn lazy_numbers(&mut self, f: Value, len: usize) -> R<Value> {
        if !fits(len, FIRST_OF_LIST) {
            let (result, slots) = self.new_list(len);
            for (i, slot) in slots.iter().enumerate() {
                self.poll_at(i)?;
                let index = self.int(i as i64);
                let call = self.lazy_call(f, &[index]);
                slot.set(call);
            }
            return Ok(result);
        }
        let record = self.record(f, Value::NULL);
        Ok(self.waiting_list(len, record, &OF_NUMBERS))
    }

    /// The set of `f` applied to each name and value of a flat set, when they are needed; `layout` has
    /// the set's names.
    pub(crate) fn lazy_map_attrs(
        &mut self,
        f: Value,
        source: Attrs,
        layout: &'static Layout,
    ) -> Value {
        if !fits(layout.len(), FIRST_OF_ATTRS) {
            let result = Attrs::alloc(&mut self.heap, layout);
            let slots = result.flat_slots().iter().zip(source.flat_slots());
            for ((to, from), key) in slots.zip(layout.keys()) {
                let name = self.symbol_string(key.sym);
                let call = self.lazy_call_unplaced(f, &[name, from.get()]);
                to.set(call);
            }
            return result.value();
        }
        let record = self.record(f, source.value());
        let result = Attrs::alloc_in(&mut self.heap, layout, record);
        for (i, slot) in result.flat_slots().iter().enumerate() {
            slot.wait_for(FIRST_OF_ATTRS + i, &OF_ATTRS);
        }
        result.value()
    }

    fn record(&mut self, f: Value, source: Value) -> Env {
        let record = Env(self.heap.words(For::Env, 1 + SOURCE) as *const Slot);
        record.begin(Env::EMPTY, SOURCE);
        record.slot(FUNCTION).set(f);
        record.slot(SOURCE).set(source);
        record.keep();
        record
    }

    /// A list all of whose elements wait.
    fn waiting_list(&mut self, len: usize, record: Env, node: &'static Node) -> Value {
        let (list, slots) = self.list_in(len, record);
        for (i, slot) in slots.iter().enumerate() {
            slot.wait_for(FIRST_OF_LIST + i, node);
        }
        list
    }

    /// A list whose elements may wait, with the address of their environment before it, and its slots,
    /// which the caller fills at once. The first one's index is [`FIRST_OF_LIST`].
    #[inline(always)]
    pub(crate) fn list_in(&mut self, len: usize, env: Env) -> (Value, &'static [Slot]) {
        env.keep();
        let object = self.heap.words(For::List, 1 + FIRST_OF_LIST + len);
        // SAFETY: a word for the environment, the header and `len` slots were just allocated.
        let (list, slots) = unsafe {
            *object = env.0 as u64;
            let list = object.add(1);
            let slots = list.add(FIRST_OF_LIST) as *const Slot;
            (ListObject::write(list, slots, len), std::slice::from_raw_parts(slots, len))
        };
        (list, slots)
    }
}

/// Whether so many elements of a list may wait in their slots.
pub(crate) fn fits_list(len: usize) -> bool {
    FIRST_OF_LIST + len <= MOST_WAITING
}

/// Whether so many elements wait in their slots, the first of which has this index.
fn fits(len: usize, first: usize) -> bool {
    len >= FEWEST && first + len <= MOST_WAITING
}

/// The function of an element that waits for a call at the function's place.
pub(crate) fn function_of(node: &'static Node, record: Env) -> Option<Value> {
    let is_placed = std::ptr::eq(node, &OF_LIST) || std::ptr::eq(node, &OF_NUMBERS);
    is_placed.then(|| record.slot(FUNCTION).get())
}

fn of_list(m: &mut Machine, _: &'static Node, record: Env) -> R<Value> {
    let index = m.running.running_index() - FIRST_OF_LIST;
    let Some(source) = record.slot(SOURCE).get().as_list() else {
        unreachable!("a list was put there")
    };
    let f = record.slot(FUNCTION).get();
    m.call(f, &[source.get(index)], Pos::PENDING)
}

fn of_numbers(m: &mut Machine, _: &'static Node, record: Env) -> R<Value> {
    let index = m.running.running_index() - FIRST_OF_LIST;
    let index = m.int(index as i64);
    m.call(record.slot(FUNCTION).get(), &[index], Pos::PENDING)
}

fn of_attrs(m: &mut Machine, _: &'static Node, record: Env) -> R<Value> {
    let index = m.running.running_index() - FIRST_OF_ATTRS;
    let Some(source) = record.slot(SOURCE).get().as_attrs() else {
        unreachable!("a set was put there")
    };
    let name = m.symbol_string(source.layout().keys()[index].sym);
    let value = source.slot_at(index).get();
    m.call(record.slot(FUNCTION).get(), &[name, value], Pos::PENDING)
}
