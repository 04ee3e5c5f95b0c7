//! Printing values: the form of `nix-instantiate --eval` and the form of messages and `nix eval`.

use firn_syntax::Symbol;
use rustc_hash::FxHashSet;

use crate::error::{ErrorKind, R};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::value::{
    Function, FunctionKind, Kind, TAG_THUNK, THUNK_BLACKHOLE, Thunk, Value, Waiting, referred,
};

/// What happens with errors while printing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnError {
    /// They appear in the text.
    Print,
    /// They end the printing.
    Throw,
    /// They end the printing unless they are inside a set or list.
    ThrowTopLevel,
}

/// How a value is printed.
#[derive(Clone, Copy, Debug)]
pub struct PrintOptions {
    /// Whether thunks are evaluated.
    pub force: bool,
    /// Whether derivations appear as `«derivation PATH»` (with `force`).
    pub derivation_paths: bool,
    /// Whether a set or list that was printed already appears as `«repeated»`.
    pub track_repeated: bool,
    /// Nesting, at most.
    pub max_depth: usize,
    /// Attributes in all, at most.
    pub max_attrs: usize,
    /// List elements in all, at most.
    pub max_items: usize,
    /// Bytes of one string, at most.
    pub max_string: usize,
    /// Spaces per level; 0 prints in one line.
    pub indent: usize,
    /// What happens with errors.
    pub errors: OnError,
    /// Whether colours are used.
    pub colors: bool,
}

impl PrintOptions {
    /// Everything in one line.
    pub const PLAIN: PrintOptions = PrintOptions {
        force: false,
        derivation_paths: false,
        track_repeated: true,
        max_depth: usize::MAX,
        max_attrs: usize::MAX,
        max_items: usize::MAX,
        max_string: usize::MAX,
        indent: 0,
        errors: OnError::Print,
        colors: false,
    };
    /// For values in messages.
    pub const MESSAGE: PrintOptions = PrintOptions {
        max_depth: 10,
        max_attrs: 10,
        max_items: 10,
        max_string: 1024,
        ..PrintOptions::PLAIN
    };
}

/// The value as error messages show it.
pub(crate) fn for_error(m: &mut Machine, v: Value) -> String {
    let kept = m.set_aside();
    let text = m.print_value(v, PrintOptions::MESSAGE).unwrap_or_default();
    m.error = kept;
    text
}

/// The type with its article, as messages name it.
pub fn show_type(v: Value) -> String {
    let name = match v.kind() {
        Kind::Null if v.known().is_thunk() => "a thunk",
        Kind::Null => "null",
        Kind::Bool(_) => "a Boolean",
        Kind::Int(_) => "an integer",
        Kind::Float(_) => "a float",
        Kind::String(s) if s.ctx().is_empty() => "a string",
        Kind::String(_) => "a string with context",
        Kind::Path(_) => "a path",
        Kind::List(_) => "a list",
        Kind::Attrs(_) => "a set",
        Kind::External(_) => "an external value",
        Kind::Function(f) => match f.kind() {
            FunctionKind::PrimOp(op) => {
                return format!("the built-in function '{}'", op.short_name());
            }
            FunctionKind::PrimOpApp(op, _) => {
                return format!("the partially applied built-in function '{}'", op.short_name());
            }
            _ => "a function",
        },
    };
    name.to_owned()
}

/// A float as C++ streams print it: six significant digits, no trailing zeros.
pub fn float(f: f64) -> String {
    if f.is_nan() {
        return if f.is_sign_negative() { "-nan".into() } else { "nan".into() };
    }
    if f.is_infinite() {
        return if f > 0.0 { "inf".into() } else { "-inf".into() };
    }
    if f == 0.0 {
        return if f.is_sign_negative() { "-0".into() } else { "0".into() };
    }
    let scientific = format!("{f:.5e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        let decimals = (5 - exponent).max(0) as usize;
        return trim_zeros(&format!("{f:.decimals$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim_zeros(digits), exponent.abs())
}

fn trim_zeros(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

const KEYWORDS: [&[u8]; 9] =
    [b"if", b"then", b"else", b"assert", b"with", b"let", b"in", b"rec", b"inherit"];

fn is_identifier(name: &[u8]) -> bool {
    let Some(&first) = name.first() else { return false };
    (first.is_ascii_alphabetic() || first == b'_')
        && name.iter().all(|&c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'\'' | b'-'))
        && !KEYWORDS.contains(&name)
}

/// An attribute name, in quotes if it needs them.
pub fn attr_name(name: Symbol) -> String {
    let mut out = Vec::new();
    push_name(&mut out, name.bytes());
    String::from_utf8_lossy(&out).into_owned()
}

fn push_name(out: &mut Vec<u8>, name: &[u8]) {
    if is_identifier(name) {
        out.extend_from_slice(name)
    } else {
        push_string(out, name, usize::MAX)
    }
}

/// A string literal.
fn push_string(out: &mut Vec<u8>, bytes: &[u8], max: usize) {
    out.push(b'"');
    for (i, &b) in bytes.iter().enumerate() {
        if i >= max {
            out.extend_from_slice(b"\" ");
            push_elided(out, bytes.len() - i, "byte", "bytes");
            return;
        }
        match b {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', b]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'$' if bytes.get(i + 1) == Some(&b'{') => out.extend_from_slice(b"\\$"),
            _ => out.push(b),
        }
    }
    out.push(b'"');
}

/// A string as a literal of the language.
pub fn string_literal(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    push_string(&mut out, bytes, usize::MAX);
    out
}

fn push_elided(out: &mut Vec<u8>, count: usize, one: &str, many: &str) {
    let what = if count == 1 { one } else { many };
    out.extend_from_slice(format!("«{count} {what} elided»").as_bytes());
}

impl Machine {
    /// Prints a value.
    ///
    /// # Errors
    /// Errors of evaluation, as far as `options.errors` lets them through.
    pub fn print_value(&mut self, v: Value, options: PrintOptions) -> R<String> {
        let bytes = self.print_value_bytes(v, options)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Prints a value to bytes: strings may hold any.
    ///
    /// # Errors
    /// As [`Machine::print_value`].
    pub fn print_value_bytes(&mut self, v: Value, options: PrintOptions) -> R<Vec<u8>> {
        let mut printer = Printer {
            out: Vec::new(),
            options,
            seen: Seen::default(),
            attrs: 0,
            items: 0,
            indent: 0,
        };
        printer.value(self, v, 0)?;
        Ok(printer.out)
    }

    /// Prints a value as `nix-instantiate --eval` does; thunks appear as `<CODE>`.
    ///
    /// # Errors
    /// When the value is nested too deeply.
    pub fn print_ambiguous(&mut self, v: Value) -> R<Vec<u8>> {
        let mut out = Vec::new();
        let mut seen = Seen::default();
        ambiguous(self, v, &mut out, &mut seen, 0)?;
        Ok(out)
    }
}

fn is_blackhole(v: Value) -> bool {
    if let Some(slot) = referred(v) {
        return matches!(slot.waiting(), Waiting::Running);
    }
    v.is_thunk()
        && Thunk(v.object(TAG_THUNK)).state().load(std::sync::atomic::Ordering::Relaxed)
            == THUNK_BLACKHOLE
}

fn deep(m: &mut Machine, depth: usize) -> R<()> {
    if depth > m.settings.max_call_depth as usize {
        return Err(m.stack_overflow(Pos::NONE));
    }
    if depth & 0xfff == 0xfff { m.poll_plain() } else { Ok(()) }
}

/// The lists and sets that were printed.
#[derive(Default)]
struct Seen(FxHashSet<u64>);

impl Seen {
    /// Whether `v` was printed before. A literal inside a function counts as another one each time,
    /// since each call would have made its own.
    fn again(&mut self, m: &Machine, v: Value) -> bool {
        !m.shared_literals.contains(&v.word()) && !self.0.insert(v.word())
    }
}

fn ambiguous(m: &mut Machine, v: Value, out: &mut Vec<u8>, seen: &mut Seen, depth: usize) -> R<()> {
    deep(m, depth)?;
    let v = v.known();
    if v.is_thunk() {
        let text = if is_blackhole(v) { "«potential infinite recursion»" } else { "<CODE>" };
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    match v.kind() {
        Kind::Attrs(attrs) => {
            if !attrs.is_empty() && seen.again(m, v) {
                out.extend_from_slice("«repeated»".as_bytes());
                return Ok(());
            }
            out.extend_from_slice(b"{ ");
            for entry in m.sorted(attrs) {
                push_name(out, entry.sym.bytes());
                out.extend_from_slice(b" = ");
                ambiguous(m, entry.value(), out, seen, depth + 1)?;
                out.extend_from_slice(b"; ");
            }
            out.push(b'}');
        }
        Kind::List(list) => {
            if !list.is_empty() && seen.again(m, v) {
                out.extend_from_slice("«repeated»".as_bytes());
                return Ok(());
            }
            out.extend_from_slice(b"[ ");
            for (i, element) in list.iter().enumerate() {
                m.poll_at(i)?;
                ambiguous(m, element, out, seen, depth + 1)?;
                out.push(b' ');
            }
            out.push(b']');
        }
        Kind::Function(f) => out.extend_from_slice(match f.kind() {
            FunctionKind::Closure(..) | FunctionKind::Partial(..) => b"<LAMBDA>",
            FunctionKind::PrimOp(_) => b"<PRIMOP>",
            FunctionKind::PrimOpApp(..) => b"<PRIMOP-APP>",
        }),
        _ => push_scalar(out, v, usize::MAX),
    }
    Ok(())
}

fn push_scalar(out: &mut Vec<u8>, v: Value, max: usize) {
    match v.kind() {
        Kind::Null => out.extend_from_slice(b"null"),
        Kind::Bool(b) => out.extend_from_slice(if b { b"true" } else { b"false" }),
        Kind::Int(i) => out.extend_from_slice(i.to_string().as_bytes()),
        Kind::Float(f) => out.extend_from_slice(float(f).as_bytes()),
        Kind::String(s) => push_string(out, s.bytes(), max),
        Kind::Path(p) => out.extend_from_slice(p.bytes()),
        Kind::External(_) => out.extend_from_slice("«external value»".as_bytes()),
        Kind::List(_) | Kind::Attrs(_) | Kind::Function(_) => {}
    }
}

struct Printer {
    out: Vec<u8>,
    options: PrintOptions,
    seen: Seen,
    attrs: usize,
    items: usize,
    indent: usize,
}

const RED: &str = "\x1b[31;1m";
const GREEN: &str = "\x1b[32;1m";
const BLUE: &str = "\x1b[34;1m";
const MAGENTA: &str = "\x1b[35;1m";
const CYAN: &str = "\x1b[36;1m";
const NORMAL: &str = "\x1b[0m";

impl Printer {
    fn colored(&mut self, color: &str, text: &str) {
        if self.options.colors {
            self.out.extend_from_slice(format!("{color}{text}{NORMAL}").as_bytes());
        } else {
            self.out.extend_from_slice(text.as_bytes());
        }
    }

    fn space(&mut self, pretty: bool) {
        if pretty {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + self.indent, b' ');
        } else {
            self.out.push(b' ');
        }
    }

    fn value(&mut self, m: &mut Machine, v: Value, depth: usize) -> R<()> {
        deep(m, depth)?;
        m.check_stack()?;
        let start = self.out.len();
        match self.value_inside(m, v, depth) {
            Ok(()) => Ok(()),
            Err(raised) => {
                let kind = m.error_mut().kind;
                let stop = matches!(kind, ErrorKind::StackOverflow | ErrorKind::Interrupted)
                    || self.options.errors == OnError::Throw
                    || (self.options.errors == OnError::ThrowTopLevel && depth == 0);
                if stop {
                    return Err(raised);
                }
                self.out.truncate(start);
                let message = m.take_error(raised).message;
                self.colored(RED, &format!("«error: {message}»"));
                Ok(())
            }
        }
    }

    fn value_inside(&mut self, m: &mut Machine, v: Value, depth: usize) -> R<()> {
        let v = if self.options.force { m.force(v)? } else { v.known() };
        if v.is_thunk() {
            if is_blackhole(v) {
                self.colored(RED, "«potential infinite recursion»");
            } else {
                self.colored(MAGENTA, "«thunk»");
            }
            return Ok(());
        }
        match v.kind() {
            Kind::Attrs(_) => self.set(m, v, depth),
            Kind::List(_) => self.list(m, v, depth),
            Kind::Function(f) => {
                let text = function(m, f);
                self.colored(BLUE, &text);
                Ok(())
            }
            kind => {
                let color = match kind {
                    Kind::String(_) => MAGENTA,
                    Kind::Path(_) => GREEN,
                    _ => CYAN,
                };
                if self.options.colors {
                    self.out.extend_from_slice(color.as_bytes());
                }
                push_scalar(&mut self.out, v, self.options.max_string);
                if self.options.colors {
                    self.out.extend_from_slice(NORMAL.as_bytes());
                }
                Ok(())
            }
        }
    }

    fn repeated(&mut self, m: &Machine, v: Value) -> bool {
        if self.options.track_repeated && self.seen.again(m, v) {
            self.colored(MAGENTA, "«repeated»");
            return true;
        }
        false
    }

    /// Whether what is inside needs lines of its own.
    fn pretty(&mut self, m: &mut Machine, count: usize, first: Option<Value>) -> R<bool> {
        if self.options.indent == 0 || count == 0 {
            return Ok(false);
        }
        if count > 1 {
            return Ok(true);
        }
        match first {
            Some(v) => {
                let v = m.force(v)?;
                Ok(v.as_list().is_some() || v.as_attrs().is_some())
            }
            None => Ok(false),
        }
    }

    fn set(&mut self, m: &mut Machine, v: Value, depth: usize) -> R<()> {
        let Some(attrs) = v.as_attrs() else { return Ok(()) };
        if self.repeated(m, v) {
            return Ok(());
        }
        if self.options.force && self.options.derivation_paths && m.is_derivation(v)? {
            return self.derivation(m, attrs);
        }
        if depth >= self.options.max_depth {
            self.out.extend_from_slice(b"{ ... }");
            return Ok(());
        }
        self.indent += self.options.indent;
        self.out.push(b'{');
        let mut entries: Vec<_> = m.sorted(attrs).collect();
        if self.options.max_attrs != usize::MAX {
            entries.sort_by_key(|e| !matches!(e.sym.bytes(), b"type" | b"_type"));
        }
        let pretty = self.pretty(m, entries.len(), entries.first().map(|e| e.value()))?;
        for (i, entry) in entries.iter().enumerate() {
            self.space(pretty);
            if self.attrs >= self.options.max_attrs {
                push_elided(&mut self.out, entries.len() - i, "attribute", "attributes");
                break;
            }
            push_name(&mut self.out, entry.sym.bytes());
            self.out.extend_from_slice(b" = ");
            self.value(m, entry.value(), depth + 1)?;
            self.out.push(b';');
            self.attrs += 1;
        }
        self.indent -= self.options.indent;
        self.space(pretty);
        self.out.push(b'}');
        Ok(())
    }

    fn derivation(&mut self, m: &mut Machine, attrs: crate::attrs::Attrs) -> R<()> {
        let path = match m.attr(attrs, firn_syntax::sym::DRV_PATH)? {
            Some(v) => {
                let what = "while evaluating the drvPath of a derivation";
                let how = crate::coerce::Coerce { more: false, copy: false };
                format!(" {}", m.coerce(v, how, Pos::NONE, what)?.to_text())
            }
            None => String::new(),
        };
        self.colored(GREEN, &format!("«derivation{path}»"));
        Ok(())
    }

    fn list(&mut self, m: &mut Machine, v: Value, depth: usize) -> R<()> {
        let Some(list) = v.as_list() else { return Ok(()) };
        if !list.is_empty() && self.repeated(m, v) {
            return Ok(());
        }
        if depth >= self.options.max_depth {
            self.out.extend_from_slice(b"[ ... ]");
            return Ok(());
        }
        self.indent += self.options.indent;
        self.out.push(b'[');
        let pretty = self.pretty(m, list.len(), list.slots().first().map(|s| s.get()))?;
        for (i, element) in list.iter().enumerate() {
            m.poll_at(i)?;
            self.space(pretty);
            if self.items >= self.options.max_items {
                push_elided(&mut self.out, list.len() - i, "item", "items");
                break;
            }
            self.value(m, element, depth + 1)?;
            self.items += 1;
        }
        self.indent -= self.options.indent;
        self.space(pretty);
        self.out.push(b']');
        Ok(())
    }
}

fn function(m: &Machine, f: Function) -> String {
    match f.kind() {
        FunctionKind::Closure(lambda, _) | FunctionKind::Partial(lambda, ..) => {
            let name = lambda.name.map(|n| format!(" {n}")).unwrap_or_default();
            let pos = if matches!(f.kind(), FunctionKind::Closure(..)) {
                lambda.outer_pos
            } else {
                lambda.pos
            };
            format!("«lambda{name} @ {}»", m.show_pos(pos))
        }
        FunctionKind::PrimOp(op) => format!("«primop {}»", op.short_name()),
        FunctionKind::PrimOpApp(op, _) => format!("«partially applied primop {}»", op.short_name()),
    }
}

#[cfg(test)]
mod tests {
    use super::float;

    #[test]
    fn floats_have_six_digits() {
        for (f, wanted) in [
            (1.5, "1.5"),
            (100000.0, "100000"),
            (1000000.0, "1e+06"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (123456.7, "123457"),
            (-2.0, "-2"),
            (0.1 + 0.2, "0.3"),
            (1e300, "1e+300"),
        ] {
            assert_eq!(float(f), wanted);
        }
    }
}
