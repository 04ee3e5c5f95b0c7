//! The debugger's side of the evaluator (Nix manual, `--debugger` and `builtins.break`): which
//! expressions are being evaluated, with what variables, and where evaluation stops.
//!
//! A machine that has a debugger compiles in another way (`compile/debug.rs`): some nodes stand behind
//! one that notes what is being done, and each scope has an environment of its own. Without a debugger
//! nothing of this is there.

use std::rc::Rc;

use firn_syntax::Symbol;

use crate::attrs::{Attrs, AttrsBuilder};
use crate::code::Node;
use crate::error::{EvalError, FrameText, R};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::value::{Env, Value};

/// What the user wants after a stop.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// Go on to the next stop.
    Continue,
    /// Stop again at the next expression.
    Step,
    /// Stop no more.
    Quit,
}

/// Why evaluation stops.
pub enum Stop<'a> {
    /// An error is about to be raised; whether it happens inside `tryEval`.
    Error(&'a EvalError, bool),
    /// `builtins.break`
    Break,
    /// A step, a trace or a warning.
    Plain,
}

/// Somebody who looks at a stopped evaluation.
pub trait Debugger {
    /// Called while evaluation is stopped; may evaluate with the machine.
    fn stopped(&self, machine: &mut Machine, stop: Stop<'_>) -> Resume;
}

/// When to stop beside errors and breakpoints.
#[derive(Clone, Copy, Default)]
pub struct DebugOptions {
    /// Errors inside `tryEval` are none (`ignore-try`).
    pub ignore_try: bool,
    /// Stop at `builtins.trace` (`debugger-on-trace`).
    pub on_trace: bool,
    /// Stop at `builtins.warn` (`debugger-on-warn`).
    pub on_warn: bool,
}

/// The variables of one environment.
#[derive(Clone, Default)]
pub(crate) struct Level {
    pub names: Vec<(Symbol, u32)>,
    pub is_with: bool,
}

/// Variables around an expression, innermost environment first.
pub(crate) type Visible = Rc<Vec<Level>>;

/// What a noted node says of itself.
#[derive(Clone)]
pub(crate) struct Point {
    /// What is being done.
    pub text: FrameText,
    /// The place that is shown.
    pub pos: Pos,
    /// The place of the expression.
    pub expr_pos: Pos,
    pub visible: Visible,
}

struct Active {
    point: Rc<Point>,
    env: Env,
    is_error: bool,
}

/// State of a machine that has a debugger.
pub(crate) struct Debug {
    debugger: Rc<dyn Debugger>,
    pub options: DebugOptions,
    points: Vec<Rc<Point>>,
    active: Vec<Active>,
    step: bool,
    inside: bool,
    pub tries: u32,
}

/// One of the expressions that are being evaluated.
pub struct DebugFrame {
    /// What is being done.
    pub text: String,
    /// Where.
    pub pos: Pos,
    /// Whether it is the error itself.
    pub is_error: bool,
}

/// Names of one environment, as `:env` lists them.
pub struct DebugLevel {
    /// Variables.
    pub names: Vec<String>,
    /// Attributes of the set of a `with`, if it is evaluated.
    pub with: Option<Vec<String>>,
}

impl Machine {
    /// Lets a debugger look at evaluation; what was compiled before is not seen.
    pub fn attach_debugger(&mut self, debugger: Rc<dyn Debugger>, options: DebugOptions) {
        self.debug = Some(Box::new(Debug {
            debugger,
            options,
            points: Vec::new(),
            active: Vec::new(),
            step: false,
            inside: false,
            tries: 0,
        }));
    }

    /// Keeps a point for the node that leads to it.
    pub(crate) fn debug_point(&mut self, point: Point) -> u64 {
        let Some(debug) = &mut self.debug else { return 0 };
        debug.points.push(Rc::new(point));
        debug.points.len() as u64 - 1
    }

    /// Does something that is noted; without a debugger just does it.
    pub(crate) fn debugged<T>(
        &mut self,
        point: impl FnOnce(&Debug) -> Option<Rc<Point>>,
        env: Env,
        work: impl FnOnce(&mut Machine) -> R<T>,
    ) -> R<T> {
        let Some(point) = self.debug.as_deref().and_then(point) else { return work(self) };
        env.keep();
        let count = self.debug_push(Active { point, env, is_error: false });
        if self.debug.as_ref().is_some_and(|debug| debug.step) {
            self.debug_stop(Stop::Plain);
        }
        let result = work(self);
        if let Some(debug) = &mut self.debug {
            debug.active.truncate(count);
        }
        result
    }

    fn debug_push(&mut self, active: Active) -> usize {
        let Some(debug) = &mut self.debug else { return 0 };
        debug.active.push(active);
        debug.active.len() - 1
    }

    /// An error is about to be raised.
    pub(crate) fn debug_error(&mut self, error: &EvalError) {
        let Some(debug) = &self.debug else { return };
        let ignored = debug.options.ignore_try && debug.tries > 0;
        // One that was raised before is known.
        if ignored || error.kept.is_some() || !error.frames.is_empty() {
            return;
        }
        let in_try = debug.tries > 0;
        self.debug_with_frame(&error.message, Some(error.pos), Stop::Error(error, in_try));
    }

    /// `builtins.break`
    pub(crate) fn debug_break(&mut self) {
        self.debug_with_frame("breakpoint reached", None, Stop::Break);
    }

    /// Stops with a frame for an error. Its place is `pos`, or the innermost expression's if that is
    /// nowhere.
    fn debug_with_frame(&mut self, message: &str, pos: Option<Pos>, stop: Stop<'_>) {
        let Some(debug) = self.debug.as_ref().filter(|debug| !debug.inside) else { return };
        let Some(last) = debug.active.last() else { return };
        let expr_pos = last.point.expr_pos;
        if !self.positions.resolves(expr_pos) {
            return self.debug_stop(stop);
        }
        let place = match pos {
            Some(pos) if self.positions.resolves(pos) => pos,
            Some(_) => expr_pos,
            None => Pos::NONE,
        };
        let text = FrameText::from(message.to_owned());
        let point = Rc::new(Point { text, pos: place, ..(*last.point).clone() });
        let env = last.env;
        let count = self.debug_push(Active { point, env, is_error: true });
        self.debug_stop(stop);
        if let Some(debug) = &mut self.debug {
            debug.active.truncate(count);
        }
    }

    /// Stops, unless the debugger itself evaluates.
    pub(crate) fn debug_stop(&mut self, stop: Stop<'_>) {
        let Some(debug) = self.debug.as_mut() else { return };
        if debug.inside || debug.active.is_empty() {
            return;
        }
        debug.inside = true;
        let debugger = debug.debugger.clone();
        let depth = self.depth;
        let resume = debugger.stopped(self, stop);
        self.depth = depth;
        if resume == Resume::Quit {
            self.debug = None;
        } else if let Some(debug) = &mut self.debug {
            debug.inside = false;
            debug.step = resume == Resume::Step;
        }
    }

    /// What is being evaluated, innermost first.
    pub fn debug_frames(&self) -> Vec<DebugFrame> {
        let active = self.debug.iter().flat_map(|debug| debug.active.iter().rev());
        let frame = |active: &Active| DebugFrame {
            text: active.point.text.to_string(),
            pos: active.point.pos,
            is_error: active.is_error,
        };
        active.map(frame).collect()
    }

    fn debug_active(&self, index: usize) -> Option<(Visible, Env)> {
        let active = self.debug.as_ref()?.active.iter().rev().nth(index)?;
        Some((active.point.visible.clone(), active.env))
    }

    /// Names of the environments around a frame, innermost first, without the global ones.
    pub fn debug_levels(&mut self, index: usize) -> Vec<DebugLevel> {
        let Some((visible, env)) = self.debug_active(index) else { return Vec::new() };
        let mut levels = Vec::with_capacity(visible.len());
        for (depth, level) in visible.iter().enumerate() {
            let mut names: Vec<String> =
                level.names.iter().map(|(name, _)| name.text().into_owned()).collect();
            names.sort();
            names.dedup();
            let set = level.is_with.then(|| with_set(env.up(depth as u32))).flatten();
            let with = set.map(|set| {
                self.sorted(set).map(|entry| entry.sym.text().into_owned()).collect::<Vec<_>>()
            });
            levels.push(DebugLevel { names, with });
        }
        levels
    }

    /// The variables around a frame.
    pub fn debug_scope(&mut self, index: usize) -> Attrs {
        let Some((visible, env)) = self.debug_active(index) else { return self.empty_attrs() };
        let mut scope = self.empty_attrs();
        for (depth, level) in visible.iter().enumerate().rev() {
            let env = env.up(depth as u32);
            if let Some(set) = level.is_with.then(|| with_set(env)).flatten() {
                scope = self.update(scope, set);
            }
            let mut builder = AttrsBuilder::with_capacity(level.names.len());
            for &(name, slot) in &level.names {
                let slot = env.slot(slot as usize);
                if slot.word() != 0 {
                    builder.insert(name, slot.get());
                }
            }
            let set = self.attrs(builder);
            if let Some(set) = set.as_attrs() {
                scope = self.update(scope, set);
            }
        }
        scope
    }

    /// Names of global variables, as `:env` lists them.
    pub fn debug_globals(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.global_variables().filter(|name| !name.starts_with("__")).collect();
        names.sort();
        names
    }
}

fn with_set(env: Env) -> Option<Attrs> {
    let slot = env.slot(1);
    if slot.word() == 0 { None } else { slot.get().known().as_attrs() }
}

impl Debug {
    pub(crate) fn point(&self, index: u64) -> Option<Rc<Point>> {
        self.points.get(index as usize).cloned()
    }
}

/// A noted node. Words: the node, its point.
pub(crate) fn noted(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let index = node.word(1);
    m.debugged(|debug| debug.point(index), env, |m| node.child(0).eval(m, env))
}

/// The point of a file.
pub(crate) fn file_point(path: &str, root: Pos) -> Point {
    Point {
        text: FrameText::from(format!("while evaluating the file '{path}':")),
        pos: Pos::NONE,
        expr_pos: root,
        visible: Visible::default(),
    }
}
