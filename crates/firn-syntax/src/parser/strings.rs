//! Strings, indented strings and paths: everything that the lexer leaves to the parser.

use super::{Parser, Res};
use crate::ast::{AttrName, Expr, ExprId, Part, PathKind, Range32, Text};
use crate::lexer::{Tok, Token, is_path_byte};
use crate::symbol::{Symbol, sym};

/// What a string turned out to be.
enum Parts {
    Plain(Text),
    Many(Range32),
}

/// One piece of an indented string before its indentation is taken off.
#[derive(Clone, Copy)]
pub(super) struct Segment {
    content: Content,
    pos: u32,
}

#[derive(Clone, Copy)]
enum Content {
    /// A stretch of the source, in which indentation counts.
    Source {
        start: usize,
        end: usize,
    },
    /// Text that an escape stands for.
    Escaped(&'static [u8]),
    /// The byte after `''\`.
    Byte(u8),
    Expr(ExprId),
}

/// Bytes that end a plain stretch of a string.
static SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let special = b"\"\\$\r\0";
    let mut i = 0;
    while i < special.len() {
        table[special[i] as usize] = true;
        i += 1;
    }
    table
};

fn escape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        other => other,
    }
}

impl Parser<'_> {
    /// Copies source text to the table of texts.
    pub(super) fn copy_text(&mut self, start: u32, end: u32) -> Text {
        let at = self.texts.len();
        self.texts.extend_from_slice(&self.lexer.text[start as usize..end as usize]);
        self.text_since(at)
    }

    /// `"…"`
    pub(super) fn string(&mut self) -> Res<ExprId> {
        let start = self.tok.start;
        let expr = match self.string_parts()? {
            Parts::Plain(text) => Expr::Str(text),
            Parts::Many(parts) => Expr::Interpolated(parts),
        };
        Ok(self.push(expr, start))
    }

    /// `"…"` as an attribute name.
    pub(super) fn quoted_name(&mut self) -> Res<AttrName> {
        let start = self.tok.start;
        match self.string_parts()? {
            Parts::Plain(text) => {
                let name = Symbol::intern(&self.texts[text.0.indices()]);
                self.texts.truncate(text.0.start as usize);
                Ok(AttrName::Static(name))
            }
            Parts::Many(parts) => {
                Ok(AttrName::Dynamic(self.push(Expr::Interpolated(parts), start)))
            }
        }
    }

    fn string_parts(&mut self) -> Res<Parts> {
        let mark = self.part_stack.len();
        let mut at = self.tok.end as usize;
        loop {
            let text_start = self.texts.len();
            let end = self.string_stretch(at)?;
            let text = self.text_since(text_start);
            let closed = self.lexer.text[end] == b'"';
            if closed && self.part_stack.len() == mark {
                self.resume(end + 1)?;
                return Ok(Parts::Plain(text));
            }
            if end > at {
                let expr = self.push_span(Expr::Str(text), at as u32, end as u32);
                self.part_stack.push(Part { expr, pos: at as u32 });
            }
            if closed {
                self.resume(end + 1)?;
                return Ok(Parts::Many(self.take_parts(mark)));
            }
            at = self.interpolation(end)?;
        }
    }

    fn take_parts(&mut self, mark: usize) -> Range32 {
        let start = self.parts.len() as u32;
        self.parts.extend(self.part_stack.drain(mark..));
        Range32 { start, len: self.parts.len() as u32 - start }
    }

    /// `${ … }` from the offset `at`; returns the offset after it.
    fn interpolation(&mut self, at: usize) -> Res<usize> {
        let expr = self.interpolated(at)?;
        self.part_stack.push(Part { expr, pos: at as u32 });
        Ok(self.tok.end as usize)
    }

    fn interpolated(&mut self, at: usize) -> Res<ExprId> {
        self.resume(at + 2)?;
        let expr = self.expr()?;
        match self.tok.kind {
            Tok::BraceClose => Ok(expr),
            _ => Err(self.unexpected(&[Tok::BraceClose])),
        }
    }

    /// Copies text from `at` to the next `"` or `${`, whose offset it returns, with its escapes
    /// replaced and its line ends made `\n`.
    fn string_stretch(&mut self, at: usize) -> Res<usize> {
        let text = self.lexer.text;
        let (mut i, mut copied) = (at, at);
        let mut null = false;
        loop {
            while i < text.len() && !SPECIAL[text[i] as usize] {
                i += 1;
            }
            let (Some(&byte), next) = (text.get(i), text.get(i + 1)) else {
                return Err(self.open_string(&[Tok::Quote]));
            };
            match (byte, next) {
                (b'"', _) | (b'$', Some(b'{')) => break,
                (b'\\' | b'$', None) => return Err(self.open_string(&[Tok::Quote])),
                (b'\\', Some(&escaped)) => {
                    self.texts.extend_from_slice(&text[copied..i]);
                    self.texts.push(escape(escaped));
                    i += 2;
                    copied = i;
                }
                (b'$', Some(b'$')) => i += 2,
                (b'\r', _) => {
                    self.texts.extend_from_slice(&text[copied..i]);
                    self.texts.push(b'\n');
                    i += if next == Some(&b'\n') { 2 } else { 1 };
                    copied = i;
                }
                (byte, _) => {
                    null |= byte == 0;
                    i += 1;
                }
            }
        }
        self.texts.extend_from_slice(&text[copied..i]);
        if null {
            return Err(self.null_byte(at, i));
        }
        Ok(i)
    }

    fn null_byte(&self, start: usize, end: usize) -> Box<firn_diag::Diagnostic> {
        let text = String::from_utf8_lossy(&self.lexer.text[start..end]).replace('\0', "␀");
        let message = format!(
            "input string '{text}' cannot be represented as Nix string because it contains null bytes"
        );
        self.error("parse.null-byte", message, start as u32, end as u32)
    }

    /// The text ends inside a string.
    fn open_string(&mut self, expected: &[Tok]) -> Box<firn_diag::Diagnostic> {
        let opened = self.tok.start;
        let end = self.lexer.text.len() as u32;
        let token = Token { kind: Tok::Eof, start: end, end, symbol: sym::EMPTY };
        let mut diagnostic = self.unexpected_token(token, expected);
        self.label(&mut diagnostic, opened, "the string, or its last `${…}`, begins here");
        diagnostic
    }

    /// `''…''`
    pub(super) fn indented_string(&mut self) -> Res<ExprId> {
        let start = self.tok.start;
        let mark = self.segments.len();
        let mut at = self.tok.end as usize;
        loop {
            let pos = at as u32;
            let (content, end) = match self.indented_piece(at)? {
                (Some(content), end) => (content, end),
                (None, end) => {
                    self.resume(end)?;
                    break;
                }
            };
            at = end;
            self.segments.push(Segment { content, pos });
        }
        let expr = self.strip_indentation(mark);
        self.segments.truncate(mark);
        Ok(self.push(expr, start))
    }

    /// The piece of an indented string at an offset, and the offset after it; no content where the
    /// string ends.
    fn indented_piece(&mut self, at: usize) -> Res<(Option<Content>, usize)> {
        let text = self.lexer.text;
        let byte = |i: usize| text.get(i).copied();
        let stretch = indented_stretch(text, at);
        if stretch > at {
            if text[at..stretch].contains(&0) {
                return Err(self.null_byte(at, stretch));
            }
            return Ok((Some(Content::Source { start: at, end: stretch }), stretch));
        }
        let piece = match (byte(at), byte(at + 1), byte(at + 2)) {
            (None, ..) => {
                return Err(self.open_string(&[Tok::IndStr, Tok::Dollar, Tok::IndClose]));
            }
            (Some(b'$'), Some(b'{'), _) => {
                let expr = self.interpolated(at)?;
                (Some(Content::Expr(expr)), self.tok.end as usize)
            }
            (Some(b'$'), ..) => (Some(Content::Escaped(b"$")), at + 1),
            (_, Some(b'\''), Some(b'$')) => (Some(Content::Escaped(b"$")), at + 3),
            (_, Some(b'\''), Some(b'\'')) => (Some(Content::Escaped(b"''")), at + 3),
            (_, Some(b'\''), Some(b'\\')) if at + 3 < text.len() => {
                (Some(Content::Byte(escape(text[at + 3]))), at + 4)
            }
            (_, Some(b'\''), _) => (None, at + 2),
            _ => (Some(Content::Escaped(b"'")), at + 1),
        };
        Ok(piece)
    }

    /// The string of the segments since `mark`, without the indentation that all lines share.
    fn strip_indentation(&mut self, mark: usize) -> Expr {
        let indentation = self.indentation(mark);
        let parts_mark = self.part_stack.len();
        let (mut line_start, mut dropped) = (true, 0);
        for i in mark..self.segments.len() {
            let Segment { content, pos } = self.segments[i];
            let text_start = self.texts.len();
            let mut out = Strip { indentation, line_start, dropped };
            let single;
            let bytes: &[u8] = match content {
                Content::Expr(expr) => {
                    self.part_stack.push(Part { expr, pos });
                    (line_start, dropped) = (false, 0);
                    continue;
                }
                Content::Source { start, end } => &self.lexer.text[start..end],
                Content::Escaped(text) => text,
                Content::Byte(byte) => {
                    single = [byte];
                    &single
                }
            };
            out.strip(bytes, &mut self.texts);
            (line_start, dropped) = (out.line_start, out.dropped);
            if i + 1 == self.segments.len() {
                drop_blank_last_line(&mut self.texts, text_start);
            }
            if self.texts.len() > text_start {
                let text = self.text_since(text_start);
                let end = pos + bytes_len(content);
                let expr = self.push_span(Expr::Str(text), pos, end);
                self.part_stack.push(Part { expr, pos });
            }
        }
        match self.part_stack[parts_mark..] {
            [] => Expr::Str(Text::default()),
            [Part { expr, .. }] if matches!(self.exprs[expr.0 as usize], Expr::Str(_)) => {
                self.part_stack.truncate(parts_mark);
                self.exprs[expr.0 as usize]
            }
            _ => Expr::Interpolated(self.take_parts(parts_mark)),
        }
    }

    /// The least indentation of a line that has more than white space.
    fn indentation(&self, mark: usize) -> usize {
        let (mut least, mut current, mut line_start) = (1_000_000, 0, true);
        for segment in &self.segments[mark..] {
            let Content::Source { start, end } = segment.content else {
                if line_start {
                    line_start = false;
                    least = least.min(current);
                }
                continue;
            };
            let mut rest = &self.lexer.text[start..end];
            while let Some((&first, after)) = rest.split_first() {
                if !line_start {
                    let Some(newline) = memchr::memchr(b'\n', rest) else { break };
                    (line_start, current) = (true, 0);
                    rest = &rest[newline + 1..];
                    continue;
                }
                match first {
                    b' ' => current += 1,
                    b'\n' => current = 0,
                    _ => {
                        line_start = false;
                        least = least.min(current);
                    }
                }
                rest = after;
            }
        }
        least
    }

    /// A path literal, with or without interpolations.
    pub(super) fn path(&mut self) -> Res<ExprId> {
        let token = self.tok;
        let (start, mut at) = (token.start, token.end as usize);
        let first = self.path_literal(token)?;
        if !self.path_goes_on(at) {
            return self.end_path(at, start).map(|()| first);
        }
        let mark = self.part_stack.len();
        self.part_stack.push(Part { expr: first, pos: start });
        let mut interpolated = false;
        let mut stretch_start = start;
        while self.path_goes_on(at) {
            stretch_start = at as u32;
            if self.lexer.byte(at) == b'$' {
                interpolated = true;
                at = self.interpolation(at)?;
                continue;
            }
            let end = self.lexer.path_stretch(at);
            if !interpolated && self.part_stack.len() > mark + 1 {
                return Err(self.misplaced(Tok::Str, at, end));
            }
            let text = self.copy_text(at as u32, end as u32);
            let expr = self.push_span(Expr::Str(text), at as u32, end as u32);
            self.part_stack.push(Part { expr, pos: at as u32 });
            at = end;
        }
        if !interpolated && self.lexer.text[at - 1] != b'/' {
            // CppNix places the end of a path at its last stretch, or before it at the file's end.
            let place = if at == self.lexer.text.len() { start } else { stretch_start };
            return Err(self.misplaced(Tok::PathEnd, place as usize, at));
        }
        self.end_path(at, stretch_start)?;
        let parts = self.take_parts(mark);
        Ok(self.push(Expr::InterpolatedPath(parts), start))
    }

    fn misplaced(&mut self, kind: Tok, start: usize, end: usize) -> Box<firn_diag::Diagnostic> {
        let token = Token { kind, start: start as u32, end: end as u32, symbol: sym::EMPTY };
        self.unexpected_token(token, &[Tok::Dollar])
    }

    fn path_goes_on(&self, at: usize) -> bool {
        match self.lexer.byte(at) {
            b'$' => self.lexer.byte(at + 1) == b'{',
            b'/' => true,
            byte => is_path_byte(byte),
        }
    }

    fn end_path(&mut self, at: usize, stretch_start: u32) -> Res<()> {
        if self.lexer.text[at - 1] == b'/' {
            let at_end = at == self.lexer.text.len();
            let pos = if at_end { stretch_start } else { at as u32 };
            let message = "path has a trailing slash".into();
            let mut d = self.error("parse.trailing-slash", message, pos, pos + 1);
            d.help.push("a path ends with a name: remove the last `/`".into());
            return Err(d);
        }
        self.last_path = (at as u32, stretch_start);
        self.resume(at)
    }

    fn path_literal(&mut self, token: Token) -> Res<ExprId> {
        let source = self.lexer.text;
        let literal = &source[token.start as usize..token.end as usize];
        let span = (token.start, token.end);
        let shown = || String::from_utf8_lossy(literal).into_owned();
        let kind = match literal.first() {
            Some(b'~') => PathKind::Home,
            Some(b'/') => PathKind::Absolute,
            _ => PathKind::Relative,
        };
        if kind == PathKind::Home && self.options.pure {
            let message = format!("the path '{}' can not be resolved in pure mode", shown());
            let mut d = self.error("parse.home-path-in-pure-mode", message, token.start, token.end);
            d.help.push("use a path relative to the file, or evaluate with --impure".into());
            return Err(d);
        }
        let word = match kind {
            PathKind::Home => "home",
            _ => "absolute",
        };
        if kind != PathKind::Relative {
            let lint = self.options.absolute_path_literals;
            let message = format!(
                "{word} path literals are not portable. Consider replacing path literal '{}' by a \
                 string, relative path, or parameter",
                shown()
            );
            self.lint(lint, "lint-absolute-path-literals", message, span)?;
        } else if literal.first() != Some(&b'.') {
            let message = format!(
                "relative path literal '{0}' should be prefixed with '.' for clarity: './{0}'",
                shown()
            );
            let lint = self.options.short_path_literals;
            self.lint(lint, "lint-short-path-literals", message, span)?;
        }
        let text = self.copy_text(token.start, token.end);
        Ok(self.push_span(Expr::Path(kind, text), token.start, token.end))
    }
}

/// The end of the stretch at `at` in which nothing is escaped, interpolated or closed. `$` and `'`
/// belong to it together with the byte after them, unless that makes them special.
fn indented_stretch(text: &[u8], at: usize) -> usize {
    let mut i = at;
    loop {
        let Some(found) = memchr::memchr2(b'$', b'\'', &text[i..]) else { return text.len() };
        i += found;
        let plain = match (text[i], text.get(i + 1)) {
            (_, None) => false,
            (b'$', Some(next)) => !matches!(next, b'{' | b'\''),
            (_, Some(next)) => !matches!(next, b'\'' | b'$'),
        };
        if !plain {
            return i;
        }
        i += 2;
    }
}

fn bytes_len(content: Content) -> u32 {
    match content {
        Content::Source { start, end } => (end - start) as u32,
        Content::Escaped(text) => text.len() as u32 + 2,
        Content::Byte(_) => 4,
        Content::Expr(_) => 0,
    }
}

/// Takes indentation off, over several stretches.
struct Strip {
    indentation: usize,
    line_start: bool,
    dropped: usize,
}

impl Strip {
    fn strip(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while let Some((&first, rest)) = bytes.split_first() {
            if !self.line_start {
                let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |newline| newline + 1);
                out.extend_from_slice(&bytes[..end]);
                self.line_start = bytes[end - 1] == b'\n';
                bytes = &bytes[end..];
                continue;
            }
            match first {
                b' ' => {
                    if self.dropped >= self.indentation {
                        out.push(b' ');
                    }
                    self.dropped += 1;
                }
                b'\n' => {
                    self.dropped = 0;
                    out.push(b'\n');
                }
                _ => {
                    self.line_start = false;
                    self.dropped = 0;
                    out.push(first);
                    // A byte that ends no line: go on behind it.
                }
            }
            bytes = rest;
        }
    }
}

/// Cuts spaces after the last line end.
fn drop_blank_last_line(texts: &mut Vec<u8>, start: usize) {
    if let Some(newline) = memchr::memrchr(b'\n', &texts[start..]) {
        let after = start + newline + 1;
        if texts[after..].iter().all(|&byte| byte == b' ') {
            texts.truncate(after);
        }
    }
}
