//! "Did you mean …?"

/// Those of `candidates` that differ from `word` by few edits, the nearest first, at most three.
pub fn similar<S: AsRef<str>>(word: &str, candidates: impl IntoIterator<Item = S>) -> Vec<String> {
    let allowed = match word.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    let mut found: Vec<(usize, String)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let candidate = candidate.as_ref();
            let far = candidate.len().abs_diff(word.len()) > 2 * allowed;
            let distance = if far { usize::MAX } else { distance(word, candidate) };
            (distance <= allowed && distance > 0).then(|| (distance, candidate.to_owned()))
        })
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// How many characters must be put in, taken out, replaced or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if swapped {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_nearest_first() {
        let words = ["concatMap", "concatLists", "map", "concatMpa", "mpa"];
        assert_eq!(similar("concatMa", words), ["concatMap", "concatMpa"]);
        assert_eq!(similar("amp", words), ["map"]);
        assert!(similar("x", ["y", "z"]).is_empty());
        assert!(similar("map", ["map"]).is_empty());
    }
}
