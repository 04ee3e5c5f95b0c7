//! `Did you mean …?`

use firn_syntax::Symbol;

/// The names at most two edits away, nearest first, at most five.
pub fn best_matches(names: Vec<Symbol>, wanted: Symbol) -> Vec<String> {
    let mut found = ranked(names, wanted);
    found.truncate(5);
    found
}

/// The names at most two edits away, nearest first.
pub fn ranked(names: Vec<Symbol>, wanted: Symbol) -> Vec<String> {
    let wanted = wanted.bytes();
    let mut found: Vec<(usize, Symbol)> = names
        .into_iter()
        .filter(|name| name.bytes().len().abs_diff(wanted.len()) <= 2)
        .map(|name| (distance(name.bytes(), wanted), name))
        .filter(|(d, _)| *d <= 2)
        .collect();
    found.sort_by(|a, b| (a.0, a.1.bytes()).cmp(&(b.0, b.1.bytes())));
    found.into_iter().map(|(_, name)| name.to_string()).collect()
}

/// The number of insertions, deletions and replacements between two texts.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
