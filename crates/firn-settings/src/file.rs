//! `nix.conf`: lines `NAME = VALUE`, comments, and inclusion of other files.

use crate::{Origin, SettingError, Settings};

/// Reads files that a configuration includes; `Ok(None)` if there is no such file.
pub type ReadFile<'a> = dyn Fn(&str) -> std::io::Result<Option<String>> + 'a;

/// What a line can be wrong about.
#[derive(Debug)]
pub struct LineError {
    /// The file.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// Whether reading goes on, as it does after an unknown setting.
    pub is_warning: bool,
}

impl std::fmt::Display for LineError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.message)
    }
}

impl std::error::Error for LineError {}

/// How deep files may include each other.
const DEEPEST_INCLUDE: usize = 16;

/// Applies the text of a configuration file, and of those that it includes.
///
/// `origin` is what values are said to come from: a file, or the variable `NIX_CONFIG`.
/// Returns warnings.
///
/// # Errors
/// The first line that can't be read: a syntax error, an invalid value, a missing include.
pub fn apply(
    settings: &mut Settings,
    text: &str,
    path: &str,
    origin: &Origin,
    read: &ReadFile<'_>,
) -> Result<Vec<LineError>, LineError> {
    let mut reader = Reader { settings, origin, read, warnings: Vec::new() };
    reader.apply(text, path, 0)?;
    Ok(reader.warnings)
}

struct Reader<'a> {
    settings: &'a mut Settings,
    origin: &'a Origin,
    read: &'a ReadFile<'a>,
    warnings: Vec<LineError>,
}

impl Reader<'_> {
    fn apply(&mut self, text: &str, path: &str, depth: usize) -> Result<(), LineError> {
        for (index, line) in text.lines().enumerate() {
            let fail = |message: String| LineError {
                path: path.to_owned(),
                line: index + 1,
                message,
                is_warning: false,
            };
            if let Err(error) = self.line(line, path, depth) {
                match error {
                    Problem::Nested(error) => return Err(error),
                    Problem::Here(message) => return Err(fail(message)),
                    Problem::Warning(message) => {
                        self.warnings.push(LineError { is_warning: true, ..fail(message) });
                    }
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &str, path: &str, depth: usize) -> Result<(), Problem> {
        let line = line.split('#').next().unwrap_or_default().trim();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => Ok(()),
            ["include", target] => self.include(target, path, depth, true),
            ["!include", target] => self.include(target, path, depth, false),
            [name, "=", value @ ..] => self.set(name, &value.join(" ")),
            _ => Err(Problem::Here(format!("'{line}' is not of the form 'NAME = VALUE'"))),
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        self.settings.set(name, value, self.origin.clone()).map_err(|error| match error {
            SettingError::Unknown { .. } => Problem::Warning(error.to_string()),
            error => Problem::Here(error.to_string()),
        })
    }

    fn include(
        &mut self,
        target: &str,
        path: &str,
        depth: usize,
        needed: bool,
    ) -> Result<(), Problem> {
        if depth == DEEPEST_INCLUDE {
            return Err(Problem::Here("files include each other without end".to_owned()));
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let target =
            if target.starts_with('/') { target.to_owned() } else { format!("{folder}/{target}") };
        match (self.read)(&target) {
            Ok(Some(text)) => self.apply(&text, &target, depth + 1).map_err(Problem::Nested),
            Ok(None) if !needed => Ok(()),
            Ok(None) => Err(Problem::Here(format!("file '{target}' is not there"))),
            Err(error) => Err(Problem::Here(format!("cannot read '{target}': {error}"))),
        }
    }
}

enum Problem {
    Here(String),
    Nested(LineError),
    Warning(String),
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(path: &str) -> std::io::Result<Option<String>> {
        Ok((path == "/etc/nix/more.conf").then(|| "cores = 7".to_owned()))
    }

    fn apply_text(text: &str) -> (Settings, Result<Vec<LineError>, LineError>) {
        let mut settings = Settings::new();
        let origin = Origin::File("/etc/nix/nix.conf".into());
        let result = apply(&mut settings, text, "/etc/nix/nix.conf", &origin, &read);
        (settings, result)
    }

    #[test]
    fn lines_comments_and_includes() {
        let (settings, result) = apply_text(
            "# all\nmax-jobs = 3 # here\n\ninclude more.conf\n!include gone.conf\nfoo = 1\n",
        );
        assert_eq!((settings.number("max-jobs"), settings.number("cores")), (3, 7));
        let warnings = result.unwrap();
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].to_string().starts_with("/etc/nix/nix.conf:6: unknown setting 'foo'"));
    }

    #[test]
    fn a_bad_line_is_named() {
        let (_, result) = apply_text("\nmax-jobs 3\n");
        assert_eq!(
            result.unwrap_err().to_string(),
            "/etc/nix/nix.conf:2: 'max-jobs 3' is not of the form 'NAME = VALUE'"
        );
    }
}
