//! POSIX extended regular expressions as libstdc++ reads them, translated for `regex-automata`.
//!
//! What differs from that engine's own syntax: backslash escapes nothing in brackets and only
//! special characters outside; `.` matches every byte; there are no classes like `\d`, no groups
//! without capture and no lazy repetition. Of alternatives that match at one place the longest
//! counts, see [`Ere::has_alternatives`].

use std::fmt::Write;

/// A translated expression.
pub(crate) struct Ere {
    /// In the syntax of `regex-automata`, for bytes.
    pub pattern: String,
    /// Whether there is a `|`, so that the leftmost-first match may not be the longest.
    pub has_alternatives: bool,
}

/// The expression is not valid.
#[derive(Debug)]
pub(crate) struct Invalid;

/// Translates an expression.
pub(crate) fn translate(source: &[u8]) -> Result<Ere, Invalid> {
    let mut translator =
        Translator { source, at: 0, out: "(?s-u)".to_owned(), alternatives: false, depth: 0 };
    translator.alternation()?;
    match translator.peek() {
        None => Ok(Ere { pattern: translator.out, has_alternatives: translator.alternatives }),
        Some(_) => Err(Invalid),
    }
}

/// Groups inside each other, at most: `regex-syntax` refuses deeper ones.
const MAX_DEPTH: u32 = 200;

struct Translator<'a> {
    source: &'a [u8],
    at: usize,
    out: String,
    alternatives: bool,
    depth: u32,
}

impl Translator<'_> {
    fn peek(&self) -> Option<u8> {
        self.source.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn alternation(&mut self) -> Result<(), Invalid> {
        self.sequence()?;
        while self.eat(b'|') {
            self.alternatives = true;
            self.out.push('|');
            self.sequence()?;
        }
        Ok(())
    }

    fn sequence(&mut self) -> Result<(), Invalid> {
        loop {
            match self.peek() {
                None | Some(b'|' | b')') => return Ok(()),
                Some(b'^') => {
                    self.at += 1;
                    self.out.push('^');
                }
                Some(b'$') => {
                    self.at += 1;
                    self.out.push('$');
                }
                Some(_) => {
                    let start = self.out.len();
                    self.atom()?;
                    self.quantifiers(start)?;
                }
            }
        }
    }

    fn atom(&mut self) -> Result<(), Invalid> {
        let byte = self.peek().ok_or(Invalid)?;
        self.at += 1;
        match byte {
            b'(' => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(Invalid);
                }
                self.out.push('(');
                self.alternation()?;
                if !self.eat(b')') {
                    return Err(Invalid);
                }
                self.out.push(')');
                self.depth -= 1;
            }
            b'.' => self.out.push('.'),
            b'[' => self.bracket()?,
            b'\\' => {
                let escaped = self.peek().ok_or(Invalid)?;
                if !b"^[.$()|*+?{\\".contains(&escaped) {
                    return Err(Invalid);
                }
                self.at += 1;
                self.literal(escaped);
            }
            b'*' | b'+' | b'?' | b'{' => return Err(Invalid),
            literal => self.literal(literal),
        }
        Ok(())
    }

    fn literal(&mut self, byte: u8) {
        let _ = write!(self.out, "\\x{byte:02x}");
    }

    /// What repeats the atom that was written from `start` on. Each further quantifier repeats all
    /// before it.
    fn quantifiers(&mut self, start: usize) -> Result<(), Invalid> {
        let mut first = true;
        loop {
            let quantifier = match self.peek() {
                Some(byte @ (b'*' | b'+' | b'?')) => {
                    self.at += 1;
                    char::from(byte).to_string()
                }
                Some(b'{') => {
                    self.at += 1;
                    self.interval()?
                }
                _ => return Ok(()),
            };
            if !first {
                self.out.insert_str(start, "(?:");
                self.out.push(')');
            }
            first = false;
            self.out.push_str(&quantifier);
        }
    }

    fn interval(&mut self) -> Result<String, Invalid> {
        let least = self.number().ok_or(Invalid)?;
        let most = match self.eat(b',') {
            true => self.number(),
            false => Some(least),
        };
        let valid = self.eat(b'}') && most.is_none_or(|most| least <= most);
        match (valid, most) {
            (false, _) => Err(Invalid),
            (true, Some(most)) => Ok(format!("{{{least},{most}}}")),
            (true, None) => Ok(format!("{{{least},}}")),
        }
    }

    fn number(&mut self) -> Option<u32> {
        let digits = self.source[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let text = std::str::from_utf8(&self.source[self.at..self.at + digits]).ok()?;
        self.at += digits;
        text.parse().ok()
    }

    /// `[…]` from behind its `[` on, as a set of bytes.
    fn bracket(&mut self) -> Result<(), Invalid> {
        let negated = self.eat(b'^');
        let mut set = [false; 256];
        let mut first = true;
        loop {
            let byte = self.peek().ok_or(Invalid)?;
            if byte == b']' && !first {
                self.at += 1;
                break;
            }
            first = false;
            if byte == b'[' && self.source.get(self.at + 1) == Some(&b':') {
                let class = self.named(b':')?;
                let contains = class_of(&class)?;
                (0..=255u8).filter(|&b| contains(b)).for_each(|b| set[b as usize] = true);
                continue;
            }
            let low = self.bracket_char()?;
            let range = self.peek() == Some(b'-')
                && self.source.get(self.at + 1).is_some_and(|&next| next != b']');
            if !range {
                set[low as usize] = true;
                continue;
            }
            self.at += 1;
            let high = self.bracket_char()?;
            if low > high {
                return Err(Invalid);
            }
            (low..=high).for_each(|b| set[b as usize] = true);
        }
        self.write_set(&set, negated);
        Ok(())
    }

    fn bracket_char(&mut self) -> Result<u8, Invalid> {
        let byte = self.peek().ok_or(Invalid)?;
        if byte == b'[' && matches!(self.source.get(self.at + 1), Some(b'.' | b'=')) {
            let kind = self.source[self.at + 1];
            return match self.named(kind)?.as_slice() {
                &[single] => Ok(single),
                _ => Err(Invalid),
            };
        }
        self.at += 1;
        Ok(byte)
    }

    /// `[:name:]`, `[.c.]` or `[=c=]`.
    fn named(&mut self, kind: u8) -> Result<Vec<u8>, Invalid> {
        let start = self.at + 2;
        let rest = self.source.get(start..).ok_or(Invalid)?;
        let end = rest.windows(2).position(|w| w == [kind, b']']).ok_or(Invalid)?;
        self.at = start + end + 2;
        Ok(rest[..end].to_vec())
    }

    fn write_set(&mut self, set: &[bool; 256], negated: bool) {
        self.out.push('[');
        let mut byte = 0;
        let mut empty = true;
        while byte < 256 {
            if set[byte] == negated {
                byte += 1;
                continue;
            }
            let start = byte;
            while byte < 256 && set[byte] != negated {
                byte += 1;
            }
            empty = false;
            let _ = write!(self.out, "\\x{start:02x}-\\x{:02x}", byte - 1);
        }
        if empty {
            // A set of nothing: the complement of all bytes.
            self.out.push_str("^\\x00-\\xff");
        }
        self.out.push(']');
    }
}

fn class_of(name: &[u8]) -> Result<fn(u8) -> bool, Invalid> {
    Ok(match name.to_ascii_lowercase().as_slice() {
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
        _ => return Err(Invalid),
    })
}
