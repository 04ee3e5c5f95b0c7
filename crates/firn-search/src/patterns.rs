//! Which entries are asked for: regular expressions that must all be found, and others that must not.

use std::fmt;
use std::ops::Range;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// Regular expressions, all of which an entry's texts must contain, in upper or lower case.
pub struct Patterns {
    wanted: Vec<Regex>,
    excluded: Vec<Regex>,
}

/// Text that is no regular expression.
#[derive(Debug)]
pub struct BadPattern {
    pattern: String,
    cause: String,
}

impl fmt::Display for BadPattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "'{}' is not a regular expression: {}\nhelp: characters such as + . ( ) stand for themselves \
             after a backslash",
            self.pattern, self.cause
        )
    }
}

impl std::error::Error for BadPattern {}

/// Where patterns were found: for each text of an entry the places, in order and without overlap.
pub type Places = Vec<Vec<Range<usize>>>;

impl Patterns {
    /// Patterns from their texts.
    ///
    /// # Errors
    /// One of them is no regular expression.
    pub fn new(wanted: &[String], excluded: &[String]) -> Result<Self, BadPattern> {
        let compile =
            |texts: &[String]| texts.iter().map(|text| regex(text)).collect::<Result<Vec<_>, _>>();
        Ok(Patterns { wanted: compile(wanted)?, excluded: compile(excluded)? })
    }

    /// Whether an entry with these texts is asked for.
    pub fn matches(&self, texts: &[&str]) -> bool {
        let found = |regex: &Regex| texts.iter().any(|text| regex.is_match(*text));
        self.wanted.iter().all(found) && !self.excluded.iter().any(found)
    }

    /// Where the patterns stand in the texts.
    pub fn places(&self, texts: &[&str]) -> Places {
        texts.iter().map(|text| self.places_in(text)).collect()
    }

    fn places_in(&self, text: &str) -> Vec<Range<usize>> {
        let found = self.wanted.iter().flat_map(|regex| regex.find_iter(text));
        let mut places: Vec<_> = found.map(|found| found.range()).collect();
        places.sort_by_key(|place| (place.start, place.end));
        let mut joined: Vec<Range<usize>> = Vec::new();
        for place in places.into_iter().filter(|place| !place.is_empty()) {
            match joined.last_mut() {
                Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
                _ => joined.push(place),
            }
        }
        joined
    }
}

fn regex(text: &str) -> Result<Regex, BadPattern> {
    Regex::builder().syntax(syntax::Config::new().case_insensitive(true)).build(text).map_err(
        |error| BadPattern {
            pattern: text.to_owned(),
            cause: error.syntax_error().map_or_else(|| error.to_string(), reason),
        },
    )
}

/// The last line of a syntax error, which says what is wrong; those before it draw the pattern.
fn reason(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn patterns(wanted: &[&str], excluded: &[&str]) -> Patterns {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Patterns::new(&texts(wanted), &texts(excluded)).unwrap()
    }

    #[test]
    fn all_wanted_and_nothing_excluded() {
        let texts = ["git-gui", "2.1", "A Frontend"];
        assert!(patterns(&["GIT", "frontend|gui"], &[]).matches(&texts));
        assert!(!patterns(&["git", "nosuch"], &[]).matches(&texts));
        assert!(!patterns(&["git"], &["front"]).matches(&texts));
        assert!(patterns(&["^"], &[]).matches(&texts));
    }

    #[test]
    fn overlapping_places_are_joined() {
        let places = patterns(&["broken b", "en bar", "oo"], &[]).places(&["broken bar", "foo"]);
        assert_eq!(places.concat(), [0..10, 1..3]);
        assert_eq!(patterns(&["^"], &[]).places(&["x"]), [Vec::<Range<usize>>::new()]);
    }

    #[test]
    fn mistakes_are_named() {
        let error = Patterns::new(&["a(".to_owned()], &[]).err().unwrap().to_string();
        assert!(error.starts_with("'a(' is not a regular expression: unclosed group"), "{error}");
    }
}
