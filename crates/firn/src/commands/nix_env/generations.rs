//! `nix-env --set`, `--rollback`, `--switch-generation`, `--list-generations`, `--delete-generations`: the generations of
//! a profile, which are links `NAME-NUMBER-link` beside it, and the profile a link to one of them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use firn_flake::date;
use firn_store_disk::LocalStore;

use super::Globals;
use crate::exit::Failure;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A profile and its generations, the oldest first, while nobody else changes them.
struct Profile {
    path: PathBuf,
    generations: Vec<Generation>,
    current: Option<u64>,
    _lock: fs::File,
}

struct Generation {
    number: u64,
    link: PathBuf,
    made: SystemTime,
}

impl Profile {
    fn open(globals: &Globals) -> Result<Self, Failure> {
        Self::at(globals.profile())
    }

    fn at(path: PathBuf) -> Result<Self, Failure> {
        // The user's own profile is a link into the folder of profiles.
        let path = match fs::read_link(&path) {
            Ok(target) if target.is_absolute() && number_in(&target).is_none() => target,
            _ => std::path::absolute(&path).unwrap_or(path),
        };
        let _lock = lock(&path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let folder = path.parent().unwrap_or(Path::new("/"));
        let mut generations = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed("read", folder))?.flatten() {
            let link = entry.path();
            let file = entry.file_name().to_string_lossy().into_owned();
            let Some(number) = file.strip_prefix(&format!("{name}-")).and_then(number_of) else {
                continue;
            };
            let made = fs::symlink_metadata(&link).and_then(|meta| meta.modified());
            generations.push(Generation { number, link, made: made.unwrap_or(UNIX_EPOCH) });
        }
        generations.sort_by_key(|generation| generation.number);
        let current = fs::read_link(&path).ok().and_then(|target| number_in(&target));
        Ok(Self { path, generations, current, _lock })
    }

    /// Makes the profile lead to a generation.
    fn switch(&self, link: &Path) -> Result<(), Failure> {
        let target = link.file_name().map_or(link.to_owned(), PathBuf::from);
        replace_link(&target, &self.path)
    }
}

/// `--set PATH`: the path becomes the profile's newest generation, and all there is in it.
pub fn set(globals: &Globals, _flags: &[String], names: &[String]) -> Result<ExitCode, Failure> {
    let [path] = names else {
        return Err(Failure::new("error: --set takes one path of the store"));
    };
    let store = globals.context.local_store()?;
    let real = fs::canonicalize(path).map_err(failed("find", Path::new(path)))?;
    if !real.starts_with(store.layout().store_dir.as_str()) {
        return Err(Failure::new(format!("error: '{path}' is not in the store")));
    }
    add(&store, globals.profile(), &real)?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a path of the store a profile's newest generation, unless it is that already, and the profile a link
/// to it.
///
/// # Errors
/// A link can't be made.
pub fn add(store: &LocalStore, profile: PathBuf, real: &Path) -> Result<(), Failure> {
    let profile = Profile::at(profile)?;
    let newest = profile.generations.last();
    if let Some(same) = newest.filter(|g| fs::read_link(&g.link).is_ok_and(|there| there == real)) {
        return profile.switch(&same.link);
    }
    let number = newest.map_or(1, |generation| generation.number + 1);
    let link = PathBuf::from(format!("{}-{number}-link", profile.path.display()));
    replace_link(real, &link)?;
    store.add_indirect_root(&link).map_err(|err| Failure::new(format!("error: {err}")))?;
    profile.switch(&link)
}

/// `--rollback`: back to the generation before the current one.
pub fn rollback(
    globals: &Globals,
    _flags: &[String],
    _names: &[String],
) -> Result<ExitCode, Failure> {
    let profile = Profile::open(globals)?;
    let current = profile.current.unwrap_or_default();
    let older = profile.generations.iter().rev().find(|generation| generation.number < current);
    go_to(&profile, older, || match profile.current {
        Some(current) => format!("no generation older than the current ({current}) exists"),
        None => format!("'{}' has no generations", profile.path.display()),
    })
}

/// `--switch-generation NUMBER`.
pub fn switch(globals: &Globals, _flags: &[String], names: &[String]) -> Result<ExitCode, Failure> {
    let number = match names {
        [number] => number.parse::<u64>().ok(),
        _ => None,
    };
    let Some(number) = number else {
        return Err(Failure::new("error: --switch-generation takes the number of a generation"));
    };
    let profile = Profile::open(globals)?;
    let found = profile.generations.iter().find(|generation| generation.number == number);
    go_to(&profile, found, || {
        format!("profile version {number} does not exist; --list-generations shows those there are")
    })
}

fn go_to(
    profile: &Profile,
    generation: Option<&Generation>,
    missing: impl FnOnce() -> String,
) -> Result<ExitCode, Failure> {
    let Some(Generation { number, link, .. }) = generation else {
        return Err(Failure::new(format!("error: {}", missing())));
    };
    let from = profile.current.unwrap_or_default();
    eprintln!("switching profile from version {from} to {number}");
    profile.switch(link)?;
    Ok(ExitCode::SUCCESS)
}

/// `--list-generations`: numbers, times of their making, and which is current.
pub fn list(globals: &Globals, _flags: &[String], _names: &[String]) -> Result<ExitCode, Failure> {
    let profile = Profile::open(globals)?;
    for Generation { number, made, .. } in &profile.generations {
        let seconds = made.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let current = if profile.current == Some(*number) { "(current)" } else { "" };
        println!("{number:>4}   {}   {current}", date::moment(seconds));
    }
    Ok(ExitCode::SUCCESS)
}

/// `--delete-generations WHICH…`: numbers, `old` for all but the current one, `+N` for all but the last N,
/// `Nd` for those that are older than N days and were not current then.
pub fn delete(globals: &Globals, _flags: &[String], names: &[String]) -> Result<ExitCode, Failure> {
    let profile = Profile::open(globals)?;
    let chosen = choose(&profile, names, SystemTime::now())
        .map_err(|text| Failure::new(format!("error: {text}")))?;
    for Generation { number, link, .. } in &profile.generations {
        if chosen.contains(number) {
            eprintln!("removing profile version {number}");
            fs::remove_file(link).map_err(failed("remove", link))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Numbers of the generations that words choose.
fn choose(profile: &Profile, words: &[String], now: SystemTime) -> Result<Vec<u64>, String> {
    let all: Vec<u64> = profile.generations.iter().map(|generation| generation.number).collect();
    let but_current = |numbers: &[u64]| -> Vec<u64> {
        numbers.iter().copied().filter(|number| Some(*number) != profile.current).collect()
    };
    match words {
        [] => Err("--delete-generations takes numbers, 'old', '+NUMBER' or 'DAYSd'".to_owned()),
        [word] if word == "old" => Ok(but_current(&all)),
        [word] if word.starts_with('+') => {
            let keep: usize = parse(&word[1..], word)?;
            if keep == 0 {
                return Err("the number of generations to keep must be positive".to_owned());
            }
            // Those before the current one, from its place on; what is newer stays.
            let older: Vec<u64> = all
                .into_iter()
                .filter(|number| profile.current.is_none_or(|c| *number <= c))
                .collect();
            Ok(but_current(&older[..older.len().saturating_sub(keep)]))
        }
        [word] if word.ends_with('d') => {
            let days: u32 = parse(&word[..word.len() - 1], word)?;
            let limit = now.checked_sub(DAY * days).unwrap_or(UNIX_EPOCH);
            // The newest of the older ones was current at that time.
            let old = profile.generations.iter().filter(|generation| generation.made < limit);
            let old: Vec<u64> = old.map(|generation| generation.number).collect();
            Ok(but_current(&old[..old.len().saturating_sub(1)]))
        }
        numbers => {
            let chosen = numbers.iter().map(|word| parse(word, word));
            let chosen: Vec<u64> = chosen.collect::<Result<_, String>>()?;
            match chosen.iter().find(|number| Some(**number) == profile.current) {
                Some(current) => Err(format!(
                    "cannot delete current version of profile '{}' ({current})",
                    profile.path.display()
                )),
                None => Ok(chosen),
            }
        }
    }
}

fn parse<T: std::str::FromStr>(text: &str, word: &str) -> Result<T, String> {
    text.parse().map_err(|_| {
        format!("'{word}' is no generation: give numbers, 'old', '+NUMBER' or 'DAYSd'")
    })
}

/// `NUMBER` of `NUMBER-link`.
fn number_of(text: &str) -> Option<u64> {
    text.strip_suffix("-link")?.parse().ok()
}

/// `NUMBER` of a path `…/NAME-NUMBER-link`.
fn number_in(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_suffix("-link")?;
    name.rsplit_once('-')?.1.parse().ok()
}

/// Makes `path` a link to `target`, whatever was there, in one step.
fn replace_link(target: &Path, path: &Path) -> Result<(), Failure> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(format!(".tmp-{}", std::process::id()));
    let fresh = PathBuf::from(fresh);
    let _ = fs::remove_file(&fresh);
    symlink(target, &fresh).and_then(|()| fs::rename(&fresh, path)).map_err(failed("write", path))
}

/// Keeps others away from a profile, as `PROFILE.lock`.
fn lock(path: &Path) -> Result<fs::File, Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed("make", folder))?;
    }
    let file = fs::File::create(&name).map_err(failed("make", &name))?;
    file.lock().map_err(failed("lock", &name))?;
    Ok(file)
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| Failure::new(format!("error: cannot {what} '{path}': {error}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn words_choose_generations() {
        let scratch = tempfile::tempdir().unwrap();
        let now = UNIX_EPOCH + DAY * 100;
        let generation =
            |number, days: u32| Generation { number, link: PathBuf::new(), made: now - DAY * days };
        let profile = Profile {
            path: "/p".into(),
            generations: vec![
                generation(1, 9),
                generation(2, 7),
                generation(4, 3),
                generation(5, 1),
            ],
            current: Some(4),
            _lock: fs::File::create(scratch.path().join("lock")).unwrap(),
        };
        for (words, expected) in [
            (vec!["old"], Ok(vec![1, 2, 5])),
            (vec!["1", "5"], Ok(vec![1, 5])),
            (vec!["+1"], Ok(vec![1, 2])),
            (vec!["+2"], Ok(vec![1])),
            (vec!["5d"], Ok(vec![1])),
            (vec!["2d"], Ok(vec![1, 2])),
            (vec!["4"], Err("cannot delete current version of profile '/p' (4)".to_owned())),
            (vec!["+0"], Err("the number of generations to keep must be positive".to_owned())),
        ] {
            let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
            assert_eq!(choose(&profile, &words, now), expected, "{words:?}");
        }
    }
}
