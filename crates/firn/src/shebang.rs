//! Scripts that name this program as their interpreter: `#! /usr/bin/env nix`, then lines
//! `#! nix shell …` with the arguments. Nix manual, "nix", "Shebang interpreter".

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::exit::Failure;

/// What may begin a line between the first and the code: comments of many languages.
const COMMENTS: &[u8] = b"#/\\%@*-(";

/// Most bytes of a script that are looked at.
const MOST: u64 = 1 << 20;

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// The folder of the script that this program interprets, which relative names start from.
pub fn folder() -> Option<&'static Path> {
    FOLDER.get().map(PathBuf::as_path)
}

/// Lets relative names start from the folder of `script`, which this program interprets.
///
/// # Errors
/// The script's name is relative, and the current directory can't be found.
pub fn interprets(script: &Path) -> Result<(), Failure> {
    let place = std::path::absolute(script)?;
    FOLDER.get_or_init(|| place.parent().unwrap_or(Path::new("/")).to_path_buf());
    Ok(())
}

/// The command line that a script stands for, if the first argument is one.
///
/// # Errors
/// The script's lines hold something that is not allowed in them.
pub fn expand(arguments: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    let Some(script) = arguments.get(1).filter(|name| !is_option(name)).cloned() else {
        return Ok(arguments);
    };
    let Some(text) = lines_of(Path::new(&script)) else { return Ok(arguments) };
    let words = words(&text).map_err(|text| Failure::new(format!("error: {text}")))?;
    interprets(Path::new(&script))?;
    let mut rest = arguments.into_iter();
    let own = rest.next();
    Ok(own.into_iter().chain(words.into_iter().map(OsString::from)).chain(rest).collect())
}

fn is_option(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"-")
}

/// What stands after `#! nix` in a script's first lines, line by line; nothing if the file is none.
fn lines_of(script: &Path) -> Option<String> {
    let file = File::open(script)
        .ok()
        .filter(|file| file.metadata().is_ok_and(|metadata| metadata.is_file()))?;
    let mut lines = BufReader::new(file.take(MOST)).split(b'\n').map_while(Result::ok);
    lines.next().filter(|first| first.starts_with(b"#!"))?;
    let mut content = String::new();
    for line in lines.take_while(|line| line.first().is_some_and(|b| COMMENTS.contains(b))) {
        let line = String::from_utf8_lossy(&line).into_owned();
        let line = line.trim_end_matches('\r');
        let after = line.strip_prefix("#!").and_then(|rest| rest.trim_start().strip_prefix("nix"));
        if let Some(rest) = after.filter(|rest| rest.is_empty() || rest.starts_with(' ')) {
            content += rest.strip_prefix(' ').unwrap_or(rest);
            content.push('\n');
        }
    }
    Some(content)
}

/// Splits at white space; between double backticks everything stays as it is.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix("``") {
            let (content, after) = quoted_word(quoted)?;
            // What stands before the quote is dropped, as the reference does.
            word.clear();
            words.push(content);
            rest = after;
            continue;
        }
        match c {
            '`' => {
                return Err("single backtick is not a supported syntax in the nix shebang.".into());
            }
            '#' if word.is_empty() => {
                return Err(
                    "unquoted nix shebang argument cannot start with #. Use double backticks to escape?"
                        .into(),
                );
            }
            c if c.is_ascii_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c if "$*~<>|;()[]{}'\"\\".contains(c) => {
                return Err(format!(
                    "unsupported unquoted character in nix shebang: {c}. Use double backticks to escape?"
                ));
            }
            c => word.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

/// A word up to the closing backticks, without a space before them, and what follows. Three and more
/// backticks are one less, as they are.
fn quoted_word(text: &str) -> Result<(String, &str), String> {
    let mut word = String::new();
    let mut rest = text;
    loop {
        let Some(at) = rest.find('`') else {
            return Err("unterminated quoted string in nix shebang".into());
        };
        word += &rest[..at];
        let ticks = rest[at..].bytes().take_while(|b| *b == b'`').count();
        rest = &rest[at + ticks..];
        match ticks {
            1 => word.push('`'),
            2 => {
                if word.ends_with(' ') {
                    word.pop();
                }
                return Ok((word, rest));
            }
            more => word.extend(std::iter::repeat_n('`', more - 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn words_are_split_as_the_reference_does() {
        let cases: [(&str, &[&str]); 6] = [
            (" a  b\nc", &["a", "b", "c"]),
            ("``--x`` y", &["--x", "y"]),
            ("--expr ``\nlet a = 1;\n in a ``\nz", &["--expr", "\nlet a = 1;\n in a", "z"]),
            ("``a`b```c`` d", &["a`b``c", "d"]),
            ("a#b", &["a#b"]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text).unwrap(), expected, "{text}");
        }
        for (text, error) in
            [("a *", "character in nix shebang: *"), ("``a", "unterminated"), ("`a", "single")]
        {
            assert!(words(text).unwrap_err().contains(error), "{text}");
        }
    }
}
