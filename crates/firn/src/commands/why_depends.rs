//! `firn why-depends`: the way through references from a package to another that it needs.

use std::collections::{BTreeMap, VecDeque};
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use firn_formats::{DerivedPath, StorePath, StorePathSet};
use firn_store::{BuildMode, Store, closure};

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::derived;
use crate::exit::Failure;
use crate::installable::SourceArguments;
use crate::store_paths;

/// Bytes that are shown on either side of a reference.
const MARGIN: usize = 32;

/// Which two, and how much is shown.
#[derive(Args)]
#[command(after_help = "\
Examples:
  firn why-depends base#nginx base#openssl
  firn why-depends --all --precise ./result base#glibc")]
pub struct Arguments {
    /// What needs the other
    package: String,
    /// What is needed
    dependency: String,
    /// Show all ways, not only a shortest
    #[arg(short, long)]
    all: bool,
    /// Show the files that hold the references
    #[arg(long)]
    precise: bool,
    /// Look at what derivations need to be built
    #[arg(long)]
    derivation: bool,
    #[command(flatten)]
    source: SourceArguments,
}

/// Shows.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let store = context.store()?;
    let package = path_of(&context, &arguments, &arguments.package)?;
    let dependency = path_of(&context, &arguments, &arguments.dependency)?;
    context.display.finish();
    let all = closure(&*store, &StorePathSet::from([package.clone()]))?;
    if !all.contains(&dependency) {
        eprintln!("'{}' does not depend on '{}'", arguments.package, arguments.dependency);
        return Ok(ExitCode::SUCCESS);
    }
    let mut ways = Ways {
        nodes: nodes(&*store, &all, &dependency)?,
        store: &*store,
        package: package.clone(),
        dependency,
        arguments: &arguments,
        colour: std::io::stdout().is_terminal(),
    };
    println!("{}", store.store_dir().display(&package));
    ways.show(&package, "")?;
    Ok(ExitCode::SUCCESS)
}

/// The store path that an installable stands for: its derivation, or its only output, which is built.
fn path_of(context: &Context, arguments: &Arguments, text: &str) -> Result<StorePath, Failure> {
    let wanted = derived::wanted(context, &arguments.source, &[text.to_owned()])?;
    let many =
        || Failure::new(format!("error: argument '{text}' should evaluate to one store path"));
    if arguments.derivation {
        return match wanted.as_slice() {
            [one] if one.base().is_derivation() => Ok(one.base().clone()),
            [DerivedPath::Opaque(path)] => store_paths::deriver(&*context.store()?, path, text),
            _ => Err(many()),
        };
    }
    let built = context.realise(&wanted, BuildMode::Normal)?;
    let mut outputs = built.iter().flat_map(|one| one.outputs.values());
    match (outputs.next(), outputs.next()) {
        (Some(one), None) => Ok(one.clone()),
        _ => Err(many()),
    }
}

/// A store path of the closure.
struct Node {
    references: StorePathSet,
    /// Steps to the dependency; nothing where no way leads there.
    steps: Option<usize>,
    shown: bool,
}

/// The closure with each path's distance to the dependency.
fn nodes(
    store: &dyn Store,
    all: &StorePathSet,
    dependency: &StorePath,
) -> Result<BTreeMap<StorePath, Node>, Failure> {
    let mut nodes = BTreeMap::new();
    let mut referrers: BTreeMap<StorePath, Vec<StorePath>> = BTreeMap::new();
    for path in all {
        let references = store.require_path_info(path)?.references.clone();
        for reference in &references {
            referrers.entry(reference.clone()).or_default().push(path.clone());
        }
        nodes.insert(path.clone(), Node { references, steps: None, shown: false });
    }
    let mut todo = VecDeque::from([(dependency.clone(), 0)]);
    while let Some((path, steps)) = todo.pop_front() {
        let Some(node) = nodes.get_mut(&path).filter(|node| node.steps.is_none()) else { continue };
        node.steps = Some(steps);
        let above = referrers.get(&path).into_iter().flatten();
        todo.extend(above.map(|path| (path.clone(), steps + 1)));
    }
    Ok(nodes)
}

struct Ways<'a> {
    nodes: BTreeMap<StorePath, Node>,
    store: &'a dyn Store,
    package: StorePath,
    dependency: StorePath,
    arguments: &'a Arguments,
    colour: bool,
}

impl Ways<'_> {
    /// Shows what leads on from a path; false once the one way that is wanted is shown.
    fn show(&mut self, path: &StorePath, pad: &str) -> Result<bool, Failure> {
        let is_circle = self.package == self.dependency;
        if *path == self.dependency && !self.arguments.all && !is_circle {
            return Ok(false);
        }
        let Some(node) = self.nodes.get_mut(path) else { return Ok(true) };
        if std::mem::replace(&mut node.shown, true) {
            return Ok(true);
        }
        let references = node.references.clone();
        // The shortest way comes first.
        let mut next: Vec<(usize, StorePath)> = references
            .into_iter()
            .filter(|reference| reference != path || is_circle)
            .filter_map(|reference| Some((self.nodes.get(&reference)?.steps?, reference)))
            .collect();
        next.sort();
        let places = match self.arguments.precise {
            true => self.places(path, &next)?,
            false => BTreeMap::new(),
        };
        let count = next.len();
        for (index, (_, reference)) in next.into_iter().enumerate() {
            let last = !self.arguments.all || index + 1 == count;
            let (branch, below) =
                if last { ("└───", "    ") } else { ("├───", "│   ") };
            let below = format!("{pad}{below}");
            self.line(&reference, places.get(&reference), pad, branch, &below);
            if !self.show(&reference, &below)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn line(
        &self,
        path: &StorePath,
        places: Option<&Vec<String>>,
        pad: &str,
        branch: &str,
        below: &str,
    ) {
        let name = self.store.store_dir().display(path);
        let seen = self.colour && self.nodes.get(path).is_some_and(|node| node.shown);
        let (dim, end) = if seen { ("\x1b[38;5;244m", "\x1b[0m") } else { ("", "") };
        if !self.arguments.precise {
            println!("{pad}{branch}{dim}{name}{end}");
            return;
        }
        let most = if self.arguments.all { usize::MAX } else { 1 };
        let shown = places.into_iter().flatten().take(most);
        for (number, place) in shown.enumerate() {
            println!(
                "{}{place}",
                if number == 0 { format!("{pad}{branch}") } else { below.to_owned() }
            );
        }
        println!("{below}→ {dim}{name}{end}");
    }

    /// The files of an object that name other objects.
    fn places(
        &self,
        path: &StorePath,
        wanted: &[(usize, StorePath)],
    ) -> Result<BTreeMap<StorePath, Vec<String>>, Failure> {
        let mut found = BTreeMap::new();
        if let Some(real) = self.store.to_real_path(path) {
            self.look_into(&real, "", wanted, &mut found)?;
        }
        Ok(found)
    }

    fn look_into(
        &self,
        real: &Path,
        name: &str,
        wanted: &[(usize, StorePath)],
        found: &mut BTreeMap<StorePath, Vec<String>>,
    ) -> Result<(), Failure> {
        let kind = real.symlink_metadata()?.file_type();
        if kind.is_dir() {
            let mut names: Vec<_> = std::fs::read_dir(real)?
                .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
                .collect::<std::io::Result<_>>()?;
            names.sort();
            for entry in names {
                let inner = if name.is_empty() { entry.clone() } else { format!("{name}/{entry}") };
                self.look_into(&real.join(&entry), &inner, wanted, found)?;
            }
            return Ok(());
        }
        let content = match kind.is_symlink() {
            true => std::fs::read_link(real)?.into_os_string().into_encoded_bytes(),
            false => std::fs::read(real)?,
        };
        let shown = if name.is_empty() { "/" } else { name };
        for (_, path) in wanted {
            let hash = path.hash_part();
            let Some(at) = memchr::memmem::find(&content, hash.as_bytes()) else { continue };
            let text = match kind.is_symlink() {
                true => format!("{shown} -> {}", self.excerpt(&content, path, usize::MAX, at)),
                false => format!("{shown}: …{}…", self.excerpt(&content, path, MARGIN, at)),
            };
            found.entry(path.clone()).or_default().push(text);
        }
        Ok(())
    }

    /// What stands around a hash, printable.
    fn excerpt(&self, content: &[u8], path: &StorePath, margin: usize, at: usize) -> String {
        let hash = path.hash_part();
        let end = at + hash.len();
        let printable = |bytes: &[u8]| -> String {
            let shown = |byte: &u8| if (32..127).contains(byte) { *byte as char } else { '.' };
            bytes.iter().map(shown).collect()
        };
        let before = printable(&content[at.saturating_sub(margin)..at]);
        let after = printable(&content[end..content.len().min(end.saturating_add(margin))]);
        match (self.colour, *path == self.dependency) {
            (false, _) => format!("{before}{hash}{after}"),
            (true, true) => format!("{before}\x1b[32;1m{hash}\x1b[0m{after}"),
            (true, false) => format!("{before}\x1b[34;1m{hash}\x1b[0m{after}"),
        }
    }
}
