//! `nix-store --verify`, `--check-validity`, and the database as text.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use firn_formats::{Hash, HashAlgo, StoreDir, StorePath, nar};
use firn_store::{PathInfo, Store};
use firn_store_disk::{LocalStore, VerifyOptions, VerifyProblem};

use super::arguments::Arguments;
use crate::commands::store::check_content;
use crate::context::Context;
use crate::exit::Failure;

/// Makes what the store lacks, which opening it does.
pub fn init(_arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    context.local_store()?;
    Ok(ExitCode::SUCCESS)
}

/// Compares database and disk.
pub fn verify(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.local_store()?;
    let options =
        VerifyOptions { check_contents: arguments.check_contents, repair: arguments.repair };
    eprintln!("reading the Nix store...");
    let problems = store.verify(options, &mut |_| {})?;
    let mut bad = false;
    for problem in &problems {
        eprintln!("{}", describe(store.store_dir(), problem));
        bad |= !is_mended(context, problem, arguments.repair);
    }
    if bad {
        eprintln!("warning: not all store errors were fixed");
    }
    Ok(ExitCode::from(u8::from(bad)))
}

/// Whether what was found is all right now; with `repair` damaged paths are built again.
fn is_mended(context: &Context, problem: &VerifyProblem, repair: bool) -> bool {
    let path = match problem {
        VerifyProblem::Disappeared(_) | VerifyProblem::BadLink(_, true) => return true,
        VerifyProblem::Modified(path, ..) | VerifyProblem::DisappearedInUse(path) if repair => path,
        _ => return false,
    };
    match crate::commands::store::mend(context, [path.clone()]) {
        Ok(()) => true,
        Err(failure) => {
            failure.show();
            false
        }
    }
}

fn describe(dir: &StoreDir, problem: &VerifyProblem) -> String {
    match problem {
        VerifyProblem::Disappeared(path) => {
            format!("path '{}' disappeared, removing from database...", dir.display(path))
        }
        VerifyProblem::DisappearedInUse(path) => {
            format!("path '{}' disappeared, but it still has valid referrers!", dir.display(path))
        }
        VerifyProblem::Modified(path, wanted, found) => format!(
            "path '{}' was modified! expected hash '{wanted}', got '{found}'",
            dir.display(path)
        ),
        VerifyProblem::BadLink(name, removed) => {
            format!("link '{name}' was modified!{}", if *removed { " removed it" } else { "" })
        }
        VerifyProblem::Unreadable(path, reason) => {
            format!("path '{}' can't be read: {reason}", dir.display(path))
        }
    }
}

/// Compares the content of some paths with what was registered.
pub fn verify_path(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let (store, paths) = arguments.store_and_paths(context)?;
    let mut good = true;
    for path in paths {
        let info = store.require_path_info(&path)?;
        good &= check_content(&*store, &path, &info)?;
    }
    Ok(ExitCode::from(u8::from(!good)))
}

/// Builds paths again that are damaged.
pub fn repair_path(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let (_, paths) = arguments.store_and_paths(context)?;
    crate::commands::store::mend(context, paths)?;
    Ok(ExitCode::SUCCESS)
}

/// Fails for paths that are not valid, or prints them.
pub fn check_validity(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let (store, paths) = arguments.store_and_paths(context)?;
    for path in paths {
        if store.is_valid(&path)? {
            continue;
        }
        let text = store.store_dir().display(&path);
        if !arguments.print_invalid {
            return Err(Failure::new(format!("error: path '{text}' is not valid")));
        }
        println!("{text}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes what is known of paths, of all where none is named.
pub fn dump_db(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    let dir = store.store_dir();
    let named = arguments.path_set(&*store)?;
    let paths = if named.is_empty() { store.all_valid()? } else { named };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for path in paths {
        let info = store.require_path_info(&path)?;
        let deriver = info.deriver.as_ref().map(|d| dir.display(d)).unwrap_or_default();
        writeln!(out, "{}\n{}\n{}", dir.display(&path), info.nar_hash.base16(), info.nar_size)?;
        writeln!(out, "{deriver}\n{}", info.references.len())?;
        for reference in &info.references {
            writeln!(out, "{}", dir.display(reference))?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Reads what [`dump_db`] wrote.
pub fn load_db(_arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    register(&*context.local_store()?, true, true)
}

/// Makes paths valid that lie in the store.
pub fn register_validity(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    register(&*context.local_store()?, arguments.hash_given, arguments.reregister)
}

fn register(store: &LocalStore, hash_given: bool, again: bool) -> Result<ExitCode, Failure> {
    let mut lines = std::io::stdin().lock().lines();
    let mut infos = Vec::new();
    while let Some(path) = lines.next() {
        let path = path?;
        if path.is_empty() {
            break;
        }
        let path = store.store_dir().parse(&path)?;
        let info = read_entry(store, path, hash_given, &mut lines)?;
        if again || !store.is_valid(&info.path)? {
            infos.push(info);
        }
    }
    store.register_valid_paths(&infos)?;
    Ok(ExitCode::SUCCESS)
}

/// Reads the lines of one path: hash and size if given, deriver, references.
fn read_entry(
    store: &LocalStore,
    path: StorePath,
    hash_given: bool,
    lines: &mut dyn Iterator<Item = std::io::Result<String>>,
) -> Result<PathInfo, Failure> {
    let mut line = || match lines.next() {
        Some(line) => Ok(line?),
        None => Err(Failure::new("error: the registration ends early")),
    };
    let dir = store.store_dir();
    let mut info = PathInfo::new(path, Hash::zero(HashAlgo::Sha256), 0);
    if hash_given {
        info.nar_hash = Hash::parse_any(&line()?, Some(HashAlgo::Sha256))?;
        info.nar_size = number(&line()?)?;
    }
    let deriver = line()?;
    if !deriver.is_empty() {
        info.deriver = Some(dir.parse(&deriver)?);
    }
    for _ in 0..number(&line()?)? {
        info.references.insert(dir.parse(&line()?)?);
    }
    if !hash_given {
        let mut hasher = firn_formats::Hasher::new(HashAlgo::Sha256);
        nar::dump_path(&store.real_path(&info.path), &mut hasher)?;
        let found = hasher.finish_sized();
        (info.nar_hash, info.nar_size) = (found.hash, found.size);
    }
    Ok(info)
}

fn number(text: &str) -> Result<u64, Failure> {
    text.trim().parse().map_err(|_| Failure::new(format!("error: number expected, not '{text}'")))
}
