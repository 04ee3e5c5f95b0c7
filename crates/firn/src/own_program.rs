//! `builtins.firn`: the running program, for systems that have it inside.
//!
//! `program` is the store path of the program's file, added when somebody asks, so that packages
//! don't depend on it unless they hold it (ARCHITECTURE.md, "The running program in the store").
//!
//! Hashing a file of thirty megabytes takes as long as the evaluation of a small machine, so its path
//! is remembered in the cache for as long as the file is the same.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use firn_eval::{ContextElem, ErrorKind, HostResult, Machine, Pos, PrimOp, R, Symbol, Value};
use firn_formats::{ContentAddressMethod, HashAlgo, StorePath, StorePathSet};
use firn_instantiate::StoreHost;
use firn_store::Content;

static ADD: PrimOp =
    PrimOp::new("__addProgram", &["unused"], add, "The store path of the running program.")
        .without_frame();

/// The file that remembers paths of programs, a line each: the file's state and the path.
struct Remembered(PathBuf);

/// So many lines are kept: programs and stores that one person uses by turns.
const LINES: usize = 16;
/// A file that changed less than this ago could change again without a trace in its times.
const SETTLED: Duration = Duration::from_secs(2);

/// Defines the set. Paths are remembered below `cache`.
pub fn define(machine: &mut Machine, cache: &Path) {
    let file = cache.join("firn-program");
    machine.extension(move || Remembered(file));
    let program = machine.lazy_native(&ADD, &[Value::NULL]);
    let version = machine.string(env!("CARGO_PKG_VERSION").as_bytes());
    let set =
        machine.attrs_of(&[(Symbol::of("program"), program), (Symbol::of("version"), version)]);
    // Beside what the evaluator itself has there.
    let known = machine.builtins().get(Symbol::of("firn")).and_then(|slot| slot.get().as_attrs());
    let set = match (known, set.as_attrs()) {
        (Some(known), Some(set)) => machine.update(known, set).value(),
        _ => set,
    };
    machine.define_builtin("__firn", set);
}

/// What tells the running program from any other. Nobody writes to the file of a program that runs, so what the
/// file system says of it is enough.
pub fn identity() -> Option<String> {
    fs::metadata("/proc/self/exe").ok().as_ref().map(marks)
}

fn add(m: &mut Machine, _arguments: &[Value], pos: Pos) -> R<Value> {
    // The file behind this link is the program even if its name was given to another file since.
    let program = Path::new("/proc/self/exe");
    let program = fs::canonicalize(program).unwrap_or_else(|_| program.to_path_buf());
    let remembered = m.extension(|| Remembered(PathBuf::new()));
    let host = m.host();
    let Some(host) = host.as_any().downcast_ref::<StoreHost>() else {
        return Err(m.fail(
            ErrorKind::Outside,
            pos,
            "this evaluation has no store to add the program to",
        ));
    };
    let added = remembered.path(host, &program);
    let path = host.store_dir().display(&m.hosted(added, pos)?);
    let context = m.make_context([ContextElem::Path(path.clone())]);
    Ok(m.string_ctx(path.as_bytes(), context))
}

impl Remembered {
    /// The program's path in the host's store, which holds it then unless nothing may be added.
    fn path(&self, host: &StoreHost, program: &Path) -> HostResult<StorePath> {
        let state = fs::metadata(program).ok().as_ref().and_then(state);
        let lines = fs::read_to_string(&self.0).unwrap_or_default();
        let known = state.as_ref().and_then(|state| {
            lines.lines().find_map(|line| {
                let path = line.strip_prefix(state.as_str())?.strip_prefix(' ')?;
                host.store_dir().parse(path).ok()
            })
        });
        if let Some(path) = known
            && is_there(host, &path)
        {
            host.access.allow(&host.store_dir().display(&path));
            return Ok(path);
        }
        let none = StorePathSet::new();
        let content = Content::Tree(program);
        let path = host.add("firn", content, ContentAddressMethod::Nar, HashAlgo::Sha256, &none)?;
        if let Some(state) = state {
            self.keep(&format!("{state} {}", host.store_dir().display(&path)), &lines);
        }
        Ok(path)
    }

    /// Writes a line before the others. What can't be written is computed again.
    fn keep(&self, line: &str, others: &str) {
        let others = others.lines().filter(|other| *other != line);
        let lines: Vec<&str> = std::iter::once(line).chain(others).take(LINES).collect();
        let scratch = self.0.with_extension(std::process::id().to_string());
        let written = fs::write(&scratch, lines.join("\n") + "\n");
        let _ = written.and_then(|()| fs::rename(&scratch, &self.0));
    }
}

/// Whether the store has the path, and keeps it while this process runs.
fn is_there(host: &StoreHost, path: &StorePath) -> bool {
    host.read_only
        || (host.store.add_temp_root(path).is_ok() && host.store.is_valid(path).unwrap_or(false))
}

/// What changes whenever a file's content does; nothing for one that was changed just now.
fn state(file: &Metadata) -> Option<String> {
    let changed = UNIX_EPOCH + Duration::from_secs(u64::try_from(file.ctime()).ok()?);
    let settled = SystemTime::now().duration_since(changed).is_ok_and(|age| age > SETTLED);
    settled.then(|| marks(file))
}

fn marks(file: &Metadata) -> String {
    format!(
        "{}:{}:{}:{}.{}:{}.{}",
        file.dev(),
        file.ino(),
        file.len(),
        file.mtime(),
        file.mtime_nsec(),
        file.ctime(),
        file.ctime_nsec()
    )
}
