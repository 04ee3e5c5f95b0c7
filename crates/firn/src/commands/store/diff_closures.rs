//! `firn store diff-closures`: what is new in a closure, what is gone, and what grew.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use clap::Args;
use firn_formats::StorePathSet;
use firn_store::{Store, closure};

use crate::commands::collection::render_size;
use crate::commands::nix_env::DrvName;
use crate::context::Context;
use crate::derived;
use crate::exit::Failure;
use crate::installable::SourceArguments;

/// Which closures.
#[derive(Args)]
#[command(after_help = "\
Examples:
  firn store diff-closures /nix/var/nix/profiles/system-1-link /nix/var/nix/profiles/system-2-link")]
pub struct Arguments {
    /// What there was
    before: String,
    /// What there is now
    after: String,
    #[command(flatten)]
    source: SourceArguments,
}

/// Of a name: the versions, and the bytes of all its paths.
#[derive(Default)]
struct Named {
    versions: BTreeSet<String>,
    bytes: u64,
}

/// Smaller differences of size are not told (the reference's `diff-closures.cc`).
const SHOWN_BYTES: u64 = 8 * 1024;

/// Prints a line for each name that differs.
pub fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    let named = |installable: &String| -> Result<_, Failure> {
        let installables = std::slice::from_ref(installable);
        let wanted = derived::wanted(context, &arguments.source, installables)?;
        let built = context.realise(&wanted, arguments.source.mode())?;
        let paths = built.into_iter().flat_map(|one| one.outputs.into_values()).collect();
        by_name(&*store, &paths)
    };
    let (before, after) = (named(&arguments.before)?, named(&arguments.after)?);
    context.display.finish();
    let nothing = Named::default();
    for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (old, new) = (before.get(name), after.get(name));
        if let Some(line) = difference(old.unwrap_or(&nothing), new.unwrap_or(&nothing)) {
            println!("{name}: {line}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn by_name(store: &dyn Store, paths: &StorePathSet) -> Result<BTreeMap<String, Named>, Failure> {
    let mut named: BTreeMap<String, Named> = BTreeMap::new();
    for path in closure(store, paths)? {
        let DrvName { name, version } = DrvName::new(without_output(path.name()));
        let entry = named.entry(name.to_owned()).or_default();
        entry.versions.insert(version.to_owned());
        entry.bytes += store.require_path_info(&path)?.nar_size;
    }
    Ok(named)
}

/// A name without the output that it ends with: `zlib-1.3-dev` is `zlib-1.3`.
fn without_output(name: &str) -> &str {
    let is_output = |last: &str| {
        matches!(last, "lib32" | "lib64")
            || !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    match name.rsplit_once('-') {
        Some((first, last)) if is_output(last) => first,
        _ => name,
    }
}

fn difference(old: &Named, new: &Named) -> Option<String> {
    let mut items = Vec::new();
    let gone: Vec<_> = old.versions.difference(&new.versions).collect();
    let added: Vec<_> = new.versions.difference(&old.versions).collect();
    if !gone.is_empty() || !added.is_empty() {
        items.push(format!("{} → {}", versions(&gone), versions(&added)));
    }
    if old.bytes.abs_diff(new.bytes) >= SHOWN_BYTES {
        let delta = new.bytes as i64 - old.bytes as i64;
        let color = if delta > 0 { "\x1b[31;1m" } else { "\x1b[32;1m" };
        let size = render_size(delta);
        items.push(match crate::output::is_styled() {
            true => format!("{color}{size}\x1b[0m"),
            false => size,
        });
    }
    if items.is_empty() { None } else { Some(items.join(", ")) }
}

fn versions(all: &[&String]) -> String {
    if all.is_empty() {
        return "∅".to_owned();
    }
    let shown = all.iter().map(|version| if version.is_empty() { "ε" } else { version.as_str() });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_not_part_of_names() {
        assert_eq!(without_output("zlib-1.3-dev"), "zlib-1.3");
        assert_eq!(without_output("glibc-2.40-lib32"), "glibc-2.40");
        assert_eq!(without_output("hello-2.12"), "hello-2.12");
        assert_eq!(without_output("unit-nginx.service"), "unit-nginx.service");
    }

    #[test]
    fn versions_and_sizes_are_told() {
        let named = |versions: &[&str], bytes| Named {
            versions: versions.iter().map(|version| (*version).to_owned()).collect(),
            bytes,
        };
        let old = named(&["1", ""], 0);
        assert_eq!(difference(&old, &named(&["1", "", "2"], 0)).as_deref(), Some("∅ → 2"));
        assert_eq!(difference(&old, &named(&[], 0)).as_deref(), Some("ε, 1 → ∅"));
        assert_eq!(difference(&old, &named(&["1", ""], 8191)), None);
        assert!(
            difference(&old, &named(&["1", ""], 8192)).is_some_and(|line| line.contains("8.0 KiB"))
        );
    }
}
