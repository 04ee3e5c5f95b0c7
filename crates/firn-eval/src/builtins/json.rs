//! `toJSON` and `fromJSON`. Number formats and messages are those of the JSON library that CppNix
//! uses.

use std::borrow::Cow;

use firn_syntax::{Symbol, sym};

use crate::attrs::{Attrs, AttrsBuilder};
use crate::coerce::Coerce;
use crate::context::{ContextJoin, Ctx};
use crate::error::{ErrorKind, FrameText, R, Raised};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::print;
use crate::value::{Kind, Str, Value};

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "__toJSON",
        &["e"],
        to_json,
        "Returns *e* as JSON text. Sets with `__toString` or `outPath` become strings, paths are \
         copied to the store; functions have no JSON.",
    )
    .strict(1),
    PrimOp::new(
        "__fromJSON",
        &["e"],
        from_json,
        "Returns the value that the JSON text *e* describes.",
    )
    .strict(1),
];

fn to_json(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let mut out = Vec::new();
    let ctx = m.write_json(args[0], true, Pos::NONE, &mut out)?;
    Ok(m.string_owned(out, ctx))
}

impl Machine {
    /// Writes a value as JSON and returns the context of all strings in it. `copy` puts paths into
    /// the store; otherwise they become their own text.
    ///
    /// # Errors
    /// When evaluation fails, or something has no JSON.
    pub fn write_json(&mut self, v: Value, copy: bool, pos: Pos, out: &mut Vec<u8>) -> R<Ctx> {
        self.enter(pos)?;
        let result = self.write_json_inner(v, copy, pos, out);
        self.leave();
        result
    }

    fn write_json_inner(&mut self, v: Value, copy: bool, pos: Pos, out: &mut Vec<u8>) -> R<Ctx> {
        let v = self.force_at(v, pos)?;
        match v.kind() {
            Kind::Null => out.extend_from_slice(b"null"),
            Kind::Bool(b) => out.extend_from_slice(if b { b"true" } else { b"false" }),
            Kind::Int(i) => out.extend_from_slice(i.to_string().as_bytes()),
            Kind::Float(f) => write_float(f, out),
            Kind::String(s) => {
                self.write_json_string(s.bytes(), out)?;
                return Ok(s.ctx());
            }
            Kind::Path(p) if copy => {
                let copied = self.copy_path(p, pos)?;
                self.write_json_string(copied.bytes(), out)?;
                return Ok(copied.ctx());
            }
            Kind::Path(p) => self.write_json_string(p.bytes(), out)?,
            Kind::List(list) => {
                out.push(b'[');
                let mut join = ContextJoin::default();
                for (i, element) in list.iter().enumerate() {
                    self.poll_at(i)?;
                    if i > 0 {
                        out.push(b',');
                    }
                    let written = match self.write_json(element, copy, pos, out) {
                        Ok(ctx) => ctx,
                        Err(raised) => {
                            let text = format!("while evaluating list element at index {i}");
                            return Err(self.frame(raised, pos, FrameText::from(text)));
                        }
                    };
                    join.add(written);
                }
                out.push(b']');
                return Ok(self.join_all(join));
            }
            Kind::Attrs(attrs) => return self.write_json_attrs(attrs, copy, pos, out),
            Kind::Function(_) | Kind::External(_) => {
                let text = format!("cannot convert {} to JSON", print::show_type(v));
                return Err(self.fail(ErrorKind::Type, pos, text));
            }
        }
        Ok(Ctx::NONE)
    }

    fn write_json_attrs(
        &mut self,
        attrs: Attrs,
        copy: bool,
        pos: Pos,
        out: &mut Vec<u8>,
    ) -> R<Ctx> {
        if attrs.get(sym::TO_STRING).is_some() {
            let text = self.text_of_attrs(attrs, pos)?;
            self.write_json_string(text.bytes(), out)?;
            return Ok(text.ctx());
        }
        if let Some(entry) = attrs.entry(sym::OUT_PATH) {
            let written = self.write_json(entry.value(), copy, entry.pos, out);
            return self.traced(written, entry.pos, "while using the `outPath` attribute");
        }
        out.push(b'{');
        let mut join = ContextJoin::default();
        for (i, entry) in self.sorted(attrs).enumerate() {
            if i > 0 {
                out.push(b',');
            }
            self.write_json_string(entry.sym.bytes(), out)?;
            out.push(b':');
            let written = match self.write_json(entry.value(), copy, entry.pos, out) {
                Ok(ctx) => ctx,
                Err(raised) => {
                    let text = format!("while evaluating attribute '{}'", entry.sym);
                    return Err(self.frame(raised, entry.pos, FrameText::from(text)));
                }
            };
            join.add(written);
        }
        out.push(b'}');
        Ok(self.join_all(join))
    }

    /// What `__toString` of a set gives, which has to be text, or a set that gives text.
    fn text_of_attrs(&mut self, attrs: Attrs, pos: Pos) -> R<Str> {
        let entry = attrs.entry(sym::TO_STRING).or_else(|| attrs.entry(sym::OUT_PATH));
        let how = Coerce { more: false, copy: false };
        let Some(entry) = entry else { return self.coerce(attrs.value(), how, pos, "") };
        if entry.sym == sym::OUT_PATH {
            return self.coerce(attrs.value(), how, pos, "");
        }
        let text = self.call(entry.value(), &[attrs.value()], entry.pos);
        let text = self.traced(text, entry.pos, "while calling the `__toString` attribute")?;
        let result = match text.kind() {
            Kind::String(text) | Kind::Path(text) => return Ok(text),
            Kind::Attrs(inner)
                if inner.entry(sym::TO_STRING).or_else(|| inner.entry(sym::OUT_PATH)).is_some() =>
            {
                self.enter(pos)?;
                let result = self.text_of_attrs(inner, entry.pos);
                self.leave();
                result
            }
            kind => {
                let verb = if matches!(kind, Kind::Attrs(_)) { "must" } else { "should" };
                let shown = print::for_error(self, text);
                let message = format!(
                    "`__toString` {verb} return a string, but got {}: {shown}",
                    print::show_type(text)
                );
                Err(self.fail(ErrorKind::Type, entry.pos, message))
            }
        };
        self.traced(result, entry.pos, "while using the result of the `__toString` attribute")
    }

    fn write_json_string(&mut self, text: &[u8], out: &mut Vec<u8>) -> R<()> {
        if let Err(error) = std::str::from_utf8(text) {
            let at = error.valid_up_to();
            let text = format!(
                "JSON serialization error: [json.exception.type_error.316] invalid UTF-8 byte at \
                 index {at}: 0x{:02X}",
                text[at]
            );
            return Err(self.fail(ErrorKind::Eval, Pos::NONE, text));
        }
        write_string(text, out);
        Ok(())
    }
}

/// Writes UTF-8 text as a JSON string.
pub(crate) fn write_string(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut copied = 0;
    for (i, &byte) in text.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&text[copied..i]);
        copied = i + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&text[copied..]);
    out.push(b'"');
}

/// The shortest digits that read back as the same number; always with `.` or an exponent.
fn write_float(value: f64, out: &mut Vec<u8>) {
    if !value.is_finite() {
        return out.extend_from_slice(b"null");
    }
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..15).contains(&exponent) {
        let plain = format!("{value}");
        out.extend_from_slice(plain.as_bytes());
        if !plain.contains('.') {
            out.extend_from_slice(b".0");
        }
        return;
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    out.extend_from_slice(format!("{mantissa}e{sign}{:02}", exponent.abs()).as_bytes());
}

fn from_json(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.fromJSON";
    let text = m.string_without_context(args[0], Pos::NONE, what)?;
    m.read_json(text.bytes())
}

impl Machine {
    /// Reads JSON text.
    ///
    /// # Errors
    /// When the text is not JSON, or a number does not fit.
    pub fn read_json(&mut self, text: &[u8]) -> R<Value> {
        let mut reader = Reader { text, at: 0 };
        match reader.document(self) {
            Ok(value) => Ok(value),
            Err(Failure::Raised(raised)) => Err(raised),
            Err(Failure::Syntax(message)) => {
                let raised = self.fail(ErrorKind::Eval, Pos::NONE, message);
                Err(self.frame(raised, Pos::NONE, "while decoding a JSON string"))
            }
        }
    }
}

enum Failure {
    Syntax(String),
    Raised(Raised),
}

impl From<Raised> for Failure {
    fn from(raised: Raised) -> Failure {
        Failure::Raised(raised)
    }
}

type Read<T> = Result<T, Failure>;

/// What is open around the value being read.
enum Open {
    List(Vec<Value>),
    Object { entries: Vec<(Symbol, Value)>, key: Symbol },
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self, m: &mut Machine) -> Read<Value> {
        if self.text.is_empty() {
            return Err(Failure::Syntax(
                "[json.exception.parse_error.101] parse error at line 1, column 1: attempting to \
                 parse an empty input; check that your input string or stream contains the \
                 expected JSON"
                    .into(),
            ));
        }
        let value = self.value(m)?;
        self.space();
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.error("value", "expected end of input")),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// A message at the byte where reading stopped.
    fn error(&self, reading: &str, problem: &str) -> Failure {
        let read = &self.text[..(self.at + 1).min(self.text.len())];
        let line = read[..self.at.min(read.len())].iter().filter(|&&b| b == b'\n').count() + 1;
        let line_start = read.iter().rposition(|&b| b == b'\n').map_or(0, |newline| newline + 1);
        let column = self.at + 1 - line_start.min(self.at + 1);
        let found = match self.peek() {
            None => "unexpected end of input".to_owned(),
            Some(b'0'..=b'9' | b'-') => "unexpected number literal".to_owned(),
            Some(b'"') => "unexpected string literal".to_owned(),
            Some(byte @ (b'[' | b']' | b'{' | b'}' | b',' | b':')) => {
                format!("unexpected '{}'", char::from(byte))
            }
            Some(_) => {
                let before = self.text[..self.at].iter().rposition(|b| !b.is_ascii_whitespace());
                let start = before.map_or(self.at, |before| before.min(self.at));
                let last = String::from_utf8_lossy(&self.text[start..=self.at]).into_owned();
                format!("invalid literal; last read: '{last}'")
            }
        };
        Failure::Syntax(format!(
            "[json.exception.parse_error.101] parse error at line {line}, column {column}: syntax \
             error while parsing {reading} - {found}; {problem}"
        ))
    }

    /// A message about a token that began at `start` and went wrong at the next byte.
    fn broken(&self, start: usize, problem: &str) -> Failure {
        let end = (self.at + 1).min(self.text.len());
        let last = String::from_utf8_lossy(&self.text[start..end]);
        let line = self.text[..start].iter().filter(|&&b| b == b'\n').count() + 1;
        let line_start =
            self.text[..start].iter().rposition(|&b| b == b'\n').map_or(0, |newline| newline + 1);
        let column = self.at + 1 - line_start;
        Failure::Syntax(format!(
            "[json.exception.parse_error.101] parse error at line {line}, column {column}: syntax \
             error while parsing value - {problem}; last read: '{last}'"
        ))
    }

    /// Reads a value, with a list of what is open instead of recursion: any depth is fine.
    fn value(&mut self, m: &mut Machine) -> Read<Value> {
        let mut open: Vec<Open> = Vec::new();
        let mut read = 0;
        loop {
            m.poll_at(read)?;
            read += 1;
            self.space();
            let mut value = match self.peek() {
                Some(b'[') => {
                    self.at += 1;
                    self.space();
                    if self.peek() != Some(b']') {
                        open.push(Open::List(Vec::new()));
                        continue;
                    }
                    self.at += 1;
                    m.empty_list()
                }
                Some(b'{') => {
                    self.at += 1;
                    self.space();
                    if self.peek() != Some(b'}') {
                        let key = self.key(m)?;
                        open.push(Open::Object { entries: Vec::new(), key });
                        continue;
                    }
                    self.at += 1;
                    m.empty_attrs().value()
                }
                _ => self.scalar(m)?,
            };
            loop {
                let Some(outer) = open.last_mut() else { return Ok(value) };
                let (close, reading) = match outer {
                    Open::List(items) => {
                        crate::memory::push(items, value);
                        (b']', "array")
                    }
                    Open::Object { entries, key } => {
                        crate::memory::push(entries, (*key, value));
                        (b'}', "object")
                    }
                };
                self.space();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if let Open::Object { key, .. } = outer {
                            *key = self.key(m)?;
                        }
                        break;
                    }
                    Some(byte) if byte == close => {
                        self.at += 1;
                        value = close_value(m, open.pop());
                    }
                    _ => {
                        let problem = format!("expected '{}'", char::from(close));
                        return Err(self.error(reading, &problem));
                    }
                }
            }
        }
    }

    fn key(&mut self, m: &mut Machine) -> Read<Symbol> {
        self.space();
        if self.peek() != Some(b'"') {
            return Err(self.error("object key", "expected string literal"));
        }
        let key = self.string()?;
        check_null(m, &key)?;
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.error("object separator", "expected ':'"));
        }
        self.at += 1;
        Ok(Symbol::intern(&key))
    }

    fn scalar(&mut self, m: &mut Machine) -> Read<Value> {
        match self.peek() {
            Some(b'"') => {
                let text = self.string()?;
                check_null(m, &text)?;
                Ok(m.string(&text))
            }
            Some(b'-' | b'0'..=b'9') => self.number(m),
            Some(b't') => self.word(b"true", Value::TRUE),
            Some(b'f') => self.word(b"false", Value::FALSE),
            Some(b'n') => self.word(b"null", Value::NULL),
            _ => Err(self.error("value", "expected '[', '{', or a literal")),
        }
    }

    fn word(&mut self, word: &[u8], value: Value) -> Read<Value> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(value);
        }
        let same = self.text[self.at..].iter().zip(word).take_while(|(a, b)| a == b).count();
        let end = (self.at + same + 1).min(self.text.len());
        let last = String::from_utf8_lossy(&self.text[self.at..end]).into_owned();
        let column = self.at + same + 1;
        Err(Failure::Syntax(format!(
            "[json.exception.parse_error.101] parse error at line 1, column {column}: syntax error \
             while parsing value - invalid literal; last read: '{last}'"
        )))
    }

    fn digits(&mut self, start: usize, after: &str) -> Read<()> {
        let count = self.text[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        if count == 0 {
            let problem = format!("invalid number; expected digit after {after}");
            return Err(self.broken(start, &problem));
        }
        self.at += count;
        Ok(())
    }

    fn number(&mut self, m: &mut Machine) -> Read<Value> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits(start, "'-'")?;
        }
        let mut is_float = false;
        if self.peek() == Some(b'.') {
            is_float = true;
            self.at += 1;
            self.digits(start, "'.'")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            is_float = true;
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits(start, "exponent")?;
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        if !is_float && let Ok(int) = text.parse::<i64>() {
            return Ok(m.int(int));
        }
        if !is_float && let Ok(large) = text.parse::<u64>() {
            let message = format!("unsigned json number {large} outside of Nix integer range");
            return Err(m.fail(ErrorKind::Eval, Pos::NONE, message).into());
        }
        match text.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(m.float(float)),
            _ => Err(Failure::Syntax(format!(
                "[json.exception.out_of_range.406] number overflow parsing '{text}'"
            ))),
        }
    }

    /// A string literal's bytes, from its quote on.
    fn string(&mut self) -> Read<Cow<'a, [u8]>> {
        let start = self.at;
        self.at += 1;
        // Most have nothing to take apart: they are where they are.
        let text = &self.text[self.at..];
        let is_plain = |b: u8| matches!(b, 0x20..0x80) & (b != b'\\');
        if let Some(end) = memchr::memchr(b'"', text)
            && text[..end].iter().fold(true, |all, &b| all & is_plain(b))
        {
            self.at += end + 1;
            return Ok(Cow::Borrowed(&text[..end]));
        }
        let mut out = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest
                .iter()
                .position(|&b| b == b'"' || b == b'\\' || b < 0x20)
                .unwrap_or(rest.len());
            out.extend_from_slice(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    if std::str::from_utf8(&out).is_err() {
                        return Err(self.broken(start, "invalid string: ill-formed UTF-8 byte"));
                    }
                    return Ok(Cow::Owned(out));
                }
                Some(b'\\') => self.escape(start, &mut out)?,
                Some(_) => {
                    let problem = "invalid string: control character must be escaped";
                    return Err(self.broken(start, problem));
                }
                None => return Err(self.broken(start, "invalid string: missing closing quote")),
            }
        }
    }

    fn escape(&mut self, start: usize, out: &mut Vec<u8>) -> Read<()> {
        self.at += 1;
        let byte = self.peek();
        self.at += 1;
        let plain = match byte {
            Some(b @ (b'"' | b'\\' | b'/')) => b,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode(start, out),
            _ => {
                self.at -= 1;
                return Err(
                    self.broken(start, "invalid string: forbidden character after backslash")
                );
            }
        };
        out.push(plain);
        Ok(())
    }

    fn unicode(&mut self, start: usize, out: &mut Vec<u8>) -> Read<()> {
        let first = self.hex(start)?;
        let code = match first {
            0xd800..=0xdbff if self.text[self.at..].starts_with(b"\\u") => {
                self.at += 2;
                let second = self.hex(start)?;
                match second {
                    0xdc00..=0xdfff => 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                    _ => first,
                }
            }
            _ => first,
        };
        match char::from_u32(code) {
            Some(c) => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                Ok(())
            }
            None => Err(self.broken(start, "invalid string: surrogate without its other half")),
        }
    }

    fn hex(&mut self, start: usize) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + 4);
        let code = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match code {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => {
                Err(self.broken(start, "invalid string: '\\u' must be followed by 4 hex digits"))
            }
        }
    }
}

fn check_null(m: &mut Machine, text: &[u8]) -> R<()> {
    if memchr::memchr(0, text).is_none() {
        return Ok(());
    }
    let shown = String::from_utf8_lossy(text).replace('\0', "␀");
    let message = format!(
        "input string '{shown}' cannot be represented as Nix string because it contains null bytes"
    );
    Err(m.fail(ErrorKind::Eval, Pos::NONE, message))
}

fn close_value(m: &mut Machine, open: Option<Open>) -> Value {
    match open {
        Some(Open::List(items)) => m.list(&items),
        Some(Open::Object { mut entries, .. }) => {
            if !entries.is_sorted_by(|a, b| a.0 < b.0) {
                // Of two with one name the builder keeps the first, JSON the last.
                entries.reverse();
            }
            let mut builder = AttrsBuilder::with_capacity(entries.len());
            for (name, value) in entries {
                builder.insert(name, value);
            }
            m.attrs(builder)
        }
        None => Value::NULL,
    }
}
