//! Evaluation errors. A failing function returns [`Raised`], a token of no size; what went wrong is
//! in the machine, so that the path without errors pays nothing.

use std::borrow::Cow;

use firn_syntax::Symbol;

use crate::pos::Pos;
use crate::print::attr_name;
use crate::trace::Trace;

/// Says that the machine holds an error. Made by [`Machine::fail`](crate::Machine::fail) only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raised(pub(crate) ());

/// Result of everything that evaluates.
pub type R<T> = Result<T, Raised>;

/// What sort of error it is; `tryEval` catches [`ErrorKind::Throw`] and [`ErrorKind::Assertion`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Any evaluation error without a sort of its own.
    Eval,
    /// A value of a wrong type.
    Type,
    /// An `assert` that did not hold.
    Assertion,
    /// `throw`
    Throw,
    /// `abort`
    Abort,
    /// A variable that is not defined.
    UndefinedVariable,
    /// A top-level function needs an argument nobody gave.
    MissingArgument,
    /// A value that needs itself.
    InfiniteRecursion,
    /// Too many calls inside each other, or the stack is used up.
    StackOverflow,
    /// The source text is no Nix expression.
    Syntax,
    /// Access was refused by pure or restricted evaluation.
    Restricted,
    /// The user interrupted the evaluation.
    Interrupted,
    /// Something outside failed: a file, the store, a fetch, a build.
    Outside,
}

impl ErrorKind {
    /// Whether `builtins.tryEval` turns it into `success = false`.
    pub fn is_catchable(self) -> bool {
        matches!(self, ErrorKind::Throw | ErrorKind::Assertion)
    }
}

/// Text of a frame, put together only when it is shown: there may be a million of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FrameText {
    /// A sentence.
    Text(Cow<'static, str>),
    /// `while calling 'NAME'`
    Lambda(Option<Symbol>),
    /// `while calling the 'NAME' builtin`
    Builtin(&'static str),
    /// `while evaluating the attribute 'NAME'`
    Attribute(Symbol),
    /// `from the definition of 'NAME'`
    Definition(Symbol),
}

impl From<&'static str> for FrameText {
    fn from(text: &'static str) -> FrameText {
        FrameText::Text(Cow::Borrowed(text))
    }
}

impl From<String> for FrameText {
    fn from(text: String) -> FrameText {
        FrameText::Text(Cow::Owned(text))
    }
}

impl std::fmt::Display for FrameText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FrameText::Text(text) => f.write_str(text),
            FrameText::Lambda(Some(name)) => write!(f, "while calling '{name}'"),
            FrameText::Lambda(None) => f.write_str("while calling anonymous lambda"),
            FrameText::Builtin(name) => write!(f, "while calling the '{name}' builtin"),
            FrameText::Attribute(name) => {
                write!(f, "while evaluating the attribute '{}'", attr_name(*name))
            }
            FrameText::Definition(name) => {
                write!(f, "from the definition of '{}'", attr_name(*name))
            }
        }
    }
}

/// One line of a trace: what was being done, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Frame {
    /// The place, if known.
    pub pos: Pos,
    /// What was being done.
    pub text: FrameText,
    /// Shown even in a shortened trace.
    pub always: bool,
}

/// An error with its trace, innermost frame first.
#[derive(Debug, Clone)]
pub struct EvalError {
    /// The sort.
    pub kind: ErrorKind,
    /// The message, without `error: `.
    pub message: String,
    /// Where it happened.
    pub pos: Pos,
    /// What was being done.
    pub frames: Trace,
    /// Names that were perhaps meant, best first.
    pub suggestions: Vec<String>,
    /// Facts that explain it, beyond what the reference says.
    pub notes: Vec<String>,
    /// What to do about it, likewise.
    pub help: Vec<String>,
    /// The thunk that needs itself, of an infinite recursion.
    pub(crate) cycle: usize,
    /// Under which number thunks that failed with it keep it.
    pub(crate) kept: Option<u32>,
}

impl EvalError {
    /// An error without trace.
    pub fn new(kind: ErrorKind, pos: Pos, message: impl Into<String>) -> EvalError {
        EvalError {
            kind,
            message: message.into(),
            pos,
            frames: Trace::default(),
            suggestions: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            cycle: 0,
            kept: None,
        }
    }

    /// Adds a line to the trace. What the user stopped is no error of the expression: it has none, as in
    /// the reference, however deep the calls were.
    pub(crate) fn add_frame(&mut self, frame: Frame) {
        if self.kind != ErrorKind::Interrupted {
            self.frames.push(frame);
        }
    }
}
