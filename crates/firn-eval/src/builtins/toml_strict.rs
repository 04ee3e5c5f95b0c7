//! What TOML 1.1 allows and TOML 1.0 does not, which is what the reference reads: other escapes, times
//! without seconds, newlines and trailing commas in inline tables. And one rule of both versions which the
//! parser doesn't check: dotted keys add nothing to a table that a header of another table made.

use std::collections::HashSet;

use toml_parser::decoder::Encoding;
use toml_parser::parser::{EventReceiver, parse_document};
use toml_parser::{ErrorSink, Source, Span};

/// Says what is wrong with a text that is valid TOML 1.1.
pub(crate) fn check(text: &str) -> Result<(), String> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut checker = Checker { text, ..Checker::default() };
    parse_document(&tokens, &mut checker, &mut ());
    match checker.problem {
        None => Ok(()),
        Some((problem, at)) => {
            let line = text[..at].matches('\n').count() + 1;
            Err(format!("{problem} (line {line})"))
        }
    }
}

#[derive(Default)]
struct Checker<'a> {
    text: &'a str,
    problem: Option<(&'static str, usize)>,
    /// Inside which brackets the parser is; true for inline tables.
    inside: Vec<bool>,
    after_comma: bool,
    /// The key being read.
    key: Vec<String>,
    in_header: bool,
    /// The table that the last header named, and all that headers made.
    header: Vec<String>,
    made: HashSet<Vec<String>>,
}

impl Checker<'_> {
    fn found(&mut self, problem: &'static str, span: Span) {
        self.problem.get_or_insert((problem, span.start()));
    }

    fn slice(&self, span: Span) -> &str {
        self.text.get(span.start()..span.end()).unwrap_or_default()
    }

    fn in_inline_table(&self) -> bool {
        self.inside.last() == Some(&true)
    }

    fn header_read(&mut self, repeats: bool) {
        self.in_header = false;
        self.header = std::mem::take(&mut self.key);
        if repeats {
            // The next element of an array of tables begins with nothing in it.
            let start = self.header.clone();
            self.made.retain(|made| !made.starts_with(&start));
        }
        for end in 1..=self.header.len() {
            self.made.insert(self.header[..end].to_vec());
        }
    }

    fn check_escapes(&mut self, span: Span, kind: Option<Encoding>) {
        if !matches!(kind, Some(Encoding::BasicString | Encoding::MlBasicString)) {
            return;
        }
        let mut bytes = self.slice(span).bytes();
        let mut wrong = false;
        while let Some(byte) = bytes.next() {
            wrong |= byte == b'\\' && matches!(bytes.next(), Some(b'x' | b'e'));
        }
        if wrong {
            self.found("the escapes \\x and \\e are not part of TOML 1.0", span);
        }
    }
}

/// Whether it is a time, perhaps behind a date, that has no seconds.
fn lacks_seconds(text: &str) -> bool {
    let Some(colon) = text.find(':') else { return false };
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.as_bytes().get(colon + 3).is_none_or(|&byte| byte != b':')
}

impl EventReceiver for Checker<'_> {
    fn std_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.in_header = true;
        self.key.clear();
    }

    fn std_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.header_read(false);
    }

    fn array_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.in_header = true;
        self.key.clear();
    }

    fn array_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.header_read(true);
    }

    fn inline_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) -> bool {
        self.inside.push(true);
        self.after_comma = false;
        true
    }

    fn inline_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.inside.pop();
        if self.after_comma {
            self.found("an inline table of TOML 1.0 has no comma behind its last value", span);
        }
        self.after_comma = false;
    }

    fn array_open(&mut self, _: Span, _: &mut dyn ErrorSink) -> bool {
        self.inside.push(false);
        true
    }

    fn array_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.inside.pop();
        self.after_comma = false;
    }

    fn value_sep(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.after_comma = self.in_inline_table();
    }

    fn newline(&mut self, span: Span, _: &mut dyn ErrorSink) {
        if self.in_inline_table() {
            self.found("an inline table of TOML 1.0 is one line", span);
        }
        if self.inside.is_empty() {
            self.key.clear();
        }
    }

    fn simple_key(&mut self, span: Span, kind: Option<Encoding>, _: &mut dyn ErrorSink) {
        self.after_comma = false;
        self.check_escapes(span, kind);
        let raw = self.slice(span);
        let name = raw.trim_matches(if raw.starts_with('\'') { '\'' } else { '"' }).to_owned();
        if self.inside.is_empty() {
            self.key.push(name);
        }
    }

    fn key_val_sep(&mut self, span: Span, _: &mut dyn ErrorSink) {
        if !self.inside.is_empty() || self.in_header {
            return;
        }
        let key = std::mem::take(&mut self.key);
        let mut path = self.header.clone();
        for part in key.iter().take(key.len().saturating_sub(1)) {
            path.push(part.clone());
            if self.made.contains(&path) {
                self.found("a dotted key adds to a table that was defined elsewhere", span);
            }
        }
    }

    fn scalar(&mut self, span: Span, kind: Option<Encoding>, _: &mut dyn ErrorSink) {
        self.after_comma = false;
        self.check_escapes(span, kind);
        if kind.is_none() && lacks_seconds(self.slice(span)) {
            self.found("a time of TOML 1.0 has seconds", span);
        }
    }
}
