//! POSIX extended regular expressions as libstdc++ reads them, translated for `regex-automata`.
//!
//! What differs from that engine's own syntax: backslash escapes nothing in brackets and only
//! special characters outside; `.` matches every byte; there are no classes like `\d`, no groups
//! without capture and no lazy repetition. Of alternatives that match at one place the longest
//! counts, see [`Ere::has_alternatives`]. A repetition whose inside can be empty runs once more, empty,
//! behind all others, see [`Ere::resets`].

use std::fmt::Write;

use super::ere_set::{self, BracketSet};

/// A translated expression.
pub(crate) struct Ere {
    /// In the syntax of `regex-automata`, for bytes.
    pub pattern: String,
    /// Whether there is a `|`, so that the leftmost-first match may not be the longest.
    pub has_alternatives: bool,
    /// The number of each of the expression's own groups in the translated pattern.
    pub groups: Vec<usize>,
    /// Groups that are empty once a repetition is over, in the order in which they become so.
    pub resets: Vec<Reset>,
}

/// The last, empty round of a repetition.
pub(crate) struct Reset {
    /// The group of the translated pattern that marks where the repetition ends.
    pub marker: usize,
    /// How the round goes, best first.
    pub ways: Vec<Way>,
}

/// A way to match nothing.
#[derive(Clone, Default)]
pub(crate) struct Way {
    /// It leads over a `^` or a `$`.
    pub at_start: bool,
    pub at_end: bool,
    /// Groups of the translated pattern that take part.
    pub groups: Vec<usize>,
}

/// Ways to match nothing that are kept, at most.
const MAX_WAYS: usize = 16;

/// The expression is not valid.
#[derive(Debug)]
pub(crate) enum Invalid {
    /// It is none.
    Syntax,
    /// It is too large.
    Size,
}

/// States of an automaton, at most, as the reference counts them.
const MAX_STATES: u64 = 100_000;

/// Translates an expression.
pub(crate) fn translate(source: &[u8]) -> Result<Ere, Invalid> {
    let mut translator = Translator {
        source,
        at: 0,
        ere: Ere {
            pattern: "(?s-u)".to_owned(),
            has_alternatives: false,
            groups: Vec::new(),
            resets: Vec::new(),
        },
        captures: 0,
        depth: 0,
    };
    translator.alternation()?;
    match translator.peek() {
        None => Ok(translator.ere),
        Some(_) => Err(Invalid::Syntax),
    }
}

/// What is known of a part of an expression.
#[derive(Default)]
struct Part {
    /// How it can match nothing, best first.
    empty: Vec<Way>,
    /// How many states the reference makes of it.
    states: u64,
}

impl Part {
    /// One state that matches nothing only in these ways.
    fn one(empty: Vec<Way>) -> Part {
        Part { empty, states: 1 }
    }

    /// This part and one behind it.
    fn then(&mut self, next: Part) -> Result<(), Invalid> {
        let pairs = self.empty.iter().flat_map(|a| next.empty.iter().map(move |b| (a, b)));
        let joined = pairs.map(|(a, b)| Way {
            at_start: a.at_start || b.at_start,
            at_end: a.at_end || b.at_end,
            groups: [a.groups.as_slice(), &b.groups].concat(),
        });
        self.empty = joined.take(MAX_WAYS).collect();
        self.grow(next.states)
    }

    fn grow(&mut self, by: u64) -> Result<(), Invalid> {
        self.states = self.states.saturating_add(by);
        if self.states > MAX_STATES { Err(Invalid::Size) } else { Ok(()) }
    }
}

/// Groups inside each other, at most: `regex-syntax` refuses deeper ones.
const MAX_DEPTH: u32 = 200;

struct Translator<'a> {
    source: &'a [u8],
    at: usize,
    ere: Ere,
    /// Groups of the translated pattern so far.
    captures: usize,
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

    /// Opens a group of the translated pattern, and returns its number.
    fn open(&mut self) -> usize {
        self.ere.pattern.push('(');
        self.captures += 1;
        self.captures
    }

    fn alternation(&mut self) -> Result<Part, Invalid> {
        let mut all = self.sequence()?;
        while self.eat(b'|') {
            self.ere.has_alternatives = true;
            self.ere.pattern.push('|');
            let next = self.sequence()?;
            all.empty.extend(next.empty);
            all.empty.truncate(MAX_WAYS);
            all.grow(next.states + 2)?;
        }
        Ok(all)
    }

    fn sequence(&mut self) -> Result<Part, Invalid> {
        let mut all = Part { empty: vec![Way::default()], states: 0 };
        loop {
            match self.peek() {
                None | Some(b'|' | b')') => return Ok(all),
                Some(edge @ (b'^' | b'$')) => {
                    self.at += 1;
                    self.ere.pattern.push(char::from(edge));
                    let (at_start, at_end) = (edge == b'^', edge == b'$');
                    all.then(Part::one(vec![Way { at_start, at_end, groups: Vec::new() }]))?;
                }
                Some(_) => {
                    let start = self.ere.pattern.len();
                    let atom = self.atom()?;
                    let repeated = self.quantifiers(atom, start)?;
                    all.then(repeated)?;
                }
            }
        }
    }

    fn atom(&mut self) -> Result<Part, Invalid> {
        let byte = self.peek().ok_or(Invalid::Syntax)?;
        self.at += 1;
        match byte {
            b'(' => return self.group(),
            b'.' => self.ere.pattern.push('.'),
            b'[' => self.bracket()?,
            b'\\' => {
                let escaped = self.peek().ok_or(Invalid::Syntax)?;
                if !b"^[.$()|*+?{\\".contains(&escaped) {
                    return Err(Invalid::Syntax);
                }
                self.at += 1;
                self.literal(escaped);
            }
            b'*' | b'+' | b'?' | b'{' => return Err(Invalid::Syntax),
            literal => self.literal(literal),
        }
        Ok(Part::one(Vec::new()))
    }

    /// A group from behind its `(` on.
    fn group(&mut self) -> Result<Part, Invalid> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Invalid::Syntax);
        }
        let number = self.open();
        self.ere.groups.push(number);
        let mut inside = self.alternation()?;
        if !self.eat(b')') {
            return Err(Invalid::Syntax);
        }
        self.ere.pattern.push(')');
        self.depth -= 1;
        inside.empty.iter_mut().for_each(|way| way.groups.push(number));
        inside.grow(2)?;
        Ok(inside)
    }

    fn literal(&mut self, byte: u8) {
        let _ = write!(self.ere.pattern, "\\x{byte:02x}");
    }

    /// What repeats the atom that was written from `start` on. Each further quantifier repeats all
    /// before it.
    fn quantifiers(&mut self, atom: Part, start: usize) -> Result<Part, Invalid> {
        let mut part = atom;
        let mut first = true;
        loop {
            let (least, most) = match self.peek() {
                Some(b'*') => (0, None),
                Some(b'+') => (1, None),
                Some(b'?') => (0, Some(1)),
                Some(b'{') => (0, Some(0)),
                _ => return Ok(part),
            };
            let interval = self.eat(b'{');
            let (least, most) = if interval { self.interval()? } else { (least, most) };
            self.at += usize::from(!interval);
            if !first {
                self.ere.pattern.insert_str(start, "(?:");
                self.ere.pattern.push(')');
            }
            first = false;
            self.repeat(&mut part, least, most)?;
            self.mark_end(&part, most, start);
        }
    }

    fn repeat(&mut self, part: &mut Part, least: u32, most: Option<u32>) -> Result<(), Invalid> {
        let pattern = &mut self.ere.pattern;
        let _ = match (least, most) {
            (0, None) => pattern.write_str("*"),
            (1, None) => pattern.write_str("+"),
            (least, None) => write!(pattern, "{{{least},}}"),
            (least, Some(most)) => write!(pattern, "{{{least},{most}}}"),
        };
        let copies = u64::from(most.unwrap_or(least));
        let states = part.states;
        part.grow(states.saturating_mul(copies).saturating_add(2))?;
        if most == Some(0) {
            part.empty.clear();
        }
        if least == 0 {
            part.empty.push(Way::default());
        }
        Ok(())
    }

    /// Marks the end of an endless repetition of something that can be empty and has groups.
    fn mark_end(&mut self, part: &Part, most: Option<u32>, start: usize) {
        if most.is_some() || part.empty.iter().all(|way| way.groups.is_empty()) {
            return;
        }
        self.ere.pattern.insert_str(start, "(?:");
        let marker = self.open();
        self.ere.pattern.push_str("))");
        self.ere.resets.push(Reset { marker, ways: part.empty.clone() });
    }

    /// `{least,most}` from behind its `{` on.
    fn interval(&mut self) -> Result<(u32, Option<u32>), Invalid> {
        let least = self.number().ok_or(Invalid::Syntax)?;
        let most = match self.eat(b',') {
            true => self.number(),
            false => Some(least),
        };
        let valid = self.eat(b'}') && most.is_none_or(|most| least <= most);
        if valid { Ok((least, most)) } else { Err(Invalid::Syntax) }
    }

    fn number(&mut self) -> Option<u32> {
        let digits = self.source[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let text = std::str::from_utf8(&self.source[self.at..self.at + digits]).ok()?;
        self.at += digits;
        text.parse().ok()
    }

    /// `[…]` from behind its `[` on.
    fn bracket(&mut self) -> Result<(), Invalid> {
        let (set, read): (BracketSet, usize) =
            ere_set::read(&self.source[self.at..]).ok_or(Invalid::Syntax)?;
        self.at += read;
        set.write(&mut self.ere.pattern);
        Ok(())
    }
}
