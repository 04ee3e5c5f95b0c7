//! The machine: heap, tables and settings of one evaluation session, and how values are made,
//! forced and called.

mod collect;
mod errors;
mod force;
mod frames;
mod make;

use std::rc::Rc;
use std::sync::Arc;

use firn_source::SourceMap;
use firn_syntax::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::attrs::{Attrs, Layout, Shapes};
use crate::context::{ContextElem, ContextJoin, Contexts, Ctx};
use crate::error::EvalError;
use crate::heap::{For, Heap};
use crate::host::{Host, Settings};
use crate::pos::{Pos, Positions};
use crate::primop::PrimOp;
use crate::value::*;

/// One evaluation session. Values belong to the machine that made them (V1); when it goes, all its
/// memory goes at once.
pub struct Machine {
    pub(crate) heap: Heap,
    /// Compiled code, kept apart from values so that it stays close together.
    pub(crate) code: Heap,
    /// Values that code refers to.
    pub(crate) pinned: Vec<Value>,
    /// Words of the lists and sets of constants inside functions: each call has the same one, where
    /// the language has a new one for each.
    pub(crate) shared_literals: FxHashSet<u64>,
    /// Environments whose first word has no room for their number of slots, with that.
    pub(crate) huge_envs: Vec<(Env, usize)>,
    /// Size of the heap from which a collection pays.
    collect_from: usize,
    /// Size of the heap at which the host hears that it has grown.
    tells_at: usize,
    /// Collections so far.
    pub(crate) collections: u64,
    /// Comparisons of sets whose results are known.
    pub(crate) compared: crate::equal::Compared,
    pub(crate) shapes: Shapes,
    pub(crate) contexts: Contexts,
    pub(crate) error: Option<Box<EvalError>>,
    /// The slot whose evaluation has begun last.
    pub(crate) running: &'static Slot,
    pub(crate) depth: u32,
    pub(crate) max_depth: u32,
    /// Address below which the stack must not grow.
    pub(crate) stack_limit: usize,
    /// Where thunks inside each other are deep.
    pub(crate) deep: crate::stack::Deep,
    pub(crate) polls: u32,
    pub(crate) globals: FxHashMap<Symbol, Value>,
    pub(crate) builtins: Attrs,
    pub(crate) positions: Positions,
    pub(crate) sources: Arc<SourceMap>,
    pub(crate) imports: FxHashMap<String, Value>,
    /// Places from which compiling may go on.
    pub(crate) unfinished: Vec<crate::compile::Later>,
    /// Bytes of long strings that were made elsewhere.
    pub(crate) adopted: Vec<Vec<u8>>,
    pub(crate) recent_names: crate::strings::RecentNames,
    pub(crate) symbol_strings: Vec<Option<Value>>,
    pub(crate) externals: Vec<Rc<dyn std::any::Any>>,
    pub(crate) kept_errors: Vec<Option<EvalError>>,
    /// Settings of this session.
    pub settings: Settings,
    host: Rc<dyn Host>,
    pub(crate) debug: Option<Box<crate::debug::Debug>>,
    pub(crate) profiler: Option<Rc<dyn crate::profile::Profiler>>,
    extensions: FxHashMap<std::any::TypeId, Rc<dyn std::any::Any>>,
    empty_list: Value,
    empty_attrs: Attrs,
    empty_string: Value,
    pub(crate) char_strings: Box<[Option<Value>; 256]>,
    pub(crate) interner: crate::layouts::WellKnown,
    /// Environments that nothing refers to any more, by number of slots.
    pub(crate) spare: frames::Spare,
    /// Results of calls, by place.
    pub(crate) recalls: Vec<crate::ops::recall::Recall>,
    /// How many of them were used.
    pub(crate) recalled: u64,
    /// How often somebody asked for the host.
    pub(crate) asked_outside: std::cell::Cell<u64>,
}

/// Arguments that a thunk of a builtin holds, at most.
pub(crate) const MAX_NATIVE_ARGS: usize = 8;

/// A table of builtins.
pub type PrimTable = &'static [PrimOp];

impl Machine {
    /// A machine with the builtins of this crate and those of `tables`.
    pub fn new(host: Rc<dyn Host>, settings: Settings, tables: &[PrimTable]) -> Machine {
        let stack_limit = crate::stack::limit(settings.max_call_depth);
        let mut heap = Heap::new();
        let mut code = Heap::new();
        let layout = Layout::alloc(&mut code, &[], true, Pos::NONE);
        let empty_attrs = Attrs::alloc(&mut heap, layout);
        let list = heap.words(For::List, 1);
        let string = heap.words(For::Text, 2);
        // SAFETY: a string object of no bytes; an empty slice still needs a non-null pointer. The
        // same holds for the list.
        unsafe {
            ListObject::write(list, list as *const Slot, 0);
            *string = string as u64;
        }
        let interner = crate::layouts::WellKnown::new(&mut code);
        let mut m = Machine {
            heap,
            code,
            pinned: Vec::new(),
            shared_literals: FxHashSet::default(),
            huge_envs: Vec::new(),
            collect_from: collect::FIRST,
            tells_at: force::TELL_EACH,
            collections: 0,
            compared: Default::default(),
            shapes: Shapes::default(),
            contexts: Contexts::new(),
            error: None,
            running: Env::EMPTY.slot(0),
            depth: 0,
            max_depth: settings.max_call_depth,
            stack_limit,
            deep: crate::stack::Deep::new(settings.max_call_depth, stack_limit),
            polls: 0,
            globals: FxHashMap::default(),
            builtins: empty_attrs,
            positions: Positions::default(),
            sources: Arc::new(SourceMap::new()),
            imports: FxHashMap::default(),
            unfinished: Vec::new(),
            adopted: Vec::new(),
            recent_names: crate::strings::recent_names(),
            symbol_strings: Vec::new(),
            externals: Vec::new(),
            kept_errors: Vec::new(),
            settings,
            host,
            debug: None,
            profiler: None,
            extensions: FxHashMap::default(),
            empty_list: Value::from_object(list, TAG_LIST),
            empty_attrs,
            empty_string: Value::from_object(string, TAG_STRING),
            char_strings: Box::new([None; 256]),
            interner,
            spare: frames::Spare::default(),
            recalls: Vec::new(),
            recalled: 0,
            asked_outside: Default::default(),
        };
        crate::builtins::install(&mut m, tables);
        m
    }

    /// The outside. A call that asks for it is made each time (`ops/recall.rs`).
    pub fn host(&self) -> Rc<dyn Host> {
        self.asked_outside.set(self.asked_outside.get() + 1);
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
        self.heap.size() + self.code.size() + self.shapes.layouts.arena.size()
    }

    /// The elements of a context, sorted.
    pub fn context_elems(&self, ctx: Ctx) -> Vec<ContextElem> {
        let mut elems: Vec<ContextElem> = self.contexts.elems(ctx).cloned().collect();
        elems.sort();
        elems
    }

    /// The elements of a context, each with a number that stands for it in this machine. Numbers are
    /// given in the order in which elements are made.
    pub fn context_parts(&self, ctx: Ctx) -> impl ExactSizeIterator<Item = (u32, &ContextElem)> {
        self.contexts.parts(ctx)
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
}

#[cfg(feature = "heap-stats")]
impl Drop for Machine {
    fn drop(&mut self) {
        self.host.report(&format!("heap:\n{}", self.heap.counts.report()));
        self.host.report(&format!("code:\n{}", self.code.counts.report()));
        let layouts = self.shapes.layouts.arena.counts.report();
        self.host.report(&format!("layouts:\n{layouts}"));
    }
}
