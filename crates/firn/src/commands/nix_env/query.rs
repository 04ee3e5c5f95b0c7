//! `nix-env --query`: shows packages of a set, or of a profile.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::process::ExitCode;

use firn_eval::{ErrorKind, Machine, Pos, R};

use super::packages::{DrvName, Package, Search};
use super::{Globals, output, selectors, source};
use crate::evaluation;
use crate::exit::Failure;

/// What is shown of each package.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Whether it is installed, valid, substitutable.
    pub status: bool,
    /// The name; shown unless asked not to.
    pub no_name: bool,
    /// The attribute path.
    pub path: bool,
    /// How its version compares with those on the other side.
    pub versions: bool,
    /// The system.
    pub system: bool,
    /// The derivation.
    pub drv_path: bool,
    /// The outputs.
    pub out_path: bool,
    /// `meta.description`
    pub description: bool,
    /// All of `meta`.
    pub meta: bool,
}

#[derive(Default)]
struct Query {
    shown: Shown,
    available: bool,
    attr: String,
    json: bool,
    xml: bool,
}

/// Flags that only this operation has.
pub const FLAGS: &[&str] = &[
    "--status",
    "-s",
    "--no-name",
    "--system",
    "--description",
    "--compare-versions",
    "-c",
    "--drv-path",
    "--out-path",
    "--meta",
    "--installed",
    "--available",
    "-a",
    "--xml",
    "--json",
    "--attr-path",
    "-P",
];

impl Query {
    fn read(flags: &[String]) -> Result<Query, Failure> {
        let mut query = Query::default();
        let mut rest = flags.iter();
        while let Some(flag) = rest.next() {
            match flag.as_str() {
                "--status" | "-s" => query.shown.status = true,
                "--no-name" => query.shown.no_name = true,
                "--system" => query.shown.system = true,
                "--description" => query.shown.description = true,
                "--compare-versions" | "-c" => query.shown.versions = true,
                "--drv-path" => query.shown.drv_path = true,
                "--out-path" => query.shown.out_path = true,
                "--meta" => query.shown.meta = true,
                "--installed" => query.available = false,
                "--available" | "-a" => query.available = true,
                "--xml" => query.xml = true,
                "--json" => query.json = true,
                "--attr-path" | "-P" => query.shown.path = true,
                _ => query.attr = rest.next().cloned().unwrap_or_default(),
            }
        }
        if query.shown.path && !query.available {
            return Err(Failure::new("error: --attr-path(-P) only works with --available"));
        }
        Ok(query)
    }
}

/// Packages with what else is known of them.
pub struct Listing {
    /// What was asked for, sorted by name.
    pub packages: Vec<Package>,
    /// The other side's packages, for comparisons.
    pub others: Vec<Package>,
    /// Paths in the profile.
    pub installed: BTreeSet<String>,
}

/// Runs the query.
pub fn run(globals: &Globals, flags: &[String], names: &[String]) -> Result<ExitCode, Failure> {
    let query = Query::read(flags)?;
    let mut machine = globals.machine()?;
    evaluation::run(&globals.context, &mut machine, |m| {
        let listing = list(globals, m, &query, names)?;
        let mut out = output::Output::new(globals, &query.shown, &listing);
        let text = match (query.json, query.xml) {
            (true, _) => out.json(m)?,
            (_, true) => out.xml(m)?,
            _ => out.table(m)?,
        };
        globals.context.display.finish();
        write(m, &text)
    })?;
    Ok(ExitCode::SUCCESS)
}

fn write(m: &mut Machine, text: &[u8]) -> R<()> {
    use std::io::Write;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text).and_then(|()| stdout.flush()).map_err(|error| {
        m.fail(ErrorKind::Outside, Pos::NONE, format!("writing to standard output: {error}"))
    })
}

fn list(globals: &Globals, m: &mut Machine, query: &Query, names: &[String]) -> R<Listing> {
    let Query { shown, available, .. } = query;
    let both = shown.versions;
    let installed =
        if !available || both || shown.status { in_profile(globals, m)? } else { Vec::new() };
    let offered = if *available || both { in_source(globals, m, &query.attr)? } else { Vec::new() };
    let (asked, others) =
        if *available { (offered, &installed) } else { (installed.clone(), &offered) };
    let mut packages = selectors::filter(m, &asked, names)?;
    packages.sort_by(|a, b| by_name(&a.name, &b.name));
    let mut paths = BTreeSet::new();
    if shown.status {
        for package in &installed {
            paths.insert(package.out_path(m)?);
        }
    }
    Ok(Listing { packages, others: others.clone(), installed: paths })
}

/// The order of names, whatever the case of their letters.
fn by_name(a: &str, b: &str) -> Ordering {
    let upper = |text: &str| text.bytes().map(|b| b.to_ascii_uppercase()).collect::<Vec<_>>();
    upper(a).cmp(&upper(b))
}

fn in_source(globals: &Globals, m: &mut Machine, attr: &str) -> R<Vec<Package>> {
    let root = source::load(globals, m)?;
    let arguments = globals.arguments(m)?;
    let value = m.select_auto(root, attr, arguments)?;
    let mut search = Search::new(arguments, true);
    search.visit(m, value, attr)?;
    let mut found = search.found;
    if globals.system_filter != "*" {
        let mut kept = Vec::new();
        for package in found {
            if package.system(m)? == globals.system_filter {
                kept.push(package);
            }
        }
        found = kept;
    }
    Ok(found)
}

fn in_profile(globals: &Globals, m: &mut Machine) -> R<Vec<Package>> {
    let profile = globals.profile();
    if profile.join("manifest.json").exists() {
        let text = format!(
            "profile '{}' is incompatible with 'nix-env'; please use 'nix profile' instead",
            profile.display()
        );
        return Err(m.fail(ErrorKind::Outside, Pos::NONE, text));
    }
    let manifest = profile.join("manifest.nix");
    if !manifest.exists() {
        return Ok(Vec::new());
    }
    let value = source::load_path(globals, m, &manifest)?;
    let mut search = Search::new(m.empty_attrs(), false);
    search.visit(m, value, "")?;
    Ok(search.found)
}

/// How a package's version compares with those of packages with its name: a sign, and the version
/// that decided. `<` when a later one is there, `=` when the latest is the same, `>` when all are
/// earlier, `-` when there is none.
///
/// # Errors
/// None of its own.
pub fn compare(m: &mut Machine, package: &Package, others: &[Package]) -> R<(char, String)> {
    let own = DrvName::new(&package.name);
    let mut found = ('-', "?".to_owned());
    for other in others.iter().map(|other| DrvName::new(&other.name)) {
        if own.name != other.name {
            continue;
        }
        let take = match compare_versions(m, own.version, other.version)? {
            Ordering::Less => Some('<'),
            Ordering::Equal if found.0 != '<' => Some('='),
            Ordering::Greater if found.0 != '<' && found.0 != '=' => {
                let later = found.0 == '-'
                    || compare_versions(m, &found.1, other.version)? == Ordering::Less;
                found.0 = '>';
                later.then_some('>')
            }
            _ => None,
        };
        if let Some(sign) = take {
            found = (sign, other.version.to_owned());
        }
    }
    Ok(found)
}

fn compare_versions(m: &mut Machine, a: &str, b: &str) -> R<Ordering> {
    let function = m.builtin("compareVersions")?;
    let arguments = [m.string(a.as_bytes()), m.string(b.as_bytes())];
    let answer = m.call(function, &arguments, Pos::NONE)?;
    Ok(m.force_int(answer, Pos::NONE, "")?.cmp(&0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_whatever_their_case() {
        assert_eq!(by_name("abc", "ABD"), Ordering::Less);
        assert_eq!(by_name("a_b", "aa"), Ordering::Greater);
    }
}
