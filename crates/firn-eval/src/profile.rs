//! Who looks at calls: `--trace-function-calls` and `--eval-profiler` (Nix manual, "Using the
//! eval-profiler").
//!
//! A machine with a profiler compiles all calls, those of builtins too, in the way that goes through
//! [`Machine::call`], which tells of them. Without one there is a single test in that function.

use std::rc::Rc;

use crate::error::R;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::{FunctionKind, Value};

/// What is called.
#[derive(Clone, Copy)]
pub enum Called {
    /// A lambda, with its name and where it is.
    Lambda(Option<firn_syntax::Symbol>, Pos),
    /// A builtin that nothing was given to before, with its first argument.
    Builtin(&'static PrimOp, Option<Value>),
    /// A builtin that has some of its arguments.
    Partial(&'static PrimOp),
    /// A set with `__functor`, and where that attribute is.
    Functor(Pos),
    /// Something that is no function: an error follows.
    Other,
}

/// Somebody who looks at calls.
pub trait Profiler {
    /// A call begins; `pos` is where it stands, if that is known. May evaluate with the machine, whose
    /// calls are not told of meanwhile.
    fn entered(&self, machine: &mut Machine, called: Called, pos: Pos);

    /// The call that began last has ended, well or badly.
    fn left(&self, machine: &Machine, pos: Pos);
}

impl Machine {
    /// Lets somebody look at calls. What was compiled before shows only some of them.
    pub fn attach_profiler(&mut self, profiler: Rc<dyn Profiler>) {
        self.profiler = Some(profiler);
    }

    /// [`Machine::call`] for a profiler to see.
    #[cold]
    #[inline(never)]
    pub(crate) fn profiled_call(&mut self, f: Value, args: &[Value], pos: Pos) -> R<Value> {
        let f = self.force_at(f, pos)?;
        let called = called(f, args);
        let Some(profiler) = self.profiler.take() else { return self.call_untold(f, args, pos) };
        profiler.entered(self, called, pos);
        self.profiler = Some(profiler.clone());
        let result = self.call_untold(f, args, pos);
        profiler.left(self, pos);
        result
    }
}

fn called(f: Value, args: &[Value]) -> Called {
    if let Some(function) = f.as_function() {
        return match function.kind() {
            FunctionKind::Closure(lambda, _) | FunctionKind::Partial(lambda, ..) => {
                Called::Lambda(lambda.name, lambda.pos)
            }
            FunctionKind::PrimOp(op) => Called::Builtin(op, args.first().copied()),
            FunctionKind::PrimOpApp(op, _) => Called::Partial(op),
        };
    }
    let functor = f.as_attrs().and_then(|attrs| attrs.entry(firn_syntax::sym::FUNCTOR));
    functor.map_or(Called::Other, |functor| Called::Functor(functor.pos))
}
