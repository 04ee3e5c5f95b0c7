//! A record of the evaluation cache: a checksum, a space, and question, path, context and text as JSON
//! in one line.

use firn_formats::Hash;
use serde_json::json;

use super::Answer;

/// Digits of a checksum. It finds accidents: who can write to the cache can write to the user's own
/// programs.
const CHECKSUM: usize = 16;

/// A question with its answer.
pub(super) struct Record {
    pub(super) question: String,
    pub(super) path: String,
    pub(super) answer: Answer,
}

impl Record {
    /// The line, without its end.
    pub(super) fn to_line(&self) -> String {
        let context: Vec<_> = self.answer.context.iter().map(ToString::to_string).collect();
        let json = json!([self.question, self.path, context, self.answer.text]).to_string();
        format!("{} {json}", checksum(&json))
    }

    /// A line as a record; none if it is damaged.
    fn from_line(line: &str) -> Option<Self> {
        let (sum, json) = line.split_once(' ')?;
        if sum != checksum(json) {
            return None;
        }
        let (question, path, context, text): (_, _, Vec<String>, _) =
            serde_json::from_str(json).ok()?;
        let context = context.iter().map(|element| element.parse().ok()).collect::<Option<_>>()?;
        Some(Record { question, path, answer: Answer { text, context } })
    }
}

/// The records that are whole, in the order in which they were written.
pub(super) fn all(bytes: &[u8]) -> impl Iterator<Item = Record> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.filter_map(|line| Record::from_line(std::str::from_utf8(line).ok()?))
}

fn checksum(json: &str) -> String {
    let mut digits = Hash::sha256(json).nix32();
    digits.truncate(CHECKSUM);
    digits
}
