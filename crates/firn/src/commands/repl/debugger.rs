//! The prompt at a stopped evaluation: `--debugger`, `builtins.break`, `:bt`, `:env`, `:st`, `:s`, `:c`
//! (Nix manual, `builtins.break` and `nix repl`).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use firn_eval::{DebugFrame, DebugOptions, Debugger, Machine, Pos, Resume, Stop};

use super::Next;
use super::input::Input;
use super::session::{Done, Session};
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;

/// Lets a prompt appear where the machine's evaluation stops.
pub fn attach(machine: &mut Machine, context: &Context, global: &GlobalArguments) {
    let on = |name| context.settings.flag(name);
    let options = DebugOptions {
        ignore_try: on("ignore-try"),
        on_trace: on("debugger-on-trace"),
        on_warn: on("debugger-on-warn"),
    };
    let prompt = Prompt { global: global.without_debugger(), greeted: Cell::new(false) };
    machine.attach_debugger(Rc::new(prompt), options);
}

struct Prompt {
    global: GlobalArguments,
    greeted: Cell<bool>,
}

impl Debugger for Prompt {
    fn stopped(&self, machine: &mut Machine, stop: Stop<'_>) -> Resume {
        let is_error = matches!(stop, Stop::Error(..));
        match stop {
            Stop::Error(error, in_try) => {
                eprintln!("{}\n", machine.render_error(error, false));
                if in_try {
                    eprintln!(
                        "This exception occurred in a 'tryEval' call. Use --ignore-try to skip these."
                    );
                }
            }
            Stop::Break => eprintln!("info: breakpoint reached\n"),
            Stop::Plain => {}
        }
        let resume = self.session(machine).unwrap_or_else(|failure| {
            failure.show();
            Resume::Quit
        });
        if resume == Resume::Quit && !is_error {
            std::process::exit(0);
        }
        resume
    }
}

impl Prompt {
    fn session(&self, machine: &mut Machine) -> Result<Resume, Failure> {
        let context = Context::new(&self.global)?;
        context.display.finish();
        if !self.greeted.replace(true) {
            eprintln!("Nix {} debugger\nType :? for help.", super::super::old_style::NIX_VERSION);
        }
        let scope = machine.debug_scope(0);
        // The session owns a machine: ours, as long as the prompt is there.
        let spare = Machine::new(machine.host(), machine.settings.clone(), &[]);
        let machine_here = std::mem::replace(machine, spare);
        let session = Rc::new(RefCell::new(Session::stopped(context, machine_here, scope)));
        let resume = Input::new(&session).and_then(|input| super::prompt(input, &session));
        std::mem::swap(machine, &mut session.borrow_mut().machine);
        Ok(match resume? {
            Next::Continue(resume) => resume,
            _ => Resume::Quit,
        })
    }
}

/// `:bt`
pub fn backtrace(session: &mut Session, _: &str) -> Done<Next> {
    for (index, frame) in session.machine.debug_frames().iter().enumerate() {
        show_frame(&session.machine, index, frame);
    }
    Ok(Next::Prompt)
}

/// `:env`
pub fn environment(session: &mut Session, _: &str) -> Done<Next> {
    show_levels(session);
    Ok(Next::Prompt)
}

/// `:st`
pub fn select(session: &mut Session, argument: &str) -> Done<Next> {
    if let Ok(index) = argument.parse() {
        session.frame = index;
    }
    let frames = session.machine.debug_frames();
    if let Some(frame) = frames.get(session.frame) {
        show_frame(&session.machine, session.frame, frame);
        println!();
        show_levels(session);
        session.scope = session.machine.debug_scope(session.frame);
    }
    Ok(Next::Prompt)
}

/// `:s`
pub fn step(_: &mut Session, _: &str) -> Done<Next> {
    Ok(Next::Continue(Resume::Step))
}

/// `:c`
pub fn go_on(_: &mut Session, _: &str) -> Done<Next> {
    Ok(Next::Continue(Resume::Continue))
}

fn show_frame(machine: &Machine, index: usize, frame: &DebugFrame) {
    let error = if frame.is_error { "error: " } else { "" };
    println!("\n{index}: {error}{}", frame.text);
    if let Some(lines) = source_lines(machine, frame.pos) {
        print!("{lines}");
    }
}

/// `FILE:LINE:COLUMN` and the lines around it.
fn source_lines(machine: &Machine, pos: Pos) -> Option<String> {
    let (file, offset) = machine.positions().resolve(pos)?;
    let at = file.line_column(offset);
    let mut text = format!("{}:{}:{}\n", file.origin(), at.line, at.column);
    let line = |number: u32| Some(String::from_utf8_lossy(file.line(number)?).into_owned());
    if let Some(line) = at.line.checked_sub(1).filter(|&number| number > 0).and_then(line) {
        text += &format!("\n{:>6}| {line}", at.line - 1);
    }
    if let Some(line) = line(at.line) {
        text += &format!("\n{:>6}| {line}\n      |{}^", at.line, " ".repeat(at.column as usize));
    }
    if let Some(line) = line(at.line + 1) {
        text += &format!("\n{:>6}| {line}", at.line + 1);
    }
    Some(text + "\n")
}

fn show_levels(session: &mut Session) {
    let levels = session.machine.debug_levels(session.frame);
    let names = |names: &[String]| names.iter().map(|name| format!("{name} ")).collect::<String>();
    for (number, level) in levels.iter().enumerate() {
        println!("Env level {number}\nstatic: {}", names(&level.names));
        if let Some(with) = &level.with {
            println!("with: {}", names(with));
        }
        println!();
    }
    println!("Env level {}\n{}\n", levels.len(), names(&session.machine.debug_globals()));
}
