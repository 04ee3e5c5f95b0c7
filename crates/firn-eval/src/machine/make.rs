//! Making values.

use std::rc::Rc;

use firn_syntax::Symbol;

use super::{MAX_NATIVE_ARGS, Machine};
use crate::attrs::{Attrs, AttrsBuilder, Entry, FlatAttrs};
use crate::code::{Lambda, Node};
use crate::heap::For;
use crate::primop::PrimOp;
use crate::value::*;

impl Machine {
    /// An integer.
    #[inline(always)]
    pub fn int(&mut self, i: i64) -> Value {
        Value::inline_int(i).unwrap_or_else(|| self.boxed(BOX_INT, i as u64))
    }

    /// A float.
    pub fn float(&mut self, f: f64) -> Value {
        self.boxed(BOX_FLOAT, f.to_bits())
    }

    fn boxed(&mut self, code: u64, payload: u64) -> Value {
        let object = self.heap.words(For::Text, 2);
        // SAFETY: two words were just allocated.
        unsafe {
            *object = code;
            *object.add(1) = payload;
        }
        Value::from_object(object, TAG_BOX)
    }

    /// A path; it must be absolute and canonical.
    pub fn path(&mut self, path: &[u8]) -> Value {
        let text = self.string(path);
        self.boxed(BOX_PATH, text.object(TAG_STRING) as u64)
    }

    /// A value only the host understands.
    pub fn external(&mut self, content: Rc<dyn std::any::Any>) -> Value {
        self.externals.push(content);
        self.boxed(BOX_EXTERNAL, self.externals.len() as u64 - 1)
    }

    /// The content of an external value.
    pub fn external_content(&self, external: External) -> Rc<dyn std::any::Any> {
        self.externals[external.0 as usize].clone()
    }

    /// The empty list.
    pub fn empty_list(&self) -> Value {
        self.empty_list
    }

    /// The empty set.
    pub fn empty_attrs(&self) -> Attrs {
        self.empty_attrs
    }

    /// A list of these values.
    pub fn list(&mut self, values: &[Value]) -> Value {
        if values.is_empty() {
            return self.empty_list;
        }
        let (list, slots) = self.new_list(values.len());
        for (slot, value) in slots.iter().zip(values) {
            slot.set(*value);
        }
        list
    }

    /// A list with `len` slots which the caller fills before anything else happens.
    #[inline(always)]
    pub(crate) fn new_list(&mut self, len: usize) -> (Value, &'static [Slot]) {
        let header = ListObject::words(len);
        let object = self.heap.words(For::List, header + len);
        // SAFETY: the header and `len` slots were just allocated.
        unsafe {
            let slots = object.add(header) as *const Slot;
            (ListObject::write(object, slots, len), std::slice::from_raw_parts(slots, len))
        }
    }

    /// The elements `start..end` of a list, sharing them.
    pub(crate) fn sublist(&mut self, list: List, start: usize, end: usize) -> Value {
        let part = &list.slots()[start..end];
        if part.is_empty() {
            return self.empty_list;
        }
        let object = self.heap.words(For::List, ListObject::words(part.len()));
        // SAFETY: the header was just allocated; the slots live as long (V1).
        unsafe { ListObject::write(object, part.as_ptr(), part.len()) }
    }

    /// A set from a builder.
    pub fn attrs(&mut self, builder: AttrsBuilder) -> Value {
        if builder.is_empty() {
            return self.empty_attrs.value();
        }
        builder.build(&mut self.heap, &mut self.shapes.layouts).value()
    }

    /// A set of a few attributes.
    pub fn attrs_of(&mut self, entries: &[(Symbol, Value)]) -> Value {
        let mut builder = AttrsBuilder::with_capacity(entries.len());
        for &(sym, value) in entries {
            builder.insert(sym, value);
        }
        self.attrs(builder)
    }

    /// `left // right`
    #[inline(always)]
    pub fn update(&mut self, left: Attrs, right: Attrs) -> Attrs {
        crate::attrs::update(&mut self.heap, &mut self.shapes, left, right)
    }

    /// The set, flat if that pays.
    #[inline(always)]
    pub(crate) fn settled(&mut self, attrs: Attrs) -> Attrs {
        if attrs.is_layered() {
            attrs.settled(&mut self.heap, &mut self.shapes.layouts)
        } else {
            attrs
        }
    }

    /// The set without layers, to iterate in the order of symbol numbers.
    #[inline(always)]
    pub fn flat(&mut self, attrs: Attrs) -> FlatAttrs {
        let attrs = attrs.flat(&mut self.heap, &mut self.shapes.layouts);
        FlatAttrs { layout: attrs.layout(), slots: attrs.flat_slots() }
    }

    /// The attributes in alphabetical order of their names.
    pub fn sorted(&mut self, attrs: Attrs) -> impl ExactSizeIterator<Item = Entry> + use<> {
        let flat = self.flat(attrs);
        let order = flat.layout.order(&mut self.shapes.layouts);
        let keys = flat.layout.keys();
        order.iter().map(move |&i| {
            let key = keys[i as usize];
            Entry { sym: key.sym, pos: key.pos, slot: &flat.slots[i as usize] }
        })
    }

    /// A builtin as a value.
    pub fn primop(&mut self, op: &'static PrimOp) -> Value {
        let object = self.heap.words(For::Function, 1);
        // SAFETY: just allocated.
        unsafe { *object = op as *const PrimOp as u64 | FUNCTION_PRIMOP };
        Value::from_object(object, TAG_FUNCTION)
    }

    #[inline(always)]
    pub(crate) fn closure(&mut self, lambda: &'static Lambda, env: Env) -> Value {
        env.keep();
        let object = self.heap.words(For::Closure, 2);
        // SAFETY: two words were just allocated.
        unsafe {
            *object = lambda as *const Lambda as u64 | FUNCTION_CLOSURE;
            *object.add(1) = env.0 as u64;
        }
        Value::from_object(object, TAG_FUNCTION)
    }

    /// The same function as a value of its own.
    pub(crate) fn alias(&mut self, function: Function) -> Value {
        let original = function.original();
        let object = self.heap.words(For::Function, 1);
        // SAFETY: a word was just allocated; function objects are aligned to 8.
        unsafe { *object = original.0 as u64 | FUNCTION_ALIAS };
        Value::from_object(object, TAG_FUNCTION)
    }

    pub(crate) fn partial(
        &mut self,
        lambda: &'static Lambda,
        env: Env,
        before: &[Slot],
        args: &[Value],
    ) -> Value {
        // A closure that was made for one call of a builtin does not keep it.
        env.keep();
        let n = before.len() + args.len();
        let object = self.heap.words(For::Function, 3 + n);
        // SAFETY: 3 + n words were just allocated.
        unsafe {
            *object = lambda as *const Lambda as u64 | FUNCTION_PARTIAL;
            *object.add(1) = env.0 as u64;
            *object.add(2) = n as u64;
            for (i, word) in
                before.iter().map(Slot::word).chain(args.iter().map(|v| v.word())).enumerate()
            {
                *object.add(3 + i) = word;
            }
        }
        Value::from_object(object, TAG_FUNCTION)
    }

    pub(crate) fn primop_app(
        &mut self,
        op: &'static PrimOp,
        before: &[Slot],
        args: &[Value],
    ) -> Value {
        let n = before.len() + args.len();
        let object = self.heap.words(For::Function, 2 + n);
        // SAFETY: 2 + n words were just allocated.
        unsafe {
            *object = op as *const PrimOp as u64 | FUNCTION_PRIMOP_APP;
            *object.add(1) = n as u64;
            for (i, word) in
                before.iter().map(Slot::word).chain(args.iter().map(|v| v.word())).enumerate()
            {
                *object.add(2 + i) = word;
            }
        }
        Value::from_object(object, TAG_FUNCTION)
    }

    /// A thunk of an expression.
    #[inline(always)]
    pub(crate) fn thunk(&mut self, node: &'static Node, env: Env) -> Value {
        env.keep();
        let object = self.heap.words(For::Thunk, 2);
        // SAFETY: two words were just allocated.
        unsafe {
            *object = node as *const Node as u64 | THUNK_NODE;
            *object.add(1) = env.0 as u64;
        }
        Value::from_object(object, TAG_THUNK)
    }

    /// A thunk whose evaluation failed.
    #[cold]
    pub(crate) fn failed_thunk(&mut self, state: u64) -> Value {
        let object = self.heap.words(For::Thunk, 2);
        // SAFETY: two words were just allocated.
        unsafe { *object = state };
        Value::from_object(object, TAG_THUNK)
    }

    /// The call `f args…`, to be made when somebody needs it.
    #[inline(always)]
    pub fn lazy_call(&mut self, f: Value, args: &[Value]) -> Value {
        self.lazy_call_with(f, args, THUNK_APP)
    }

    /// As [`Machine::lazy_call`], but traces do not name the function's place as the call's.
    #[inline(always)]
    pub(crate) fn lazy_call_unplaced(&mut self, f: Value, args: &[Value]) -> Value {
        self.lazy_call_with(f, args, THUNK_APP | THUNK_APP_UNPLACED)
    }

    #[inline(always)]
    fn lazy_call_with(&mut self, f: Value, args: &[Value], code: u64) -> Value {
        let n = args.len();
        let object = self.heap.words(For::Call, 2 + n);
        // SAFETY: 2 + n words were just allocated.
        unsafe {
            *object = (n as u64) << 8 | code;
            *object.add(1) = f.word();
            for (i, arg) in args.iter().enumerate() {
                *object.add(2 + i) = arg.word();
            }
        }
        Value::from_object(object, TAG_THUNK)
    }

    /// The call of a function of this program, to be made when somebody needs it. It gets eight
    /// arguments at most.
    pub fn lazy_native(&mut self, op: &'static PrimOp, args: &[Value]) -> Value {
        debug_assert!(args.len() <= MAX_NATIVE_ARGS);
        let n = args.len();
        let object = self.heap.words(For::Call, 2 + n);
        // SAFETY: 2 + n words were just allocated; `PrimOp` is aligned to 8, so its tag bits are free.
        unsafe {
            *object = op as *const PrimOp as u64 | THUNK_NATIVE;
            *object.add(1) = n as u64;
            for (i, arg) in args.iter().enumerate() {
                *object.add(2 + i) = arg.word();
            }
        }
        Value::from_object(object, TAG_THUNK)
    }
}
