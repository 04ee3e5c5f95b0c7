//! The evaluator of the Nix language: values, compiler, machine and pure builtins.
//!
//! A [`Machine`] is one evaluation session: it owns the heap in which all [`Value`]s live, the tables
//! of contexts, layouts and positions, and asks its [`Host`] for everything outside. Source texts are
//! parsed by `firn-syntax`, compiled to nodes (`code`, `compile`) and evaluated by the nodes' own
//! functions (`ops`). Builtins are plain functions in tables ([`PrimOp`]); other crates add theirs.
//!
//! To write a builtin: `fn name(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value>`. Arguments
//! are not forced; `m.force_string(args[0], Pos::NONE, "while evaluating …")` and its like force to a
//! type with the reference's messages. Errors are raised with `Err(m.fail(kind, pos, text))`.

pub(crate) mod code;
pub(crate) mod compile;
pub(crate) mod frontend;
pub(crate) mod heap;
pub(crate) mod heap_stats;
pub(crate) mod layouts;
pub(crate) mod ops;
pub(crate) mod show;
pub mod suggest;

mod attrs;
mod auto;
mod builtins;
mod coerce;
mod context;
mod debug;
mod deep;
mod doc;
mod equal;
mod error;
mod helpers;
mod host;
mod load;
mod machine;
pub mod memory;
mod pages;
pub mod paths;
mod pos;
mod primop;
pub mod print;
mod profile;
mod render;
mod session;
mod slot;
pub mod stack;
mod strings;
mod trace;
mod value;

pub use attrs::{Attrs, AttrsBuilder, Entry, FlatAttrs};
pub use builtins::corepkgs::internal_file;
pub use builtins::global_names;
pub use coerce::{Coerce, Text};
pub use context::{ContextElem, ContextJoin, Contexts, Ctx, SinglePath};
pub use debug::{DebugFrame, DebugLevel, DebugOptions, Debugger, Resume, Stop};
pub use doc::{constant_doc, primop_doc};
pub use error::{ErrorKind, EvalError, Frame, FrameText, R, Raised};
pub use firn_syntax::{Symbol, sym};
pub use helpers::is_functor;
pub use host::{FileMark, FileType, Host, HostError, HostResult, Settings, TreeKey};
pub use machine::{Machine, PrimTable};
pub use pos::{Pos, Positions};
pub use primop::{PrimFn, PrimOp};
pub use print::{OnError, PrintOptions, show_type};
pub use profile::{Called, Profiler};
pub use session::Prepared;
pub use trace::Trace;
pub use value::{External, Function, Kind, List, Slot, Str, Value};
