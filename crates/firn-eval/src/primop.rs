//! Builtins as data: name, parameters, documentation and a plain function.

use crate::error::R;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::value::Value;

/// The function behind a builtin: its arguments (not forced) and the position of the call.
pub type PrimFn = fn(&mut Machine, &[Value], Pos) -> R<Value>;

/// What a builtin gives for a value that is no thunk, if nothing has to be evaluated and nothing fails.
pub type QuickFn = fn(&mut Machine, Value) -> Option<Value>;

/// A builtin. One that is called `__name` is `builtins.name` and the global `__name`; any other is
/// both under its own name.
#[repr(align(8))]
pub struct PrimOp {
    /// The name, with its underscores.
    pub name: &'static str,
    /// The parameters' names; there is at least one.
    pub args: &'static [&'static str],
    /// A bit for each argument which the function forces before it does anything else, in their order;
    /// the caller then may evaluate these at once instead of making thunks.
    pub strict: u8,
    /// Whether nothing refers to the first argument any more when the function is done without an error:
    /// it only calls it.
    pub only_calls: bool,
    /// What it does, in Markdown.
    pub doc: &'static str,
    /// The function.
    pub fun: PrimFn,
    /// The experimental feature it needs.
    pub feature: Option<&'static str>,
    /// Whether an error's trace names it.
    pub frame: bool,
    /// Of a builtin of one argument: its result, if that follows from what is computed already, for
    /// less than a thunk costs.
    pub quick: Option<QuickFn>,
}

impl PrimOp {
    /// A builtin that forces no argument before it runs.
    pub const fn new(
        name: &'static str,
        args: &'static [&'static str],
        fun: PrimFn,
        doc: &'static str,
    ) -> PrimOp {
        PrimOp {
            name,
            args,
            strict: 0,
            only_calls: false,
            doc,
            fun,
            feature: None,
            frame: true,
            quick: None,
        }
    }

    /// The first `count` arguments are forced in order before anything else.
    pub const fn strict(mut self, count: u8) -> PrimOp {
        self.strict = (1 << count) - 1;
        self
    }

    /// The argument at `index` is forced after those before it that are known to be, and before anything else.
    pub const fn forces(mut self, index: u8) -> PrimOp {
        self.strict |= 1 << index;
        self
    }

    /// The first argument is a function that is called, and not kept anywhere.
    pub const fn only_calls(mut self) -> PrimOp {
        self.only_calls = true;
        self
    }

    /// May be asked before its result is needed.
    pub const fn quick(mut self, quick: QuickFn) -> PrimOp {
        self.quick = Some(quick);
        self
    }

    /// Present only with this experimental feature.
    pub const fn feature(mut self, name: &'static str) -> PrimOp {
        self.feature = Some(name);
        self
    }

    /// Not named in traces.
    pub const fn without_frame(mut self) -> PrimOp {
        self.frame = false;
        self
    }

    /// Number of arguments.
    pub fn arity(&self) -> usize {
        self.args.len()
    }

    /// The name in `builtins`.
    pub fn short_name(&self) -> &'static str {
        self.name.strip_prefix("__").unwrap_or(self.name)
    }
}
