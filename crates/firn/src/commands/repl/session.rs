//! The state of a session: the evaluator, the scope, and what was loaded into it.

use std::io::{IsTerminal, Write};

use firn_eval::{Attrs, ErrorKind, Machine, OnError, Pos, PrintOptions, R, Value};

use super::{Arguments, Next, directives};
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::evaluation::{self, Mode};
use crate::exit::Failure;
use crate::installable::SourceArguments;

/// Names of loaded variables that are listed, at most.
const LISTED: usize = 20;

/// One session.
pub struct Session {
    pub context: Context,
    pub machine: Machine,
    pub source: SourceArguments,
    pub installables: Vec<String>,
    /// The variables.
    pub scope: Attrs,
    /// What was loaded last.
    pub last_loaded: Option<Attrs>,
    /// Files loaded by `:load`, in their order.
    pub files: Vec<String>,
    /// Flakes loaded by `:load-flake`.
    pub flakes: Vec<String>,
    /// Whether errors are shown with all of their trace.
    pub show_trace: bool,
    /// Whether it is a debugger's.
    pub debugs: bool,
    /// Which of the expressions being evaluated is looked at.
    pub frame: usize,
}

/// Why a line was not done.
pub enum Problem {
    /// It goes on in the next line.
    Incomplete,
    /// It failed.
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Problem {
    fn from(error: E) -> Self {
        Problem::Failed(error.into())
    }
}

/// Result of what a line asks for.
pub type Done<T> = Result<T, Problem>;

impl Session {
    /// A session with nothing in its scope.
    pub fn new(arguments: &Arguments, global: &GlobalArguments) -> Result<Self, Failure> {
        let context = Context::new(global)?;
        let machine = machine(&context, &arguments.source)?;
        let scope = machine.empty_attrs();
        let mut installables = arguments.installables.clone();
        if installables.is_empty()
            && (arguments.source.file.is_some() || arguments.source.expr.is_some())
        {
            installables.push(".".to_owned());
        }
        let show_trace = context.settings.flag("show-trace");
        Ok(Session {
            context,
            machine,
            source: arguments.source.clone(),
            installables,
            scope,
            last_loaded: None,
            files: Vec::new(),
            flakes: Vec::new(),
            show_trace,
            debugs: false,
            frame: 0,
        })
    }

    /// A session at a stopped evaluation.
    pub fn stopped(context: Context, machine: Machine, scope: Attrs) -> Self {
        let show_trace = context.settings.flag("show-trace");
        Session {
            context,
            machine,
            source: SourceArguments::default(),
            installables: Vec::new(),
            scope,
            last_loaded: None,
            files: Vec::new(),
            flakes: Vec::new(),
            show_trace,
            debugs: true,
            frame: 0,
        }
    }

    /// Does what a text asks for; errors are shown and keep the session.
    pub fn take(&mut self, text: &str) -> Next {
        use std::sync::atomic::Ordering;
        // An interrupt from before this line is none of its business.
        self.context.interrupted.store(false, Ordering::Relaxed);
        let done = directives::perform(self, text);
        self.context.interrupted.store(false, Ordering::Relaxed);
        // What was printed comes before what the next line prints on the other stream.
        let _ = std::io::stdout().flush();
        // Between two lines only the variables are in use.
        let used = self.last_loaded.iter().chain([&self.scope]);
        let used: Vec<Value> = used.map(|set| set.value()).collect();
        self.machine.collect_if_grown(&used);
        match done {
            Ok(next) => next,
            Err(Problem::Incomplete) => Next::More,
            Err(Problem::Failed(failure)) => {
                failure.show();
                Next::Prompt
            }
        }
    }

    /// Runs something in the machine; an error becomes its text.
    pub fn run<T>(&mut self, work: impl FnOnce(&mut Machine) -> R<T>) -> Result<T, Failure> {
        work(&mut self.machine).map_err(|raised| {
            let error = self.machine.take_error(raised);
            Failure::new(self.machine.render_error(&error, self.show_trace).trim_end().to_owned())
        })
    }

    /// Reads and evaluates an expression.
    pub fn evaluate(&mut self, text: &str) -> Done<Value> {
        let scope = self.scope;
        let dir = self.folder()?;
        let prepared = self.read(|m| m.prepare(text.as_bytes(), &dir, scope))?;
        Ok(self.run(|m| m.evaluate(prepared))?)
    }

    /// Bindings such as `x = 1` become variables; false when the text is something else.
    pub fn bind(&mut self, text: &str) -> Done<bool> {
        let scope = self.scope;
        let dir = self.folder()?;
        let prepared = match self.machine.prepare_bindings(text.as_bytes(), &dir, scope) {
            Ok(prepared) => prepared,
            Err(raised) => {
                let error = self.machine.take_error(raised);
                return match error.kind {
                    ErrorKind::Syntax if is_cut_off(&error.message) => Err(Problem::Incomplete),
                    ErrorKind::Syntax => Ok(false),
                    _ => Err(Problem::Failed(Failure::new(
                        self.machine.render_error(&error, self.show_trace),
                    ))),
                };
            }
        };
        let set = self.run(|m| {
            let set = m.evaluate(prepared)?;
            m.force_attrs(set, Pos::NONE, "")
        })?;
        self.scope = self.machine.update(self.scope, set);
        Ok(true)
    }

    /// Reads a text; one that is cut off asks for more.
    fn read<T>(&mut self, work: impl FnOnce(&mut Machine) -> R<T>) -> Done<T> {
        work(&mut self.machine).map_err(|raised| {
            let error = self.machine.take_error(raised);
            if error.kind == ErrorKind::Syntax && is_cut_off(&error.message) {
                return Problem::Incomplete;
            }
            let text = self.machine.render_error(&error, self.show_trace);
            Problem::Failed(Failure::new(text.trim_end().to_owned()))
        })
    }

    /// The folder that relative paths start from.
    pub fn folder(&self) -> Result<String, Failure> {
        Ok(self.context.current_folder()?.to_string_lossy().into_owned())
    }

    /// Prints a value; sets and lists inside others only up to a depth.
    pub fn print(&mut self, value: Value, max_depth: usize) -> Done<()> {
        let options = PrintOptions {
            force: true,
            derivation_paths: true,
            max_depth,
            indent: 2,
            errors: OnError::ThrowTopLevel,
            colors: std::io::stdout().is_terminal(),
            ..PrintOptions::PLAIN
        };
        let mut text = self.run(|m| m.print_value_bytes(value, options))?;
        text.push(b'\n');
        std::io::stdout().write_all(&text)?;
        Ok(())
    }

    /// Makes the attributes of a set variables.
    pub fn add(&mut self, value: Value) -> Result<(), Failure> {
        let what = "while evaluating an attribute set to be merged in the global scope";
        let set = self.run(|m| m.force_attrs(value, Pos::NONE, what))?;
        self.scope = self.machine.update(self.scope, set);
        self.last_loaded = Some(set);
        let names = self.names(set);
        eprintln!("Added {} variables.", names.len());
        eprintln!("{}", names[..names.len().min(LISTED)].join(", "));
        if names.len() > LISTED {
            eprintln!("... and {} more; view with :ll", names.len() - LISTED);
        }
        Ok(())
    }

    /// The names of a set in alphabetical order, as they are written.
    pub fn names(&mut self, set: Attrs) -> Vec<String> {
        self.machine.sorted(set).map(|entry| firn_eval::print::attr_name(entry.sym)).collect()
    }
}

fn is_cut_off(message: &str) -> bool {
    message.contains("unexpected end of file")
}

/// A machine for the settings of the command line; impure unless they say otherwise.
fn machine(context: &Context, source: &SourceArguments) -> Result<Machine, Failure> {
    let pure = context.settings.flag("pure-eval");
    let mode = Mode { pure, read_only: false, includes: source.includes().to_vec() };
    evaluation::machine(context, &context.flakes()?, &mode)
}
