//! The forms in which values are printed, and printed values that the evaluation cache may hold.

use firn_eval::{Coerce, Ctx, Pos, PrintOptions, Value};
use firn_flake::eval_cache::Answer;
use firn_formats::{ContextElement, StoreDir, StorePath};

use crate::exit::Failure;
use crate::installable::Evaluation;

/// How a value is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A string as it is.
    Raw,
    Json,
    /// As an expression.
    Nix,
}

/// A printed value, and the store paths that it depends on.
pub(super) struct Printed {
    pub(super) text: Vec<u8>,
    context: Needs,
}

enum Needs {
    /// Those of a string's context.
    Context(Ctx),
    /// Those that the text names: the context was lost in printing.
    Named,
}

impl Form {
    /// The question that a value printed so answers.
    pub(super) fn question(self) -> &'static str {
        match self {
            Form::Raw => "raw",
            Form::Json => "json",
            Form::Nix => "value",
        }
    }

    /// Prints a value.
    ///
    /// # Errors
    /// Evaluation fails, or the value has no such form.
    pub(super) fn print(
        self,
        evaluation: &mut Evaluation<'_>,
        value: Value,
    ) -> Result<Printed, Failure> {
        evaluation.run(|m| match self {
            Form::Raw => {
                let what = "while generating the eval command output";
                let text = m.coerce(value, Coerce { more: false, copy: true }, Pos::NONE, what)?;
                Ok(Printed { text: text.bytes().to_vec(), context: Needs::Context(text.ctx()) })
            }
            Form::Json => {
                let mut text = Vec::new();
                // Paths are printed as they are; nothing is copied to the store for that.
                let context = m.write_json(value, false, Pos::NONE, &mut text)?;
                Ok(Printed { text, context: Needs::Context(context) })
            }
            Form::Nix => {
                // An error in the value itself is an error; those within it are printed in their places.
                let value = m.force(value)?;
                let options =
                    PrintOptions { force: true, derivation_paths: true, ..PrintOptions::PLAIN };
                let text = m.print_value_bytes(value, options)?;
                let context = match value.as_str() {
                    Some(string) => Needs::Context(string.ctx()),
                    None => Needs::Named,
                };
                Ok(Printed { text, context })
            }
        })
    }
}

impl Printed {
    /// The printed value as an answer that holds as long as the store has what it depends on; none if
    /// that is not known, or if part of it is an error.
    ///
    /// # Errors
    /// The store can't be opened.
    pub(super) fn answer(
        &self,
        evaluation: &mut Evaluation<'_>,
    ) -> Result<Option<Answer>, Failure> {
        let Ok(text) = std::str::from_utf8(&self.text) else { return Ok(None) };
        let context = match self.context {
            Needs::Context(context) => evaluation.context_of(context)?,
            // What went wrong within a value may go right the next time.
            Needs::Named if text.contains("«error") => return Ok(None),
            Needs::Named => {
                let store = evaluation.context().eval_store()?;
                let Some(paths) = named(store.store_dir(), text) else { return Ok(None) };
                let is_there = |path: &StorePath| store.is_valid(path).unwrap_or(false);
                if !paths.iter().all(is_there) {
                    return Ok(None);
                }
                paths.into_iter().map(ContextElement::Opaque).collect()
            }
        };
        Ok(Some(Answer { text: text.to_owned(), context }))
    }
}

/// The store paths that a text names; none if what looks like one isn't.
fn named(dir: &StoreDir, text: &str) -> Option<Vec<StorePath>> {
    let start = format!("{}/", dir.as_str());
    let in_name = |c: char| c.is_ascii_alphanumeric() || "+-._?=".contains(c);
    let names = text.split(start.as_str()).skip(1).map(|rest| {
        let end = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
        StorePath::new(&rest[..end]).ok()
    });
    let mut paths: Vec<_> = names.collect::<Option<_>>()?;
    paths.sort();
    paths.dedup();
    Some(paths)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn store_paths_are_found_in_texts() {
        let dir = StoreDir::new("/nix/store").unwrap();
        let (a, b) = ("a".repeat(32) + "-a.drv", "b".repeat(32) + "-b");
        let text = format!(
            "{{ x = «derivation /nix/store/{a}»; y = \"/nix/store/{b}/bin\"; z = /nix/store/{a}; }}"
        );
        let found = named(&dir, &text).unwrap();
        assert_eq!(found, [StorePath::new(&a).unwrap(), StorePath::new(&b).unwrap()]);
        assert_eq!(named(&dir, "{ x = 1; }"), Some(Vec::new()));
        assert_eq!(named(&dir, "/nix/store/short"), None);
    }
}
