//! Errors, tracing, order of evaluation.

use firn_syntax::sym;

use crate::coerce::Coerce;
use crate::debug::Stop;
use crate::error::{ErrorKind, Frame, FrameText, R};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::print::PrintOptions;
use crate::value::Value;

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new("abort", &["s"], abort, "Ends the evaluation with the error message *s*."),
    PrimOp::new(
        "throw",
        &["s"],
        throw,
        "Raises the error message *s*. Tools that evaluate many things go on with the next; `tryEval` \
         catches it.",
    ),
    PrimOp::new(
        "__tryEval",
        &["e"],
        try_eval,
        "Evaluates *e*, not what is inside it. Returns `{ success = true; value = e; }`, or \
         `{ success = false; value = false; }` when an error of `throw` or `assert` occurred.",
    ),
    PrimOp::new("__seq", &["e1", "e2"], seq, "Evaluates *e1*, then returns *e2*.").strict(2),
    PrimOp::new(
        "__deepSeq",
        &["e1", "e2"],
        deep_seq,
        "Like `seq e1 e2`, but *e1* is evaluated with everything inside it.",
    )
    .strict(1),
    PrimOp::new(
        "__trace",
        &["e1", "e2"],
        trace,
        "Evaluates *e1*, prints it to standard error, then returns *e2*.",
    )
    .strict(1),
    PrimOp::new(
        "__traceVerbose",
        &["e1", "e2"],
        trace_verbose,
        "Like `trace`, but prints only when `trace-verbose` is set.",
    ),
    PrimOp::new(
        "__warn",
        &["e1", "e2"],
        warn,
        "Prints the string *e1* as a warning, then returns *e2*. With `abort-on-warn` it is an error.",
    ),
    PrimOp::new("break", &["v"], pause, "Returns *v*. In a debugger the evaluation stops here."),
    PrimOp::new(
        "__addErrorContext",
        &["context", "value"],
        add_error_context,
        "Returns *value*. If evaluating it fails, *context* is part of the error's trace.",
    )
    .forces(1)
    .without_frame(),
];

fn message(m: &mut Machine, v: Value, what: &'static str) -> R<String> {
    let text = m.coerce(v, Coerce { more: false, copy: true }, Pos::NONE, what)?;
    Ok(text.to_text().into_owned())
}

fn abort(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let text = message(m, args[0], "while evaluating the error message passed to builtins.abort")?;
    let text = format!("evaluation aborted with the following error message: '{text}'");
    Err(m.fail(ErrorKind::Abort, Pos::NONE, text))
}

fn throw(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let text = message(m, args[0], "while evaluating the error message passed to builtin.throw")?;
    Err(m.fail(ErrorKind::Throw, Pos::NONE, text))
}

fn try_eval(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let depth = m.depth;
    count_try(m, true);
    let forced = m.force(args[0]);
    count_try(m, false);
    let (success, value) = match forced {
        Ok(v) => (Value::TRUE, v),
        Err(raised) => {
            if !m.error_mut().kind.is_catchable() {
                return Err(raised);
            }
            m.take_error(raised);
            m.depth = depth;
            (Value::FALSE, Value::FALSE)
        }
    };
    let layout = m.interner.try_eval;
    Ok(m.of_layout(layout, [(sym::SUCCESS, success), (sym::VALUE, value)]))
}

/// Tells a debugger that a `tryEval` begins or ends.
fn count_try(m: &mut Machine, begins: bool) {
    if let Some(debug) = &mut m.debug {
        debug.tries = if begins { debug.tries + 1 } else { debug.tries.saturating_sub(1) };
    }
}

fn seq(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    m.force(args[0])?;
    m.force(args[1])
}

fn deep_seq(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    m.force_deep(args[0])?;
    m.force(args[1])
}

fn print_trace(m: &mut Machine, v: Value) -> R<()> {
    let v = m.force(v)?;
    let text = match v.as_str() {
        Some(s) => s.to_text().into_owned(),
        None => m.print_value(v, PrintOptions::PLAIN)?,
    };
    if !m.settings.silent {
        m.host().trace(&text);
    }
    Ok(())
}

fn trace(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    print_trace(m, args[0])?;
    if m.debug.as_ref().is_some_and(|debug| debug.options.on_trace) {
        m.debug_stop(Stop::Plain);
    }
    m.force(args[1])
}

fn trace_verbose(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    if m.settings.trace_verbose {
        print_trace(m, args[0])?;
    }
    m.force(args[1])
}

fn warn(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument; the message passed to builtins.warn";
    let text = m.force_string(args[0], Pos::NONE, what)?;
    if m.settings.silent {
        return m.force(args[1]);
    }
    m.host().evaluation_warning(&text.to_text());
    if m.debug.as_ref().is_some_and(|debug| debug.options.on_warn || debug.options.on_trace) {
        m.debug_stop(Stop::Plain);
    }
    if m.settings.abort_on_warn {
        let text = "aborting to reveal stack trace of warning, as abort-on-warn is set";
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    }
    m.force(args[1])
}

fn pause(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    m.debug_break();
    m.force(args[0])
}

fn add_error_context(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let raised = match m.force(args[1]) {
        Ok(v) => return Ok(v),
        Err(raised) => raised,
    };
    let error = m.set_aside();
    let depth = m.depth;
    let what = "while evaluating the error message passed to builtins.addErrorContext";
    let text = m.coerce(args[0], Coerce { more: false, copy: false }, Pos::NONE, what)?;
    m.depth = depth;
    let text: FrameText = text.to_text().into_owned().into();
    m.error = error;
    m.error_mut().add_frame(Frame { pos: Pos::NONE, text, always: true });
    Err(raised)
}
