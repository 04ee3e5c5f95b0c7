//! Reports about calls: `trace-function-calls` says each one, `eval-profiler = flamegraph` counts stacks
//! of calls in the form that programs for flame graphs read (Nix manual, "Using the eval-profiler").
//! `NIX_SHOW_STATS` and `NIX_COUNT_CALLS` in the environment are in `stats`.

mod stats;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use firn_eval::{Called, Machine, Pos, Profiler, Symbol, Value};

use crate::context::Context;
use crate::exit::Failure;

/// Lets a machine report calls, if the settings want that.
///
/// # Errors
/// The file of the profile can't be made, or there is no profiler of that name.
pub fn attach(machine: &mut Machine, context: &Context) -> Result<(), Failure> {
    let settings = &context.settings;
    let flame = match settings.text("eval-profiler") {
        "disabled" => None,
        "flamegraph" => {
            let place = Path::new(settings.text("eval-profile-file"));
            Some(Flamegraph::new(place, settings.number("eval-profiler-frequency"))?)
        }
        other => {
            return Err(Failure::new(format!(
                "error: invalid value '{other}' of the setting 'eval-profiler': expected 'disabled' or 'flamegraph'"
            )));
        }
    };
    let traces = settings.flag("trace-function-calls");
    let counts = stats::attach(machine);
    if traces || flame.is_some() || counts.is_some() {
        machine.attach_profiler(Rc::new(Profilers { traces, flame, counts }));
    }
    Ok(())
}

/// Whether somebody wants to know what the evaluator does.
pub fn is_wanted(context: &Context) -> bool {
    let settings = &context.settings;
    let reports =
        settings.text("eval-profiler") != "disabled" || settings.flag("trace-function-calls");
    reports || stats::is_wanted()
}

struct Profilers {
    traces: bool,
    flame: Option<Flamegraph>,
    counts: Option<Rc<stats::Counts>>,
}

impl Profiler for Profilers {
    fn entered(&self, machine: &mut Machine, called: Called, pos: Pos) {
        if self.traces {
            trace(machine, "entered", pos);
        }
        if let Some(flame) = &self.flame {
            flame.entered(machine, called, pos);
        }
        if let Some(counts) = &self.counts {
            counts.add(machine, called);
        }
    }

    fn left(&self, machine: &Machine, pos: Pos) {
        if self.traces {
            trace(machine, "exited", pos);
        }
        if let Some(flame) = &self.flame {
            flame.stacks.borrow_mut().stack.pop();
        }
    }
}

fn trace(machine: &Machine, what: &str, pos: Pos) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let place = place(machine, pos).unwrap_or_else(|| "«none»:0".to_owned());
    eprintln!("function-trace {what} {place} at {now}");
}

/// A position as text.
fn place(machine: &Machine, pos: Pos) -> Option<String> {
    let (file, offset) = machine.positions().resolve(pos)?;
    let at = file.line_column(offset);
    Some(format!("{}:{}:{}", file.origin(), at.line, at.column))
}

/// Counts stacks of calls, at most so and so often in a second.
struct Flamegraph {
    period: Duration,
    stacks: RefCell<Stacks>,
}

struct Stacks {
    /// The calls that are under way, as numbers of their texts.
    stack: Vec<u32>,
    counts: BTreeMap<Vec<u32>, u64>,
    looked: Instant,
    written: Instant,
    file: BufWriter<File>,
    texts: Vec<String>,
    numbers: HashMap<Entry, u32>,
}

/// A call as it is told apart from others.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Entry {
    Lambda(Option<Symbol>, Pos),
    Builtin(&'static str, Pos, Option<String>),
    Functor(Pos),
    Other(Pos),
}

/// How often counts are written to the file and forgotten.
const WRITE_EVERY: Duration = Duration::from_secs(2);

impl Flamegraph {
    fn new(place: &Path, frequency: u64) -> Result<Self, Failure> {
        let file = File::create(place).map_err(|error| {
            Failure::new(format!("error: opening file '{}': {error}", place.display()))
        })?;
        // No frequency means each call.
        let period = Duration::from_nanos(1_000_000_000u64.checked_div(frequency).unwrap_or(0));
        let now = Instant::now();
        let stacks = Stacks {
            stack: Vec::new(),
            counts: BTreeMap::new(),
            looked: now,
            written: now,
            file: BufWriter::new(file),
            texts: Vec::new(),
            numbers: HashMap::new(),
        };
        Ok(Flamegraph { period, stacks: RefCell::new(stacks) })
    }

    fn entered(&self, machine: &mut Machine, called: Called, pos: Pos) {
        let entry = Entry::of(machine, called, pos);
        let mut stacks = self.stacks.borrow_mut();
        let number = stacks.number(machine, entry);
        stacks.stack.push(number);
        let now = Instant::now();
        if now - stacks.looked >= self.period {
            let stack = stacks.stack.clone();
            *stacks.counts.entry(stack).or_default() += 1;
            stacks.looked = now;
        }
        if now - stacks.written >= WRITE_EVERY {
            stacks.written = now;
            // A profile that can't be written is none: evaluation goes on.
            let _ = stacks.write();
        }
    }
}

impl Entry {
    /// A call stands where it is made, or where its function is if that is not known.
    fn of(machine: &mut Machine, called: Called, pos: Pos) -> Self {
        let known = machine.positions().resolve(pos).is_some();
        let or = |other: Pos| if known { pos } else { other };
        match called {
            Called::Lambda(name, lambda) => Entry::Lambda(name, or(lambda)),
            Called::Builtin(op, argument) => {
                let derivation = argument.filter(|_| op.short_name() == "derivationStrict");
                let name = derivation.and_then(|argument| derivation_name(machine, argument));
                Entry::Builtin(op.short_name(), pos, name)
            }
            Called::Partial(op) => Entry::Builtin(op.short_name(), pos, None),
            Called::Functor(functor) => Entry::Functor(or(functor)),
            Called::Other => Entry::Other(pos),
        }
    }

    fn text(&self, machine: &Machine) -> String {
        let unknown = || "«none»:0".to_owned();
        match self {
            Entry::Lambda(name, pos) => {
                let name = name.map_or_else(String::new, |name| format!(":{name}"));
                format!("{}{name}", place(machine, *pos).unwrap_or_else(unknown))
            }
            Entry::Builtin(name, pos, derivation) => {
                let place = place(machine, *pos).map_or_else(String::new, |place| place + ":");
                let derivation =
                    derivation.as_ref().map_or_else(String::new, |name| format!(":{name}"));
                format!("{place}primop {name}{derivation}")
            }
            Entry::Functor(pos) => {
                format!("{}:functor", place(machine, *pos).unwrap_or_else(unknown))
            }
            Entry::Other(pos) => place(machine, *pos).unwrap_or_else(unknown),
        }
    }
}

/// The name of a derivation that is being made. Mistakes in it are the evaluator's to tell.
fn derivation_name(machine: &mut Machine, argument: Value) -> Option<String> {
    let attrs = machine.force_attrs(argument, Pos::NONE, "").ok()?;
    let name = attrs.get(Symbol::of("name"))?.get();
    let name = machine.string_without_context(name, Pos::NONE, "").ok()?;
    Some(name.to_text().into_owned())
}

impl Stacks {
    fn number(&mut self, machine: &Machine, entry: Entry) -> u32 {
        let next = self.texts.len() as u32;
        let number = *self.numbers.entry(entry.clone()).or_insert(next);
        if number == next {
            self.texts.push(entry.text(machine));
        }
        number
    }

    fn write(&mut self) -> io::Result<()> {
        for (stack, count) in std::mem::take(&mut self.counts) {
            let shown: Vec<&str> =
                stack.iter().map(|number| self.texts[*number as usize].as_str()).collect();
            writeln!(self.file, "{} {count}", shown.join(";"))?;
        }
        self.file.flush()
    }
}

impl Drop for Stacks {
    fn drop(&mut self) {
        // As above: the evaluation is done.
        let _ = self.write();
    }
}
