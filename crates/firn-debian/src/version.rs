//! Debian version numbers and their order (Debian Policy, section 5.6.12).

use std::cmp::Ordering;

/// The three parts of a version `[epoch:]upstream[-revision]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version<'a> {
    /// Number before the first colon; 0 when absent.
    pub epoch: u32,
    /// The upstream part.
    pub upstream: &'a str,
    /// What follows the last hyphen; empty when absent, which equals `0`.
    pub revision: &'a str,
}

impl<'a> Version<'a> {
    /// Splits a version. A text without a numeric epoch has epoch 0.
    pub fn parse(text: &'a str) -> Self {
        let (epoch, rest) = match text.split_once(':') {
            Some((e, rest)) => match e.parse() {
                Ok(epoch) => (epoch, rest),
                Err(_) => (0, text),
            },
            None => (0, text),
        };
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self { epoch, upstream, revision }
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_part(self.upstream.as_bytes(), other.upstream.as_bytes()))
            .then_with(|| compare_part(self.revision.as_bytes(), other.revision.as_bytes()))
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares two versions given as text.
pub fn compare(a: &str, b: &str) -> Ordering {
    Version::parse(a).cmp(&Version::parse(b))
}

/// The version as it may stand in a store path's name: without epoch, and with `-` for
/// characters that such names don't allow (`~` above all).
pub fn store_name(version: &str) -> String {
    let bare = version.split_once(':').map_or(version, |(_, rest)| rest);
    bare.chars()
        .map(|c| if c.is_ascii_alphanumeric() || "+-._?=".contains(c) { c } else { '-' })
        .collect()
}

/// Alternates between runs of non-digits (letters before other characters, `~` before
/// everything, even the end) and numbers.
fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let (text_a, rest_a) = a.split_at(text_len(a));
        let (text_b, rest_b) = b.split_at(text_len(b));
        let (num_a, tail_a) = split_number(rest_a);
        let (num_b, tail_b) = split_number(rest_b);
        let order = compare_text(text_a, text_b).then_with(|| compare_number(num_a, num_b));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (tail_a, tail_b);
    }
    Ordering::Equal
}

fn text_len(part: &[u8]) -> usize {
    part.iter().position(u8::is_ascii_digit).unwrap_or(part.len())
}

fn split_number(part: &[u8]) -> (&[u8], &[u8]) {
    let end = part.iter().position(|b| !b.is_ascii_digit()).unwrap_or(part.len());
    part.split_at(end)
}

fn compare_text(a: &[u8], b: &[u8]) -> Ordering {
    for i in 0..a.len().max(b.len()) {
        let order = weight(a.get(i)).cmp(&weight(b.get(i)));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Numbers of any length: without leading zeros the longer one is larger.
fn compare_number(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (strip_zeros(a), strip_zeros(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn strip_zeros(digits: &[u8]) -> &[u8] {
    let start = digits.iter().position(|&b| b != b'0').unwrap_or(digits.len());
    &digits[start..]
}

fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        None => 0,
        Some(b'~') => -1,
        Some(b) if b.is_ascii_alphabetic() => i32::from(*b),
        Some(b) => i32::from(*b) + 256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn orders_known_pairs() {
        let cases = [
            ("1.0", "1.0-0", Ordering::Equal),
            ("1.0~rc1", "1.0", Ordering::Less),
            ("1.0~~", "1.0~", Ordering::Less),
            ("1.0a", "1.0+", Ordering::Less),
            ("1:0.1", "9.9", Ordering::Greater),
            ("1.10", "1.9", Ordering::Greater),
            ("1.09", "1.9", Ordering::Equal),
            ("2.36-9+deb12u10", "2.36-9+deb12u9", Ordering::Greater),
            ("5.2.15-2+b9", "5.2.15-2", Ordering::Greater),
            ("0.0.0-1~bpo1", "0.0.0-1", Ordering::Less),
            ("1-2-3", "1-2-2", Ordering::Greater),
            ("", "0", Ordering::Equal),
            ("99999999999999999999999", "99999999999999999999998", Ordering::Greater),
        ];
        for (a, b, want) in cases {
            assert_eq!(compare(a, b), want, "{a} <=> {b}");
            assert_eq!(compare(b, a), want.reverse(), "{b} <=> {a}");
        }
    }

    #[test]
    fn names_are_allowed_in_the_store() {
        assert_eq!(store_name("1:9.2p1-2+deb12u7"), "9.2p1-2+deb12u7");
        assert_eq!(store_name("3.11.2~rc1"), "3.11.2-rc1");
    }

    proptest! {
        #[test]
        fn is_a_total_order(
            a in "[0-9]{0,2}:?[0-9a-c.+~-]{0,8}",
            b in "[0-9]{0,2}:?[0-9a-c.+~-]{0,8}",
            c in "[0-9a-c.+~-]{0,8}",
        ) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &a), Ordering::Equal);
            if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
                prop_assert_ne!(compare(&a, &c), Ordering::Greater);
            }
        }
    }
}
