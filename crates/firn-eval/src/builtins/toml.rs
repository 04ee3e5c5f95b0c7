//! `fromTOML`.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use firn_syntax::{Symbol, sym};
use toml::value::{Datetime, Time};

use crate::attrs::AttrsBuilder;
use crate::error::{ErrorKind, R, Raised};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::Value;

pub(crate) const TABLE: &[PrimOp] = &[PrimOp::new(
    "fromTOML",
    &["e"],
    from_toml,
    "Returns the set that the TOML 1.0 text *e* describes. Dates and times need the experimental \
     feature `parse-toml-timestamps`.",
)
.strict(1)];

fn from_toml(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the argument passed to builtins.fromTOML";
    let text = m.string_without_context(args[0], Pos::NONE, what)?.to_text();
    let parsed = if text.len() < LARGE { parse(&text) } else { parse_beside(m, text.into())? };
    match parsed {
        Ok(table) => convert_table(m, table),
        Err(problem) => Err(failed(m, &problem)),
    }
}

/// Texts from this size on are parsed beside the evaluation, which looks for interrupts meanwhile: the parser
/// doesn't, and takes seconds for some megabytes.
const LARGE: usize = 1 << 20;
/// How long the evaluation waits before it looks again.
const GLANCE: Duration = Duration::from_millis(10);

/// The table that a text describes, or what is wrong with it.
fn parse(text: &str) -> Result<toml::Table, String> {
    let table = toml::from_str(text).map_err(|error| explained(text, &error))?;
    super::toml_strict::check(text).map(|()| table)
}

/// The same in a thread, which goes on for nobody once the user has asked to stop.
fn parse_beside(m: &mut Machine, text: Arc<str>) -> R<Result<toml::Table, String>> {
    let (done, table) = channel();
    let beside = {
        let text = text.clone();
        thread::Builder::new().spawn(move || {
            // Whoever does not wait any more needs no answer.
            let _ = done.send(parse(&text));
        })
    };
    let Ok(beside) = beside else { return Ok(parse(&text)) };
    loop {
        m.poll_plain()?;
        match table.recv_timeout(GLANCE) {
            Ok(parsed) => return Ok(parsed),
            Err(RecvTimeoutError::Timeout) => (),
            Err(RecvTimeoutError::Disconnected) => match beside.join() {
                Ok(()) => return Ok(parse(&text)),
                Err(panic) => std::panic::resume_unwind(panic),
            },
        }
    }
}

/// As much of a line as is shown around a mistake, in characters on each side.
const AROUND: usize = 60;

/// A mistake with its place, the line around it, and what is wrong.
fn explained(text: &str, error: &toml::de::Error) -> String {
    let mut problem = error.message().trim_end();
    if problem.contains("value was too large") || problem.starts_with("invalid type: integer") {
        problem = "the integer does not fit into 64 bits";
    }
    let Some(span) = error.span() else { return problem.to_owned() };
    let start = text.floor_char_boundary(span.start);
    let before = &text[..start];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let (left, right) = (&text[line_start..start], &text[start..line_end]);
    let number = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = left.chars().count() + 1;
    let (left, right) = (last_chars(left, AROUND), first_chars(right, AROUND));
    let marked = text[start..text.floor_char_boundary(span.end).max(start)].chars().count();
    let marks = "^".repeat(marked.clamp(1, right.chars().count().max(1)));
    let (number, gap) = (number.to_string(), " ".repeat(left.chars().count()));
    let margin = " ".repeat(number.len());
    format!(
        "TOML parse error at line {number}, column {column}\n{margin} |\n{number} | {left}{right}\n\
         {margin} | {gap}{marks}\n{problem}"
    )
}

fn last_chars(text: &str, count: usize) -> String {
    match text.char_indices().rev().nth(count) {
        Some((at, c)) => format!("…{}", &text[at + c.len_utf8()..]),
        None => text.to_owned(),
    }
}

fn first_chars(text: &str, count: usize) -> String {
    match text.char_indices().nth(count) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cold]
fn failed(m: &mut Machine, problem: &str) -> Raised {
    m.fail(ErrorKind::Eval, Pos::NONE, format!("while parsing TOML: {problem}"))
}

fn convert_table(m: &mut Machine, table: toml::Table) -> R<Value> {
    let mut builder = AttrsBuilder::with_capacity(table.len());
    for (i, (name, value)) in table.into_iter().enumerate() {
        m.poll_at(i)?;
        check_null(m, &name)?;
        let value = convert(m, value)?;
        builder.insert(Symbol::of(&name), value);
    }
    Ok(m.attrs(builder))
}

/// How deep TOML may nest is limited by its parser, so this recursion is.
fn convert(m: &mut Machine, value: toml::Value) -> R<Value> {
    Ok(match value {
        toml::Value::String(text) => {
            check_null(m, &text)?;
            m.string(text.as_bytes())
        }
        toml::Value::Integer(int) => m.int(int),
        toml::Value::Float(float) => m.float(float),
        toml::Value::Boolean(b) => Value::bool(b),
        toml::Value::Datetime(time) => return timestamp(m, time),
        toml::Value::Array(items) => {
            let item = |(i, item)| m.poll_at(i).and_then(|()| convert(m, item));
            let items = items.into_iter().enumerate().map(item).collect::<R<Vec<Value>>>()?;
            m.list(&items)
        }
        toml::Value::Table(table) => return convert_table(m, table),
    })
}

fn check_null(m: &mut Machine, text: &str) -> R<()> {
    if !text.contains('\0') {
        return Ok(());
    }
    let shown = text.replace('\0', "␀");
    let problem = format!(
        "error: input string '{shown}' cannot be represented as Nix string because it contains \
         null bytes"
    );
    Err(failed(m, &problem))
}

fn timestamp(m: &mut Machine, mut time: Datetime) -> R<Value> {
    if !m.settings.features.iter().any(|feature| feature == "parse-toml-timestamps") {
        return Err(failed(m, "Dates and times are not supported"));
    }
    let fraction = time.time.as_mut().and_then(take_fraction);
    let mut text = time.to_string();
    if let (Some(fraction), Some(time_start)) = (fraction, text.find(':')) {
        // Behind the seconds, before the offset.
        let seconds = time_start + "MM:SS".len() + 1;
        text.insert_str(seconds, &fraction);
    }
    let (kind, value) = (m.string(b"timestamp"), m.string(text.as_bytes()));
    Ok(m.attrs_of(&[(Symbol::of("_type"), kind), (sym::VALUE, value)]))
}

/// The fraction of a second, in three, six or nine digits; taken out of the time.
fn take_fraction(time: &mut Time) -> Option<String> {
    let nanoseconds = time.nanosecond.take().filter(|&nanoseconds| nanoseconds > 0)?;
    Some(match nanoseconds {
        n if n % 1_000 != 0 => format!(".{n:09}"),
        n if n % 1_000_000 != 0 => format!(".{:06}", n / 1_000),
        n => format!(".{:03}", n / 1_000_000),
    })
}
