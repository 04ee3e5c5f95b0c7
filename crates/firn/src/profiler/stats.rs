//! What an evaluation cost: with `NIX_SHOW_STATS` in the environment a JSON object on standard error, or in
//! the file `NIX_SHOW_STATS_PATH`; with `NIX_COUNT_CALLS` also how often each function was called.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use firn_eval::{Called, Machine, Pos, Symbol};
use serde_json::{Map, Value as Json, json};

/// How often builtins and functions were called.
#[derive(Default)]
pub struct Counts {
    builtins: RefCell<HashMap<&'static str, u64>>,
    functions: RefCell<HashMap<Pos, (Json, u64)>>,
}

/// What is reported when the machine goes.
struct Report {
    counts: Option<Rc<Counts>>,
}

/// Lets a machine report what it cost, if the environment wants that; gives what is to be told of calls,
/// if they are counted.
pub fn attach(machine: &mut Machine) -> Option<Rc<Counts>> {
    if !is_wanted() {
        return None;
    }
    let counts = is_set("NIX_COUNT_CALLS").then(|| Rc::new(Counts::default()));
    let kept = counts.clone();
    machine.extension(move || Report { counts: kept });
    counts
}

/// Whether the environment wants to know what evaluation costs.
pub fn is_wanted() -> bool {
    is_set("NIX_SHOW_STATS")
}

fn is_set(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| !matches!(&*value, "" | "0"))
}

impl Counts {
    /// Counts a call.
    pub fn add(&self, machine: &Machine, called: Called) {
        match called {
            Called::Builtin(op, _) | Called::Partial(op) => {
                *self.builtins.borrow_mut().entry(op.short_name()).or_default() += 1;
            }
            Called::Lambda(name, pos) => {
                let mut functions = self.functions.borrow_mut();
                let about = || (about(machine, name, pos), 0);
                functions.entry(pos).or_insert_with(about).1 += 1;
            }
            Called::Functor(_) | Called::Other => {}
        }
    }

    fn add_to(&self, report: &mut Map<String, Json>) {
        let builtins = self.builtins.borrow();
        let mut functions: Vec<_> = self.functions.borrow().values().cloned().collect();
        functions.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let calls: u64 = functions.iter().map(|(_, count)| count).sum();
        report.insert("nrFunctionCalls".to_owned(), calls.into());
        report.insert("nrPrimOpCalls".to_owned(), builtins.values().sum::<u64>().into());
        let builtins = builtins.iter().map(|(name, count)| ((*name).to_owned(), (*count).into()));
        report.insert("primops".to_owned(), Json::Object(builtins.collect()));
        let functions = functions.into_iter().map(|(mut about, count)| {
            about["count"] = count.into();
            about
        });
        report.insert("functions".to_owned(), functions.collect());
    }
}

/// A function as statistics name it.
fn about(machine: &Machine, name: Option<Symbol>, pos: Pos) -> Json {
    let mut about = json!({ "name": name.map(|name| name.to_string()) });
    if let Some((file, offset)) = machine.positions().resolve(pos) {
        let at = file.line_column(offset);
        if let Some(path) = file.origin().path() {
            about["file"] = path.to_string_lossy().into();
        }
        about["line"] = at.line.into();
        about["column"] = at.column.into();
    }
    about
}

impl Drop for Report {
    fn drop(&mut self) {
        let (seconds, peak) = used();
        let mut report = Map::new();
        report.insert("cpuTime".to_owned(), seconds.into());
        report.insert("time".to_owned(), json!({ "cpu": seconds }));
        report.insert("symbols".to_owned(), json!({ "number": Symbol::count() }));
        report.insert("memory".to_owned(), json!({ "peakBytes": peak }));
        if let Some(counts) = &self.counts {
            counts.add_to(&mut report);
        }
        let text = format!("{:#}\n", Json::Object(report));
        match std::env::var("NIX_SHOW_STATS_PATH") {
            Ok(place) if place != "-" => {
                if let Err(error) = std::fs::write(&place, text) {
                    eprintln!("warning: cannot write '{place}': {error}");
                }
            }
            _ => eprint!("{text}"),
        }
    }
}

/// Seconds of processor time in the program's own code, and the most memory it had, in bytes.
fn used() -> (f64, u64) {
    // SAFETY: all zeros are a valid value; the call fills it in.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let seconds = usage.ru_utime.tv_sec as f64 + usage.ru_utime.tv_usec as f64 / 1e6;
    (seconds, u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024)
}
