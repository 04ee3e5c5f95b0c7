//! The machine: heap, tables and settings of one evaluation session, and how values are made,
//! forced and called.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use firn_source::SourceMap;
use firn_syntax::Symbol;
use rustc_hash::FxHashMap;

use crate::attrs::{Attrs, AttrsBuilder, Entry, FlatAttrs, Layout, Shapes};
use crate::code::{Lambda, Node};
use crate::context::{ContextElem, ContextJoin, Contexts, Ctx};
use crate::error::{ErrorKind, EvalError, Frame, FrameText, R, Raised};
use crate::heap::{For, Heap};
use crate::host::{Host, HostError, Settings};
use crate::pos::{Pos, Positions};
use crate::primop::PrimOp;
use crate::value::*;

/// One evaluation session. Values belong to the machine that made them (V1); when it goes, all its
/// memory goes at once.
pub struct Machine {
    pub(crate) heap: Heap,
    /// Compiled code, kept apart from values so that it stays close together.
    pub(crate) code: Heap,
    pub(crate) shapes: Shapes,
    pub(crate) contexts: Contexts,
    pub(crate) error: Option<Box<EvalError>>,
    pub(crate) depth: u32,
    pub(crate) max_depth: u32,
    /// Address below which the stack must not grow.
    pub(crate) stack_limit: usize,
    pub(crate) polls: u32,
    pub(crate) globals: FxHashMap<Symbol, Value>,
    pub(crate) builtins: Attrs,
    pub(crate) positions: Positions,
    pub(crate) sources: Arc<SourceMap>,
    pub(crate) imports: FxHashMap<String, Value>,
    pub(crate) symbol_strings: Vec<Option<Value>>,
    pub(crate) externals: Vec<Rc<dyn std::any::Any>>,
    pub(crate) kept_errors: Vec<Option<EvalError>>,
    /// Settings of this session.
    pub settings: Settings,
    host: Rc<dyn Host>,
    extensions: FxHashMap<std::any::TypeId, Rc<dyn std::any::Any>>,
    empty_list: Value,
    empty_attrs: Attrs,
    empty_string: Value,
    pub(crate) char_strings: Box<[Option<Value>; 256]>,
    pub(crate) interner: crate::layouts::WellKnown,
}

/// A table of builtins.
pub type PrimTable = &'static [PrimOp];

impl Machine {
    /// A machine with the builtins of this crate and those of `tables`.
    pub fn new(host: Rc<dyn Host>, settings: Settings, tables: &[PrimTable]) -> Machine {
        let mut heap = Heap::new();
        let layout = Layout::alloc(&mut heap, &[], true, Pos::NONE);
        let empty_attrs = Attrs::alloc(&mut heap, layout);
        let list = heap.words(For::List, 2);
        let string = heap.words(For::Text, 2);
        // SAFETY: a string object of no bytes; an empty slice still needs a non-null pointer. The
        // same holds for the list.
        unsafe {
            *list.add(1) = list as u64;
            *string = string as u64;
        }
        let interner = crate::layouts::WellKnown::new(&mut heap);
        let mut m = Machine {
            heap,
            code: Heap::new(),
            shapes: Shapes::default(),
            contexts: Contexts::new(),
            error: None,
            depth: 0,
            max_depth: settings.max_call_depth,
            stack_limit: crate::stack::limit(),
            polls: 0,
            globals: FxHashMap::default(),
            builtins: empty_attrs,
            positions: Positions::default(),
            sources: Arc::new(SourceMap::new()),
            imports: FxHashMap::default(),
            symbol_strings: Vec::new(),
            externals: Vec::new(),
            kept_errors: Vec::new(),
            settings,
            host,
            extensions: FxHashMap::default(),
            empty_list: Value::from_object(list, TAG_LIST),
            empty_attrs,
            empty_string: Value::from_object(string, TAG_STRING),
            char_strings: Box::new([None; 256]),
            interner,
        };
        crate::builtins::install(&mut m, tables);
        m
    }

    /// The outside.
    pub fn host(&self) -> Rc<dyn Host> {
        self.host.clone()
    }

    #[inline(always)]
    pub(crate) fn host_ref(&self) -> &dyn Host {
        &*self.host
    }

    /// The source texts read so far.
    pub fn sources(&self) -> &Arc<SourceMap> {
        &self.sources
    }

    /// The positions' table.
    pub fn positions(&self) -> &Positions {
        &self.positions
    }

    /// State that another crate's builtins keep in this machine, made when first asked for.
    pub fn extension<T: 'static>(&mut self, make: impl FnOnce() -> T) -> Rc<T> {
        let entry =
            self.extensions.entry(std::any::TypeId::of::<T>()).or_insert_with(|| Rc::new(make()));
        match entry.clone().downcast::<T>() {
            Ok(found) => found,
            Err(_) => unreachable!("extensions are keyed by their type"),
        }
    }

    /// Bytes of heap in use.
    pub fn heap_size(&self) -> usize {
        self.heap.size() + self.code.size()
    }

    // ---- errors -------------------------------------------------------------------------------

    /// Raises an error.
    #[cold]
    pub fn fail(&mut self, kind: ErrorKind, pos: Pos, message: impl Into<String>) -> Raised {
        self.raise(EvalError::new(kind, pos, message))
    }

    /// Raises an error made elsewhere.
    #[cold]
    pub fn raise(&mut self, error: EvalError) -> Raised {
        // An error that nobody took may be one that thunks keep.
        if let Some(unseen) = self.error.take() {
            self.keep(*unseen);
        }
        self.error = Some(Box::new(error));
        Raised(())
    }

    /// Puts an error where the thunks that failed with it look for it.
    fn keep(&mut self, mut error: EvalError) {
        if let Some(index) = error.kept.take() {
            self.kept_errors[index as usize] = Some(error);
        }
    }

    /// Raises a host's error at a position.
    #[cold]
    pub fn raise_host(&mut self, error: HostError, pos: Pos) -> Raised {
        self.fail(error.kind, pos, error.message)
    }

    /// A host's answer as a result of evaluation.
    pub fn hosted<T>(&mut self, answer: Result<T, HostError>, pos: Pos) -> R<T> {
        answer.map_err(|e| self.raise_host(e, pos))
    }

    /// The error that a [`Raised`] stands for; the machine forgets it.
    pub fn take_error(&mut self, _token: Raised) -> EvalError {
        match self.error.take() {
            Some(mut e) => {
                if let Some(index) = e.kept.take() {
                    self.kept_errors[index as usize] = Some((*e).clone());
                }
                *e
            }
            None => EvalError::new(ErrorKind::Eval, Pos::NONE, "unknown error"),
        }
    }

    /// The error that a [`Raised`] stands for.
    pub(crate) fn error_mut(&mut self) -> &mut EvalError {
        self.error.get_or_insert_with(|| {
            Box::new(EvalError::new(ErrorKind::Eval, Pos::NONE, "unknown error"))
        })
    }

    /// Adds a frame to the trace of the error raised last.
    #[cold]
    pub fn frame(&mut self, raised: Raised, pos: Pos, text: impl Into<FrameText>) -> Raised {
        let text = text.into();
        self.error_mut().frames.push(Frame { pos, text, always: false });
        raised
    }

    /// Adds a frame that is shown even where the trace is shortened.
    #[cold]
    pub fn frame_always(&mut self, raised: Raised, pos: Pos, text: impl Into<FrameText>) -> Raised {
        let text = text.into();
        self.error_mut().frames.push(Frame { pos, text, always: true });
        raised
    }

    /// The result, with a frame if it is an error.
    #[inline(always)]
    pub fn traced<T>(&mut self, result: R<T>, pos: Pos, text: &'static str) -> R<T> {
        match result {
            Ok(value) => Ok(value),
            Err(raised) => Err(self.frame(raised, pos, text)),
        }
    }

    // ---- making values ------------------------------------------------------------------------

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
        let object = self.heap.words(For::List, 2 + len);
        // SAFETY: the header and `len` slots were just allocated.
        unsafe {
            let slots = object.add(2);
            (object as *mut ListObject)
                .write(ListObject { len: len as u64, ptr: slots as *const Slot });
            (
                Value::from_object(object, TAG_LIST),
                std::slice::from_raw_parts(slots as *const Slot, len),
            )
        }
    }

    /// The elements `start..end` of a list, sharing them.
    pub(crate) fn sublist(&mut self, list: List, start: usize, end: usize) -> Value {
        let part = &list.slots()[start..end];
        if part.is_empty() {
            return self.empty_list;
        }
        let object = self.heap.words(For::List, 2);
        // SAFETY: two words were just allocated; the slots live as long (V1).
        unsafe {
            (object as *mut ListObject)
                .write(ListObject { len: part.len() as u64, ptr: part.as_ptr() })
        };
        Value::from_object(object, TAG_LIST)
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

    /// The set without layers, to iterate in the order of symbol numbers.
    #[inline(always)]
    pub fn flat(&mut self, attrs: Attrs) -> FlatAttrs {
        let attrs = attrs.flat(&mut self.heap, &mut self.shapes.layouts);
        FlatAttrs { layout: attrs.layout(), slots: attrs.flat_slots() }
    }

    /// The attributes in alphabetical order of their names.
    pub fn sorted(&mut self, attrs: Attrs) -> impl ExactSizeIterator<Item = Entry> + use<> {
        let flat = self.flat(attrs);
        let order = flat.layout.order(&mut self.heap);
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
        let object = self.heap.words(For::Closure, 2);
        // SAFETY: two words were just allocated.
        unsafe {
            *object = lambda as *const Lambda as u64 | FUNCTION_CLOSURE;
            *object.add(1) = env.0 as u64;
        }
        Value::from_object(object, TAG_FUNCTION)
    }

    pub(crate) fn partial(
        &mut self,
        lambda: &'static Lambda,
        env: Env,
        before: &[Slot],
        args: &[Value],
    ) -> Value {
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

    /// An environment with `slots` empty slots.
    #[inline(always)]
    pub(crate) fn env(&mut self, parent: Env, slots: usize) -> Env {
        let object = self.heap.words(For::Env, 1 + slots);
        // SAFETY: just allocated.
        unsafe { *object = parent.0 as u64 };
        Env(object as *const Slot)
    }

    /// A thunk of an expression.
    #[inline(always)]
    pub(crate) fn thunk(&mut self, node: &'static Node, env: Env) -> Value {
        let object = self.heap.words(For::Thunk, 2);
        // SAFETY: two words were just allocated.
        unsafe {
            *object = node as *const Node as u64 | THUNK_NODE;
            *object.add(1) = env.0 as u64;
        }
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

    /// The call of a function of this program, to be made when somebody needs it.
    pub fn lazy_native(&mut self, op: &'static PrimOp, args: &[Value]) -> Value {
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

    // ---- contexts -----------------------------------------------------------------------------

    /// The elements of a context, sorted.
    pub fn context_elems(&self, ctx: Ctx) -> Vec<ContextElem> {
        let mut elems: Vec<ContextElem> = self.contexts.elems(ctx).cloned().collect();
        elems.sort();
        elems
    }

    /// A context of these elements.
    pub fn make_context(&mut self, elems: impl IntoIterator<Item = ContextElem>) -> Ctx {
        self.contexts.make(elems)
    }

    /// The elements of both contexts.
    #[inline(always)]
    pub fn join_contexts(&mut self, a: Ctx, b: Ctx) -> Ctx {
        self.contexts.union(a, b)
    }

    /// The elements of all contexts that were collected.
    pub fn join_all(&mut self, join: ContextJoin) -> Ctx {
        self.contexts.union_all(join)
    }

    /// The empty string.
    pub fn empty_string(&self) -> Value {
        self.empty_string
    }

    // ---- forcing ------------------------------------------------------------------------------

    /// The value behind a thunk; other values as they are.
    ///
    /// # Errors
    /// Whatever evaluating the thunk raises.
    #[inline(always)]
    pub fn force(&mut self, value: Value) -> R<Value> {
        self.force_at(value, Pos::NONE)
    }

    /// Forces what a slot holds and puts the result there.
    #[inline(always)]
    pub fn force_slot(&mut self, slot: &Slot) -> R<Value> {
        let value = slot.get();
        if !value.is_thunk() {
            return Ok(value);
        }
        let value = self.force_at(value, Pos::NONE)?;
        slot.set(value);
        Ok(value)
    }

    /// Forces, and gives an infinite recursion found right here this position.
    #[inline(always)]
    pub fn force_at(&mut self, value: Value, pos: Pos) -> R<Value> {
        if !value.is_thunk() {
            return Ok(value);
        }
        match self.force_thunk(value) {
            Ok(v) => Ok(v),
            Err(raised) => Err(self.fix_cycle_pos(raised, pos)),
        }
    }

    /// Completes an error that forcing raised: an infinite recursion found right there and a call
    /// that forcing made get the position of the place that forced.
    #[cold]
    pub(crate) fn fix_cycle_pos(&mut self, raised: Raised, pos: Pos) -> Raised {
        let error = self.error_mut();
        let tail = error.frames.len().saturating_sub(4);
        for frame in &mut error.frames[tail..] {
            if frame.pos == Pos::PENDING {
                frame.pos = pos;
            }
        }
        if error.pos == Pos::PENDING {
            error.pos = pos;
        }
        if matches!(error.kind, ErrorKind::InfiniteRecursion)
            && !error.pos.is_some()
            && error.frames.is_empty()
        {
            error.pos = pos;
        }
        raised
    }

    #[inline(never)]
    pub(crate) fn force_thunk(&mut self, value: Value) -> R<Value> {
        let thunk = Thunk(value.object(TAG_THUNK));
        let state = thunk.state();
        let word = state.load(Ordering::Acquire);
        if word == THUNK_DONE {
            return Ok(thunk.field(0).get());
        }
        if word & TAG_MASK == THUNK_NODE {
            self.check_stack()?;
            state.store(THUNK_BLACKHOLE, Ordering::Relaxed);
            // SAFETY: a state with this tag is a node's address.
            let node = unsafe { &*(word as *const Node) };
            let result = (node.op)(self, node, Env(thunk.field(0).word() as *const Slot));
            return match result {
                Ok(v) => {
                    let v = self.own_identity(v);
                    thunk.field(0).set(v);
                    state.store(THUNK_DONE, Ordering::Release);
                    Ok(v)
                }
                Err(raised) => Err(self.thunk_failed(raised, thunk, word)),
            };
        }
        self.force_other(thunk, word)
    }

    #[inline(never)]
    fn force_other(&mut self, thunk: Thunk, word: u64) -> R<Value> {
        if word == THUNK_BLACKHOLE {
            let mut error = EvalError::new(
                ErrorKind::InfiniteRecursion,
                Pos::NONE,
                "infinite recursion encountered",
            );
            error.cycle = thunk.0 as usize;
            return Err(self.raise(error));
        }
        if word & TAG_MASK == THUNK_FAILED {
            return Err(self.raise_kept((word >> 8) as usize));
        }
        self.check_stack()?;
        thunk.state().store(THUNK_BLACKHOLE, Ordering::Relaxed);
        let result = if word & TAG_MASK == THUNK_APP {
            let mut args = [Value::NULL; 4];
            let n = ((word >> 8) as usize).min(4);
            for (i, arg) in args[..n].iter_mut().enumerate() {
                *arg = thunk.field(1 + i).get();
            }
            self.call(thunk.field(0).get(), &args[..n], Pos::PENDING)
        } else {
            let n = thunk.field(0).word() as usize;
            let args: Vec<Value> = (0..n).map(|i| thunk.field(1 + i).get()).collect();
            // SAFETY: a state with this tag is a builtin's address.
            let op = unsafe { &*((word & !TAG_MASK) as *const PrimOp) };
            (op.fun)(self, &args, Pos::NONE).and_then(|v| self.force(v))
        };
        match result {
            Ok(v) => {
                let v = self.own_identity(v);
                thunk.field(0).set(v);
                thunk.state().store(THUNK_DONE, Ordering::Release);
                Ok(v)
            }
            Err(raised) => Err(self.thunk_failed(raised, thunk, word)),
        }
    }

    #[cold]
    fn thunk_failed(&mut self, raised: Raised, thunk: Thunk, word: u64) -> Raised {
        let state = self.failed_state(word);
        thunk.state().store(state, Ordering::Release);
        let error = self.error_mut();
        if error.cycle == thunk.0 as usize {
            error.cycle = 0;
            error.frames.push(Frame {
                pos: Pos::NONE,
                text: "entering the infinite recursion".into(),
                always: true,
            });
        }
        raised
    }

    /// A function that is the result of a thunk gets an object of its own: in the reference two
    /// thunks with the same function are two values, and functions inside sets and lists are equal
    /// only if they are one value. (nixpkgs compares platforms that way, and manuals show it.)
    #[inline(always)]
    fn own_identity(&mut self, v: Value) -> Value {
        if v.tag() == TAG_FUNCTION { self.copy_function(v) } else { v }
    }

    #[inline(never)]
    fn copy_function(&mut self, v: Value) -> Value {
        let Some(function) = v.as_function() else { return v };
        match function.kind() {
            FunctionKind::Closure(lambda, env) => self.closure(lambda, env),
            FunctionKind::Partial(lambda, env, args) => self.partial(lambda, env, args, &[]),
            FunctionKind::PrimOp(op) => self.primop(op),
            FunctionKind::PrimOpApp(op, args) => self.primop_app(op, args, &[]),
        }
    }

    /// The state of a thunk whose evaluation failed: it keeps the error, or may be tried again.
    fn failed_state(&mut self, word: u64) -> u64 {
        let next = self.kept_errors.len();
        let error = self.error_mut();
        if matches!(
            error.kind,
            ErrorKind::Interrupted | ErrorKind::StackOverflow | ErrorKind::Outside
        ) {
            return word;
        }
        let index = match error.kept {
            Some(index) => index,
            None => {
                error.kept = Some(next as u32);
                self.kept_errors.push(None);
                next as u32
            }
        };
        u64::from(index) << 8 | THUNK_FAILED
    }

    /// Raises a copy of an error that thunks kept.
    #[cold]
    pub(crate) fn raise_kept(&mut self, index: usize) -> Raised {
        let flying = self.error.as_ref().filter(|error| error.kept == Some(index as u32));
        let kept = self.kept_errors.get(index).cloned().flatten();
        match kept.or_else(|| flying.map(|error| EvalError { kept: None, ..(**error).clone() })) {
            Some(error) => self.raise(error),
            None => self.fail(ErrorKind::Eval, Pos::NONE, "evaluation of this value failed before"),
        }
    }

    /// Where a function was written, also of a call that waits; nowhere for other values.
    pub(crate) fn pos_of(&self, value: Value) -> Pos {
        let value = value.known();
        if let Some(function) = value.as_function() {
            return match function.kind() {
                FunctionKind::Closure(lambda, _) => lambda.outer_pos,
                FunctionKind::Partial(lambda, ..) => lambda.pos,
                _ => Pos::NONE,
            };
        }
        if let Some(attrs) = value.as_attrs() {
            return if attrs.is_layered() { Pos::NONE } else { attrs.layout().pos };
        }
        if !value.is_thunk() {
            return Pos::NONE;
        }
        let thunk = Thunk(value.object(TAG_THUNK));
        let state = thunk.state().load(Ordering::Relaxed);
        if state & TAG_MASK == THUNK_APP && state & THUNK_APP_UNPLACED == 0 {
            return self.pos_of(thunk.field(0).get());
        }
        Pos::NONE
    }

    /// Fails when the stack is nearly used up.
    #[inline(always)]
    pub(crate) fn check_stack(&mut self) -> R<()> {
        let probe = 0u8;
        if (&raw const probe as usize) < self.stack_limit {
            Err(self.stack_overflow(Pos::NONE))
        } else {
            Ok(())
        }
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn stack_overflow(&mut self, pos: Pos) -> Raised {
        self.fail(ErrorKind::StackOverflow, pos, "stack overflow; max-call-depth exceeded")
    }

    /// Counts one more call inside the others; [`Machine::leave`] takes it back, also after errors.
    #[inline(always)]
    pub(crate) fn enter(&mut self, pos: Pos) -> R<()> {
        if self.depth > self.max_depth {
            return Err(self.stack_overflow(pos));
        }
        self.depth += 1;
        self.polls = self.polls.wrapping_add(1);
        if self.polls & 0x3ff == 0 {
            return self.poll();
        }
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    #[cold]
    fn poll(&mut self) -> R<()> {
        let answer = self.poll_plain();
        if answer.is_err() {
            self.depth -= 1;
        }
        answer
    }

    /// Asks the host whether to go on; for loops that call nothing.
    ///
    /// # Errors
    /// When the user interrupted the evaluation.
    #[cold]
    pub fn poll_plain(&mut self) -> R<()> {
        if self.host.interrupted() {
            return Err(self.fail(ErrorKind::Interrupted, Pos::NONE, "interrupted by the user"));
        }
        Ok(())
    }
}

#[cfg(feature = "heap-stats")]
impl Drop for Machine {
    fn drop(&mut self) {
        self.host.report(&format!("heap:\n{}", self.heap.counts.report()));
        self.host.report(&format!("code:\n{}", self.code.counts.report()));
    }
}
