//! Looking things up in flakes: which flake a command line means, and the index of what is in it.

use clap::Args;
use firn_events::Activity;
use firn_flake::locked::LockedFlake;
use firn_flake::reference::{Base, FlakeRef};
use firn_formats::{HashAlgo, Hasher};
use firn_search::index::Indexes;
use firn_search::patterns::Patterns;

use crate::arguments::JsonArguments;
use crate::base;
use crate::context::Context;
use crate::exit::Failure;
use crate::flake_config;
use crate::installable::{Evaluation, SourceArguments, input_failure};
use crate::program;

/// What all commands that look something up take, beside the words.
#[derive(Args)]
pub struct LookupArguments {
    /// Hide what this regular expression would find
    #[arg(short, long, value_name = "REGEX")]
    exclude: Vec<String>,
    #[command(flatten)]
    pub json: JsonArguments,
    #[command(flatten)]
    source: SourceArguments,
}

impl LookupArguments {
    /// Whether the place is a flake, not something in a file or an expression.
    pub fn is_flake(&self) -> bool {
        self.source.is_flake()
    }

    /// What `words` ask for, and what evaluates the place.
    ///
    /// # Errors
    /// Those of [`Question::read`], and an evaluation that can't be made.
    pub fn begin<'c>(
        &'c self,
        context: &'c Context,
        words: &[String],
    ) -> Result<(Question, Evaluation<'c>), Failure> {
        let question = Question::read(context, words, &self.exclude, !self.is_flake())?;
        Ok((question, Evaluation::reading(context, &self.source)?))
    }
}

/// What a command line asks: where to look, and what for.
pub struct Question {
    /// The flake with its fragment, or an attribute path.
    pub place: String,
    /// What is looked for.
    pub patterns: Patterns,
    /// What is looked for, as the user wrote it.
    pub words: Vec<String>,
}

impl Question {
    /// Reads `[FLAKE] REGEX…`; `base` is meant where no flake is named. Called as `nix`, the first
    /// word is always a flake, as with an attribute path of a file or expression.
    ///
    /// # Errors
    /// There is no regular expression, or one is not valid.
    pub fn read(
        context: &Context,
        words: &[String],
        excluded: &[String],
        place_first: bool,
    ) -> Result<Self, Failure> {
        let named = match words {
            [] => false,
            [first, ..] if place_first || program::is_called("nix") || looks_like_flake(first) => {
                true
            }
            [_] => false,
            [first, ..] => names_flake(context, first)?,
        };
        let (place, wanted) = match words.split_first() {
            Some((first, rest)) if named => (first.clone(), rest),
            _ => ("base".to_owned(), words),
        };
        if wanted.is_empty() {
            return Err(Failure::new(format!(
                "error: Must provide at least one regex! To match all of '{place}', use '{place} ^'."
            )));
        }
        let patterns = Patterns::new(wanted, excluded)
            .map_err(|error| Failure::new(format!("error: {error}")))?;
        Ok(Question { place, patterns, words: wanted.to_vec() })
    }
}

/// Whether a word is a path, a URL, or has a fragment, none of which patterns usually are.
fn looks_like_flake(word: &str) -> bool {
    word == "."
        || ["./", "../", "/", "~/"].iter().any(|start| word.starts_with(start))
        || word.contains('#')
        || word.split_once(':').is_some_and(|(scheme, rest)| {
            let is_scheme = |b: u8| b.is_ascii_alphanumeric() || b == b'+';
            let url = !rest.is_empty() && !rest.contains(char::is_whitespace);
            url && !scheme.is_empty() && scheme.bytes().all(is_scheme)
        })
}

/// Whether a word is a name in the registries.
fn names_flake(context: &Context, word: &str) -> Result<bool, Failure> {
    // Everybody means the flake by this name, also where no registry can be reached.
    if word == "nixpkgs" || word.starts_with("nixpkgs/") {
        return Ok(true);
    }
    let Ok((reference, _)) = FlakeRef::parse(word, Base::Flake) else { return Ok(false) };
    Ok(reference.input.is_indirect()
        && context.flakes()?.registries().resolve(&reference, false).is_ok())
}

/// A flake to look into.
pub struct Place {
    /// The flake.
    pub reference: FlakeRef,
    /// The attribute path.
    pub fragment: String,
    /// The flake with its lock file; absent for the distribution that is built in, of which the
    /// program knows the content.
    locked: Option<LockedFlake>,
    /// What tells the flake's content from any other; absent where an input is not pinned.
    content: Option<String>,
}

impl Place {
    /// Finds a flake and what it is locked to.
    ///
    /// # Errors
    /// It can't be fetched or locked.
    fn open(evaluation: &Evaluation<'_>, text: &str) -> Result<Self, Failure> {
        let context = evaluation.context();
        let (reference, fragment) = context.flake_reference(text)?;
        let resolved =
            evaluation.flakes.registries().resolve(&reference, false).map_err(input_failure)?;
        if resolved.input.kind() == "base" && context.environment.base.is_none() {
            let content = Some(base::DIGEST.to_owned());
            return Ok(Place { reference: resolved, fragment, locked: None, content });
        }
        let request = evaluation.locking()?;
        let locked = flake_config::lock_flake(context, &evaluation.flakes, &reference, &request)?;
        let content = locked.content();
        Ok(Place { reference, fragment, locked: Some(locked), content })
    }

    /// The index of a kind, of the flake that `text` names; made by `make` unless it is there. Only
    /// pure evaluation gives one that may be kept.
    ///
    /// # Errors
    /// Those of [`Place::open`] and `make`.
    pub fn lines(
        evaluation: &mut Evaluation<'_>,
        text: &str,
        kind: &str,
        make: impl FnOnce(&Place, &mut Evaluation<'_>) -> Result<String, Failure>,
    ) -> Result<String, Failure> {
        let place = Place::open(evaluation, text)?;
        let context = evaluation.context();
        let Some(content) = place.content.as_ref().filter(|_| evaluation.is_pure()) else {
            return make(&place, evaluation);
        };
        let key = place.key(content, kind, context.settings.text("system"));
        let what = format!("the {kind} of '{text}', to make an index of them");
        index(context, &key, what, || make(&place, evaluation))
    }

    /// The name of an index of this place.
    fn key(&self, content: &str, kind: &str, system: &str) -> String {
        let mut hasher = Hasher::new(HashAlgo::Sha256);
        for part in [kind, system, &self.fragment, content] {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
        format!("{}-{kind}", hasher.finish().nix32())
    }

    /// The flake's value.
    pub fn value(&self, evaluation: &mut Evaluation<'_>) -> Result<firn_eval::Value, Failure> {
        match &self.locked {
            Some(locked) => evaluation.run(|m| firn_flake::call::call_flake(m, locked)),
            None => evaluation.flake(&self.reference),
        }
    }

    /// Trees in the store and what people call them: the flake itself, and its inputs.
    pub fn trees(&self, evaluation: &Evaluation<'_>) -> Result<Vec<(String, String)>, Failure> {
        let fetcher = evaluation.flakes.fetcher();
        let dir = fetcher.store.store_dir();
        let Some(locked) = &self.locked else {
            let base = evaluation.flakes.fetch(&self.reference.input).map_err(input_failure)?;
            return Ok(vec![(dir.display(&base.store_path), "base".to_owned())]);
        };
        let mut trees = Vec::new();
        if let Some(folder) = locked.flake.resolved.input.source_path() {
            let tree = dir.display(&locked.flake.folder.tree);
            trees.push((tree, folder.to_string_lossy().into_owned()));
        }
        let lock = &locked.locking.lock;
        for (node, key) in lock.nodes.iter().zip(lock.keys()) {
            let (Some(node), Some(key)) = (&node.locked, key) else { continue };
            let input = &node.locked.input;
            let tree = match input.nar_hash() {
                _ if input.kind() == "base" => {
                    evaluation.flakes.fetch(input).ok().map(|f| f.store_path)
                }
                Some(hash) => firn_formats::Hash::parse_sri(hash)
                    .ok()
                    .and_then(|hash| fetcher.path_of(&hash, "source").ok()),
                None => None,
            };
            trees.extend(tree.map(|tree| (dir.display(&tree), key)));
        }
        Ok(trees)
    }
}

/// The index with a key, made by `make` unless it is there. `what` says on the display what is made.
///
/// # Errors
/// Those of `make`. An index that can't be written is a warning.
fn index(
    context: &Context,
    key: &str,
    what: String,
    make: impl FnOnce() -> Result<String, Failure>,
) -> Result<String, Failure> {
    let indexes = Indexes::new(context.environment.cache.join("firn-index"));
    if let Some(lines) = indexes.read(key) {
        return Ok(lines);
    }
    let span = context.reporter.start(Activity::Evaluate { what });
    let lines = make();
    span.stop(firn_events::Outcome::Ok, None);
    let lines = lines?;
    if let Err(error) = indexes.write(key, &lines) {
        context.warn(&format!("cannot keep the index for the next time: {error}"));
    }
    Ok(lines)
}

/// A text whose marked places are coloured, in a text of a style of its own.
pub fn highlighted(text: &str, places: &[std::ops::Range<usize>], style: &str) -> String {
    let mut result = String::new();
    let mut end = 0;
    for place in places {
        result += &text[end..place.start];
        result += &format!("\x1b[32;1m{}{style}", &text[place.clone()]);
        end = place.end;
    }
    result + &text[end..]
}

/// A line of help that names what is nearest to the words; empty if nothing is near.
pub fn nearest<'a>(words: &[String], names: impl Fn(&str) -> Vec<&'a str>) -> String {
    let near: Vec<_> = words
        .iter()
        .flat_map(|word| firn_diag::similar(word, names(word)))
        .map(|name| format!("'{name}'"))
        .collect();
    match near.as_slice() {
        [] => String::new(),
        near => format!("\nhelp: there is {}", near.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flakes_are_told_from_patterns() {
        for flake in
            [".", "./x", "/etc", "nixpkgs#gnome", "github:a/b", "git+https://x/y", "path:."]
        {
            assert!(looks_like_flake(flake), "{flake}");
        }
        for pattern in ["nginx", "services.nginx", "^lib.*", "a|b", "^", "foo: bar", "::"] {
            assert!(!looks_like_flake(pattern), "{pattern}");
        }
    }

    #[test]
    fn places_are_marked() {
        let places = [1..2, 3..5];
        assert_eq!(highlighted("nginx", &places, "/"), "n\x1b[32;1mg/i\x1b[32;1mnx/");
    }
}
