//! Bracket expressions of regular expressions: `[a-z]`, `[^[:space:]]`, as libstdc++ reads them in
//! the C locale, where characters are signed bytes.

use std::fmt::Write;

/// A set of bytes.
pub(crate) struct BracketSet {
    bytes: [bool; 256],
    negated: bool,
}

impl BracketSet {
    fn add(&mut self, contains: impl Fn(u8) -> bool) {
        (0..=255u8).filter(|&b| contains(b)).for_each(|b| self.bytes[b as usize] = true);
    }

    /// Writes it for `regex-automata`.
    pub fn write(&self, out: &mut String) {
        out.push('[');
        let mut byte = 0;
        let mut empty = true;
        while byte < 256 {
            if self.bytes[byte] == self.negated {
                byte += 1;
                continue;
            }
            let start = byte;
            while byte < 256 && self.bytes[byte] != self.negated {
                byte += 1;
            }
            empty = false;
            let _ = write!(out, "\\x{start:02x}-\\x{:02x}", byte - 1);
        }
        if empty {
            // A set of nothing: the complement of all bytes.
            out.push_str("^\\x00-\\xff");
        }
        out.push(']');
    }
}

/// What stands before a `-`.
#[derive(Clone, Copy)]
enum Last {
    /// Nothing, or a range.
    Nothing,
    Byte(u8),
    Class,
}

/// A piece of a bracket expression.
enum Token<'a> {
    End,
    Dash,
    Byte(u8),
    /// `[:name:]`, `[.name.]` or `[=name=]`.
    Named(u8, &'a [u8]),
}

struct Reader<'a> {
    source: &'a [u8],
    at: usize,
    set: BracketSet,
    last: Last,
}

/// Reads a bracket expression from behind its `[` on; returns also how long it was. Nothing if it is
/// not valid.
pub(crate) fn read(source: &[u8]) -> Option<(BracketSet, usize)> {
    let negated = source.first() == Some(&b'^');
    let set = BracketSet { bytes: [false; 256], negated };
    let mut reader = Reader { source, at: usize::from(negated), set, last: Last::Nothing };
    reader.first()?;
    while reader.term()? {}
    reader.push(Last::Nothing);
    Some((reader.set, reader.at))
}

impl<'a> Reader<'a> {
    /// `]` and `-` mean themselves at the beginning.
    fn first(&mut self) -> Option<()> {
        let &byte = self.source.get(self.at)?;
        if byte != b'[' || !self.source.get(self.at + 1).is_some_and(|b| b":.=".contains(b)) {
            self.at += 1;
            self.last = Last::Byte(byte);
        }
        Some(())
    }

    fn token(&mut self) -> Option<Token<'a>> {
        let &byte = self.source.get(self.at)?;
        self.at += 1;
        Some(match byte {
            b']' => Token::End,
            b'-' => Token::Dash,
            b'[' => match *self.source.get(self.at)? {
                kind @ (b':' | b'.' | b'=') => Token::Named(kind, self.name(kind)?),
                _ => Token::Byte(b'['),
            },
            byte => Token::Byte(byte),
        })
    }

    /// The name up to the first `kind`, behind which must be a `]`.
    fn name(&mut self, kind: u8) -> Option<&'a [u8]> {
        let start = self.at + 1;
        let rest = &self.source[start..];
        let end = rest.iter().position(|&b| b == kind)?;
        self.at = start + end + 2;
        (rest.get(end + 1) == Some(&b']')).then_some(&rest[..end])
    }

    /// Keeps what stood before, and remembers this.
    fn push(&mut self, next: Last) {
        if let Last::Byte(byte) = self.last {
            self.set.bytes[byte as usize] = true;
        }
        self.last = next;
    }

    /// One term; false at the end.
    fn term(&mut self) -> Option<bool> {
        match self.token()? {
            Token::End => return Some(false),
            Token::Dash => return self.dash(),
            Token::Byte(byte) => self.push(Last::Byte(byte)),
            Token::Named(b'.', name) => self.push(Last::Byte(collating(name)?)),
            Token::Named(b'=', name) => {
                self.push(Last::Class);
                let like = collating(name)?.to_ascii_lowercase();
                self.set.add(|b| b.to_ascii_lowercase() == like);
            }
            Token::Named(_, name) => {
                self.push(Last::Class);
                self.set.add(class_of(name)?);
            }
        }
        Some(true)
    }

    /// A `-`: the last character, or between the ends of a range.
    fn dash(&mut self) -> Option<bool> {
        let high = match (self.token()?, self.last) {
            (Token::End, _) => {
                self.push(Last::Byte(b'-'));
                return Some(false);
            }
            (_, Last::Nothing | Last::Class) => return None,
            (Token::Byte(high), _) => high,
            (Token::Dash, _) => b'-',
            (Token::Named(..), _) => return None,
        };
        let Last::Byte(low) = self.last else { return None };
        let (low, high) = (low as i8, high as i8);
        if low > high {
            return None;
        }
        self.set.add(|b| (low..=high).contains(&(b as i8)));
        self.last = Last::Nothing;
        Some(true)
    }
}

fn class_of(name: &[u8]) -> Option<fn(u8) -> bool> {
    Some(match name.to_ascii_lowercase().as_slice() {
        b"alnum" => |b| b.is_ascii_alphanumeric(),
        b"alpha" => |b| b.is_ascii_alphabetic(),
        b"blank" => |b| matches!(b, b' ' | b'\t'),
        b"cntrl" => |b| b.is_ascii_control(),
        b"digit" | b"d" => |b| b.is_ascii_digit(),
        b"graph" => |b| b.is_ascii_graphic(),
        b"lower" => |b| b.is_ascii_lowercase(),
        b"print" => |b| b.is_ascii_graphic() || b == b' ',
        b"punct" => |b| b.is_ascii_punctuation(),
        b"space" | b"s" => |b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 11 | 12),
        b"upper" => |b| b.is_ascii_uppercase(),
        b"w" => |b| b.is_ascii_alphanumeric() || b == b'_',
        b"xdigit" => |b| b.is_ascii_hexdigit(),
        _ => return None,
    })
}

/// Names of control characters and of others that are neither letters nor digits, from 0 on
/// (POSIX, "Portable Character Set"). An empty one is the character itself.
const CONTROLS: &str = "NUL SOH STX ETX EOT ENQ ACK alert backspace tab newline vertical-tab \
    form-feed carriage-return SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC IS4 IS3 IS2 IS1 \
    space exclamation-mark quotation-mark number-sign dollar-sign percent-sign ampersand apostrophe \
    left-parenthesis right-parenthesis asterisk plus-sign comma hyphen period slash zero one two \
    three four five six seven eight nine colon semicolon less-than-sign equals-sign \
    greater-than-sign question-mark commercial-at";
const FROM_BRACKET: &str =
    "left-square-bracket backslash right-square-bracket circumflex underscore grave-accent";
const FROM_BRACE: &str = "left-curly-bracket vertical-line right-curly-bracket tilde DEL";

/// A character by its POSIX name; letters are their own.
fn collating(name: &[u8]) -> Option<u8> {
    if let &[letter] = name {
        return letter.is_ascii_alphabetic().then_some(letter);
    }
    let name = std::str::from_utf8(name).ok()?;
    let tables = [(CONTROLS, 0), (FROM_BRACKET, b'['), (FROM_BRACE, b'{')];
    tables.iter().find_map(|(names, first)| {
        let at = names.split_ascii_whitespace().position(|known| known == name)?;
        u8::try_from(at).ok().map(|at| first + at)
    })
}
