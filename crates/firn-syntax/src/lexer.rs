//! Tokens of everything outside strings and paths.
//!
//! The parser asks for one token at a time and scans the insides of strings and paths itself, so
//! there is no stack of lexer states. What is longest wins, as in any `lex` grammar: `a.b/c` is a
//! path, `a:b` a URL, `x: y` neither.

use crate::ast::Doc;
use crate::symbol::{LAST_KEYWORD, Symbol, sym};

/// Kinds of tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Tok {
    Eof,
    Invalid,
    Id,
    Str,
    IndStr,
    Int,
    Float,
    Path,
    HomePath,
    SearchPath,
    PathEnd,
    Uri,
    If,
    Then,
    Else,
    Assert,
    With,
    Let,
    In,
    Rec,
    Inherit,
    Eq,
    NotEq,
    LessEq,
    GreaterEq,
    Update,
    Concat,
    And,
    Or,
    Implies,
    OrWord,
    PipeFrom,
    PipeInto,
    Dollar,
    IndOpen,
    IndClose,
    Ellipsis,
    Less,
    Greater,
    Plus,
    Minus,
    Star,
    Slash,
    Question,
    Colon,
    At,
    Semi,
    Not,
    Dot,
    Quote,
    ParenOpen,
    ParenClose,
    BraceOpen,
    BraceClose,
    BracketOpen,
    BracketClose,
    Assign,
    Comma,
}

impl Tok {
    /// The token in the words of CppNix's messages. The order of the kinds is also the order in
    /// which its messages list what was expected.
    pub(crate) fn describe(self) -> &'static str {
        use Tok::*;
        match self {
            Eof => "end of file",
            Invalid => "invalid token",
            Id => "identifier",
            Str => "string",
            IndStr => "indented string",
            Int => "integer",
            Float => "floating-point literal",
            Path => "path",
            HomePath => "'~/…' path",
            SearchPath => "'<…>' path",
            PathEnd => "end of path",
            Uri => "URI",
            If => "'if'",
            Then => "'then'",
            Else => "'else'",
            Assert => "'assert'",
            With => "'with'",
            Let => "'let'",
            In => "'in'",
            Rec => "'rec'",
            Inherit => "'inherit'",
            Eq => "'=='",
            NotEq => "'!='",
            LessEq => "'<='",
            GreaterEq => "'>='",
            Update => "'//'",
            Concat => "'++'",
            And => "'&&'",
            Or => "'||'",
            Implies => "'->'",
            OrWord => "'or'",
            PipeFrom => "'<|'",
            PipeInto => "'|>'",
            Dollar => "'${'",
            IndOpen => "start of an indented string",
            IndClose => "end of an indented string",
            Ellipsis => "'...'",
            Less => "'<'",
            Greater => "'>'",
            Plus => "'+'",
            Minus => "'-'",
            Star => "'*'",
            Slash => "'/'",
            Question => "'?'",
            Colon => "':'",
            At => "'@'",
            Semi => "';'",
            Not => "'!'",
            Dot => "'.'",
            Quote => "'\"'",
            ParenOpen => "'('",
            ParenClose => "')'",
            BraceOpen => "'{'",
            BraceClose => "'}'",
            BracketOpen => "'['",
            BracketClose => "']'",
            Assign => "'='",
            Comma => "','",
        }
    }
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Tok,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// The name of an identifier (or `or`).
    pub(crate) symbol: Symbol,
}

/// What stops the lexer. Offsets are those of the token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LexError {
    InvalidInteger(u32, u32),
    PipesDisabled(u32, u32),
}

// Classes of bytes.
const SPACE: u8 = 1;
const ID_START: u8 = 2;
const ID: u8 = 4;
const PATH: u8 = 8;
const URI: u8 = 16;
const SCHEME: u8 = 32;
const DIGIT: u8 = 64;

static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let byte = i as u8;
        let mut class = 0;
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            class |= SPACE;
        }
        if byte.is_ascii_alphabetic() || byte == b'_' {
            class |= ID_START;
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'\'' | b'-') {
            class |= ID;
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+') {
            class |= PATH;
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.') {
            class |= SCHEME;
        }
        if byte.is_ascii_digit() {
            class |= DIGIT;
        }
        table[i] = class;
        i += 1;
    }
    let uri = b"%/?:@&=+$,-_.!~*'";
    let mut i = 0;
    while i < uri.len() {
        table[uri[i] as usize] |= URI;
        i += 1;
    }
    let mut i = 0;
    while i < 256 {
        if (i as u8).is_ascii_alphanumeric() {
            table[i] |= URI;
        }
        i += 1;
    }
    table
}

/// Whether a byte may be part of a path literal.
pub(crate) fn is_path_byte(byte: u8) -> bool {
    CLASS[byte as usize] & PATH != 0
}

/// Where in the text the lexer is.
pub(crate) struct Lexer<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) pos: usize,
    /// The doc comments passed so far.
    pub(crate) docs: Vec<Doc>,
    pipes: bool,
    /// Up to here the text is one run of path bytes which no `/` follows.
    plain_until: usize,
    /// Up to here the text is one run of bytes of a URL's scheme which no URL follows.
    no_url_until: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a [u8], pipes: bool) -> Lexer<'a> {
        Lexer { text, pos: 0, docs: Vec::new(), pipes, plain_until: 0, no_url_until: 0 }
    }

    /// The byte at an offset; 0 past the end.
    #[inline]
    pub(crate) fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    #[inline]
    fn is(&self, at: usize, class: u8) -> bool {
        CLASS[self.byte(at) as usize] & class != 0
    }

    /// The offset of the first byte from `at` on that is not of this class.
    #[inline]
    fn skip(&self, mut at: usize, class: u8) -> usize {
        while self.is(at, class) {
            at += 1;
        }
        at
    }

    /// Passes white space and comments and scans the token after them.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Token, LexError> {
        let doc = self.skip_trivia();
        let start = self.pos;
        if let Some((from, to)) = doc {
            self.docs.push(Doc { pos: start as u32, start: from, end: to });
        }
        let mut symbol = sym::EMPTY;
        let first = self.byte(start);
        let kind = if CLASS[first as usize] & ID_START != 0 {
            self.word(&mut symbol)
        } else {
            self.other(first)?
        };
        Ok(Token { kind, start: start as u32, end: self.pos as u32, symbol })
    }

    /// Returns the last doc comment passed.
    #[inline]
    fn skip_trivia(&mut self) -> Option<(u32, u32)> {
        let mut doc = None;
        loop {
            self.pos = self.skip(self.pos, SPACE);
            match self.byte(self.pos) {
                b'#' => self.pos = self.end_of_line(self.pos),
                b'/' if self.byte(self.pos + 1) == b'*' => {
                    let Some(end) = self.end_of_comment(self.pos + 2) else { return doc };
                    let third = self.byte(self.pos + 3);
                    let is_doc = self.byte(self.pos + 2) == b'*' && !matches!(third, b'*' | b'/');
                    if is_doc {
                        doc = Some((self.pos as u32, end as u32));
                    }
                    self.pos = end;
                }
                _ => return doc,
            }
        }
    }

    #[inline]
    fn end_of_line(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        at + memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())
    }

    /// The offset after `*/`.
    fn end_of_comment(&self, mut at: usize) -> Option<usize> {
        loop {
            at += memchr::memchr(b'*', self.text.get(at..)?)? + 1;
            if self.byte(at) == b'/' {
                return Some(at + 1);
            }
        }
    }

    /// An identifier, a keyword, or a path or URL that begins with a letter.
    #[inline]
    fn word(&mut self, symbol: &mut Symbol) -> Tok {
        let start = self.pos;
        let end = self.skip(start + 1, ID);
        if matches!(self.byte(end), b'.' | b'/' | b':' | b'+')
            && let Some(kind) = self.long_word(start, end)
        {
            return kind;
        }
        self.pos = end;
        *symbol = Symbol::intern(&self.text[start..end]);
        if symbol.as_u32() <= LAST_KEYWORD { keyword(*symbol) } else { Tok::Id }
    }

    /// A path or URL that goes on where the identifier `start..end` stops.
    #[inline]
    fn long_word(&mut self, start: usize, end: usize) -> Option<Tok> {
        if end > self.plain_until && self.path(start) {
            return Some(Tok::Path);
        }
        if end <= self.no_url_until || (self.byte(end) == b':' && !self.is(end + 1, URI)) {
            return None;
        }
        let colon = self.skip(start, SCHEME);
        if self.byte(colon) != b':' || !self.is(colon + 1, URI) {
            self.no_url_until = colon;
            return None;
        }
        // A `_` or `'` in the identifier ends the scheme before the colon.
        (colon >= end).then(|| {
            self.pos = self.skip(colon + 1, URI);
            Tok::Uri
        })
    }

    /// Whether a path begins here; passes it, but leaves what follows an interpolation.
    #[inline]
    fn path(&mut self, start: usize) -> bool {
        let run = self.skip(start, PATH);
        if self.byte(run) != b'/' {
            self.plain_until = run;
            return false;
        }
        let interpolated = self.byte(run + 1) == b'$' && self.byte(run + 2) == b'{';
        if interpolated {
            self.pos = run + 1;
            return true;
        }
        if !self.is(run + 1, PATH) {
            self.plain_until = run;
            return false;
        }
        self.pos = self.path_segments(run);
        true
    }

    /// Passes `/a/b` and a `/` after it.
    fn path_segments(&self, mut at: usize) -> usize {
        while self.byte(at) == b'/' && self.is(at + 1, PATH) {
            at = self.skip(at + 1, PATH);
        }
        if self.byte(at) == b'/' { at + 1 } else { at }
    }

    /// The next literal stretch inside a path with interpolations; empty where the path ends.
    pub(crate) fn path_stretch(&self, at: usize) -> usize {
        let run = self.skip(at, PATH);
        if self.byte(run) != b'/' {
            run
        } else if self.is(run + 1, PATH) {
            self.path_segments(run)
        } else {
            run + 1
        }
    }

    fn other(&mut self, first: u8) -> Result<Tok, LexError> {
        let start = self.pos;
        let second = self.byte(start + 1);
        // Numbers and `. + - /` may begin a path.
        if CLASS[first as usize] & PATH != 0 || first == b'/' {
            return self.number_or_path(first, second);
        }
        let (kind, len) = match (first, second) {
            (b'=', b'=') => (Tok::Eq, 2),
            (b'=', _) => (Tok::Assign, 1),
            (b';', _) => (Tok::Semi, 1),
            (b'{', _) => (Tok::BraceOpen, 1),
            (b'}', _) => (Tok::BraceClose, 1),
            (b'(', _) => (Tok::ParenOpen, 1),
            (b')', _) => (Tok::ParenClose, 1),
            (b'[', _) => (Tok::BracketOpen, 1),
            (b']', _) => (Tok::BracketClose, 1),
            (b'"', _) => (Tok::Quote, 1),
            (b':', _) => (Tok::Colon, 1),
            (b',', _) => (Tok::Comma, 1),
            (b'?', _) => (Tok::Question, 1),
            (b'@', _) => (Tok::At, 1),
            (b'$', b'{') => (Tok::Dollar, 2),
            (b'\'', b'\'') => (Tok::IndOpen, self.indented_open(start) - start),
            (b'!', b'=') => (Tok::NotEq, 2),
            (b'!', _) => (Tok::Not, 1),
            (b'<', _) => self.less(start),
            (b'>', b'=') => (Tok::GreaterEq, 2),
            (b'>', _) => (Tok::Greater, 1),
            (b'&', b'&') => (Tok::And, 2),
            (b'|', b'|') => (Tok::Or, 2),
            (b'|', b'>') => (Tok::PipeInto, 2),
            (b'*', _) => (Tok::Star, 1),
            (b'~', b'/') => self.home_path(start),
            // CppNix's lexer hands a NUL to the parser as the end of the file.
            (0, _) => (Tok::Eof, usize::from(start < self.text.len())),
            _ => (Tok::Invalid, 1),
        };
        self.pos = start + len;
        if matches!(kind, Tok::PipeInto | Tok::PipeFrom) && !self.pipes {
            return Err(LexError::PipesDisabled(start as u32, self.pos as u32));
        }
        Ok(kind)
    }

    fn number_or_path(&mut self, first: u8, second: u8) -> Result<Tok, LexError> {
        let start = self.pos;
        if start >= self.plain_until && self.path(start) {
            return Ok(Tok::Path);
        }
        if CLASS[first as usize] & DIGIT != 0 || (first == b'.' && self.is(start + 1, DIGIT)) {
            return self.number(start);
        }
        let (kind, len) = match (first, second) {
            (b'.', b'.') if self.byte(start + 2) == b'.' => (Tok::Ellipsis, 3),
            (b'.', _) => (Tok::Dot, 1),
            (b'+', b'+') => (Tok::Concat, 2),
            (b'+', _) => (Tok::Plus, 1),
            (b'-', b'>') => (Tok::Implies, 2),
            (b'-', _) => (Tok::Minus, 1),
            (_, b'/') => (Tok::Update, 2),
            _ => (Tok::Slash, 1),
        };
        self.pos = start + len;
        Ok(kind)
    }

    fn number(&mut self, start: usize) -> Result<Tok, LexError> {
        let digits = self.skip(start, DIGIT);
        let leading_zero = self.byte(start) == b'0';
        let is_float = self.byte(digits) == b'.'
            && (!leading_zero || (digits == start + 1 && self.is(digits + 1, DIGIT)));
        if !is_float {
            self.pos = digits;
            let fits = digits - start < 19
                || std::str::from_utf8(&self.text[start..digits])
                    .is_ok_and(|digits| digits.parse::<i64>().is_ok());
            return match fits {
                true => Ok(Tok::Int),
                false => Err(LexError::InvalidInteger(start as u32, digits as u32)),
            };
        }
        self.pos = self.skip(digits + 1, DIGIT);
        if matches!(self.byte(self.pos), b'e' | b'E') {
            let sign = usize::from(matches!(self.byte(self.pos + 1), b'+' | b'-'));
            let exponent = self.pos + 1 + sign;
            if self.is(exponent, DIGIT) {
                self.pos = self.skip(exponent, DIGIT);
            }
        }
        Ok(Tok::Float)
    }

    fn less(&self, start: usize) -> (Tok, usize) {
        let mut end = self.skip(start + 1, PATH);
        if end > start + 1 {
            while self.byte(end) == b'/' && self.is(end + 1, PATH) {
                end = self.skip(end + 1, PATH);
            }
            if self.byte(end) == b'>' {
                return (Tok::SearchPath, end + 1 - start);
            }
        }
        match self.byte(start + 1) {
            b'=' => (Tok::LessEq, 2),
            b'|' => (Tok::PipeFrom, 2),
            _ => (Tok::Less, 1),
        }
    }

    fn home_path(&self, start: usize) -> (Tok, usize) {
        if self.byte(start + 2) == b'$' && self.byte(start + 3) == b'{' {
            (Tok::HomePath, 2)
        } else if self.is(start + 2, PATH) {
            (Tok::HomePath, self.path_segments(start + 1) - start)
        } else {
            (Tok::Invalid, 1)
        }
    }

    /// Passes `''` and the rest of its line if that is blank.
    fn indented_open(&self, start: usize) -> usize {
        let mut at = start + 2;
        while self.byte(at) == b' ' {
            at += 1;
        }
        if self.byte(at) == b'\n' { at + 1 } else { start + 2 }
    }
}

fn keyword(symbol: Symbol) -> Tok {
    match symbol {
        sym::KW_IF => Tok::If,
        sym::KW_THEN => Tok::Then,
        sym::KW_ELSE => Tok::Else,
        sym::KW_ASSERT => Tok::Assert,
        sym::KW_WITH => Tok::With,
        sym::KW_LET => Tok::Let,
        sym::KW_IN => Tok::In,
        sym::KW_REC => Tok::Rec,
        sym::KW_INHERIT => Tok::Inherit,
        sym::OR => Tok::OrWord,
        _ => Tok::Id,
    }
}
