//! `match` and `split`.

use std::cell::RefCell;
use std::rc::Rc;

use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_automata::{Anchored, Input, MatchKind};
use rustc_hash::FxHashMap;

use super::ere;
use crate::error::{ErrorKind, R, Raised};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::{Str, Value};

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "__match",
        &["regex", "str"],
        match_whole,
        "Returns a list of what the groups of the POSIX extended regular expression *regex* matched \
         (`null` for a group that took no part), or `null` if *regex* does not match all of *str*.",
    )
    .strict(2),
    PrimOp::new(
        "__split",
        &["regex", "str"],
        split,
        "Returns the pieces of *str* between the matches of the POSIX extended regular expression \
         *regex*, and between them a list of what the groups of each match hold.",
    )
    .strict(2),
];

/// One expression, compiled for what was asked of it so far.
struct Compiled {
    source: Vec<u8>,
    /// For searching, and for the whole string between `\A` and `\z`.
    search: Option<Rc<Regex>>,
    whole: Option<Rc<Regex>>,
    /// For the end of the longest match, if there are alternatives.
    longest: Option<Rc<Regex>>,
    /// The expression's own groups, once it was translated.
    groups: Rc<Groups>,
}

/// The groups of an expression among those of the translated pattern.
#[derive(Default)]
struct Groups {
    own: Vec<usize>,
    resets: Vec<ere::Reset>,
}

#[derive(Default)]
struct Cache(RefCell<FxHashMap<Vec<u8>, Rc<RefCell<Compiled>>>>);

enum Wanted {
    Search,
    Whole,
    Longest,
}

fn compiled(m: &mut Machine, source: &[u8]) -> Rc<RefCell<Compiled>> {
    let cache = m.extension(Cache::default);
    if let Some(known) = cache.0.borrow().get(source) {
        return known.clone();
    }
    let made = Rc::new(RefCell::new(Compiled {
        source: source.to_vec(),
        search: None,
        whole: None,
        longest: None,
        groups: Rc::default(),
    }));
    cache.0.borrow_mut().insert(source.to_vec(), made.clone());
    made
}

/// The expression compiled for one use; nothing for the longest match if the first is the longest.
fn regex(m: &mut Machine, compiled: &RefCell<Compiled>, wanted: Wanted) -> R<Option<Rc<Regex>>> {
    let mut compiled = compiled.borrow_mut();
    let known = match wanted {
        Wanted::Search => &compiled.search,
        Wanted::Whole => &compiled.whole,
        Wanted::Longest => &compiled.longest,
    };
    if let Some(known) = known {
        return Ok(Some(known.clone()));
    }
    let translated = match ere::translate(&compiled.source) {
        Ok(translated) => translated,
        Err(ere::Invalid::Syntax) => {
            return Err(invalid(m, &compiled.source, "invalid regular expression"));
        }
        Err(ere::Invalid::Size) => return Err(invalid(m, &compiled.source, TOO_LARGE)),
    };
    if matches!(wanted, Wanted::Longest) && !translated.has_alternatives {
        return Ok(None);
    }
    let pattern = match wanted {
        Wanted::Whole => format!("\\A(?:{})\\z", translated.pattern),
        _ => translated.pattern,
    };
    let kind = match wanted {
        Wanted::Longest => MatchKind::All,
        _ => MatchKind::LeftmostFirst,
    };
    let built = Regex::builder()
        .configure(Regex::config().match_kind(kind).utf8_empty(false).nfa_size_limit(Some(SIZE)))
        .syntax(regex_automata::util::syntax::Config::new().unicode(false).utf8(false))
        .build(&pattern);
    let Ok(built) = built else {
        return Err(invalid(m, &compiled.source, TOO_LARGE));
    };
    let built = Rc::new(built);
    let place = match wanted {
        Wanted::Search => &mut compiled.search,
        Wanted::Whole => &mut compiled.whole,
        Wanted::Longest => &mut compiled.longest,
    };
    *place = Some(built.clone());
    compiled.groups = Rc::new(Groups { own: translated.groups, resets: translated.resets });
    Ok(Some(built))
}

/// Room for one compiled expression.
const SIZE: usize = 16 << 20;

const TOO_LARGE: &str = "memory limit exceeded by regular expression";

#[cold]
fn invalid(m: &mut Machine, source: &[u8], problem: &str) -> Raised {
    let source = String::from_utf8_lossy(source);
    m.fail(ErrorKind::Eval, Pos::NONE, format!("{problem} '{source}'"))
}

fn match_whole(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.match";
    let source = m.string_without_context(args[0], Pos::NONE, what)?;
    let compiled = compiled(m, source.bytes());
    let Some(regex) = regex(m, &compiled, Wanted::Whole)? else { return Ok(Value::NULL) };
    let what = "while evaluating the second argument passed to builtins.match";
    let text = m.force_string(args[1], Pos::NONE, what)?;
    let mut found = regex.create_captures();
    let input = Input::new(text.bytes()).anchored(Anchored::Yes);
    if regex.group_info_len() == 1 {
        return Ok(if regex.is_match(input) { m.empty_list() } else { Value::NULL });
    }
    regex.search_captures(&input, &mut found);
    if !found.is_match() {
        return Ok(Value::NULL);
    }
    let own = compiled.borrow().groups.clone();
    Ok(groups(m, &own, &mut found, text))
}

/// How many groups an expression has, the whole match counted.
trait GroupCount {
    fn group_info_len(&self) -> usize;
}

impl GroupCount for Regex {
    fn group_info_len(&self) -> usize {
        self.captures_len()
    }
}

/// What the groups hold, without the whole match.
fn groups(m: &mut Machine, own: &Groups, found: &mut Captures, text: Str) -> Value {
    for reset in &own.resets {
        let Some(end) = found.get_group(reset.marker).map(|span| span.end) else { continue };
        let whole = text.bytes().len();
        let fits = |way: &&ere::Way| (!way.at_start || end == 0) && (!way.at_end || end == whole);
        for &group in reset.ways.iter().find(fits).map_or(&[][..], |way| &way.groups) {
            set_group(found, group, end, end);
        }
    }
    let mut values = Vec::with_capacity(own.own.len());
    for &group in &own.own {
        values.push(match found.get_group(group) {
            Some(span) => m.substring(text, span.start, span.end, crate::context::Ctx::NONE),
            None => Value::NULL,
        });
    }
    m.list(&values)
}

fn set_group(found: &mut Captures, group: usize, start: usize, end: usize) {
    let slots = found.slots_mut();
    slots[2 * group] = regex_automata::util::primitives::NonMaxUsize::new(start);
    slots[2 * group + 1] = regex_automata::util::primitives::NonMaxUsize::new(end);
}

fn split(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.split";
    let source = m.string_without_context(args[0], Pos::NONE, what)?;
    let compiled = compiled(m, source.bytes());
    let Some(search) = regex(m, &compiled, Wanted::Search)? else { return Ok(Value::NULL) };
    let what = "while evaluating the second argument passed to builtins.split";
    let text = m.force_string(args[1], Pos::NONE, what)?;
    let mut finder = Finder {
        found: search.create_captures(),
        longest: regex(m, &compiled, Wanted::Longest)?,
        whole: regex(m, &compiled, Wanted::Whole)?,
        search,
    };
    let own = compiled.borrow().groups.clone();
    let none = crate::context::Ctx::NONE;
    let size = text.bytes().len();
    let mut pieces = Vec::new();
    let (mut from, mut piece_start) = (0, 0);
    while from <= size && finder.find(text.bytes(), from) {
        let Some(span) = finder.found.get_group(0) else { break };
        let piece = m.substring(text, piece_start, span.start, none);
        let groups = groups(m, &own, &mut finder.found, text);
        pieces.extend([piece, groups]);
        piece_start = span.end;
        from = if span.is_empty() { span.end + 1 } else { span.end };
        m.poll_plain()?;
    }
    if pieces.is_empty() {
        return Ok(m.list(&[text.value()]));
    }
    let rest = m.substring(text, piece_start, size, none);
    pieces.push(rest);
    Ok(m.list(&pieces))
}

/// Finds matches; of alternatives at one place the longest.
struct Finder {
    search: Rc<Regex>,
    longest: Option<Rc<Regex>>,
    whole: Option<Rc<Regex>>,
    found: Captures,
}

impl Finder {
    fn find(&mut self, text: &[u8], from: usize) -> bool {
        let input = Input::new(text).range(from..);
        self.search.search_captures(&input, &mut self.found);
        let Some(first) = self.found.get_group(0) else { return false };
        let (Some(longest), Some(whole)) = (&self.longest, &self.whole) else { return true };
        let at_start = Input::new(text).range(first.start..).anchored(Anchored::Yes);
        let end = longest.find(at_start).map_or(first.end, |found| found.end());
        if end > first.end && first.start == 0 {
            // `whole` begins with `\A`; the groups of a longer match further on stay those of the
            // first, shortest one, unless it has none.
            let input = Input::new(&text[..end]).anchored(Anchored::Yes);
            whole.search_captures(&input, &mut self.found);
        } else if end > first.end {
            let input = Input::new(&text[first.start..end]).anchored(Anchored::Yes);
            let mut inner = whole.create_captures();
            whole.search_captures(&input, &mut inner);
            if inner.is_match() {
                shift(&inner, first.start, &mut self.found);
            }
        }
        true
    }
}

/// Takes over groups found in a part of the text that begins at `offset`.
fn shift(inner: &Captures, offset: usize, found: &mut Captures) {
    let slots = found.slots_mut();
    for group in 0..inner.group_len() {
        let span = inner.get_group(group);
        let place = |at: Option<usize>| {
            at.and_then(|at| regex_automata::util::primitives::NonMaxUsize::new(at + offset))
        };
        slots[2 * group] = place(span.map(|span| span.start));
        slots[2 * group + 1] = place(span.map(|span| span.end));
    }
}
