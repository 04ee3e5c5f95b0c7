//! Evaluates a file, or a text after `-E`, and prints it, over a store in memory and with nothing of
//! the program around it: quick to build, for measuring. `NIX_PATH` entries are `name=path`.

use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

use firn_eval::{Machine, Pos, Settings};
use firn_instantiate::{Access, Outside, StoreHost};

fn host() -> StoreHost {
    let store = Arc::new(firn_store::MemoryStore::new(firn_formats::StoreDir::default()));
    let outside = Outside {
        environment: std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_vec())))
            .collect(),
        trace: Box::new(|text| eprintln!("trace: {text}")),
        warn: Box::new(|text| eprintln!("evaluation warning: {text}")),
        interrupted: Arc::default(),
        search_path_element: Box::new(|_| Ok(None)),
        trees: None,
        file_hashes: None,
        known_folders: None,
        known_drafts: None,
        now: std::time::SystemTime::now,
        allow_import_from_derivation: false,
        trace_import_from_derivation: false,
    };
    StoreHost::new(store, Arc::new(firn_store::NoRealise), Access::everything(), true, outside)
}

fn settings() -> Settings {
    let path = std::env::var("NIX_PATH").unwrap_or_default();
    let entry = |e: &str| {
        e.split_once('=')
            .map_or((String::new(), e.to_owned()), |(a, b)| (a.to_owned(), b.to_owned()))
    };
    Settings {
        nix_path: path.split(':').filter(|e| !e.is_empty()).map(entry).collect(),
        ..Settings::default()
    }
}

fn run(arguments: &[String]) -> ExitCode {
    let mut m = Machine::new(Rc::new(host()), settings(), firn_instantiate::TABLES);
    let result = match arguments {
        [flag, text] if flag == "-E" => {
            m.eval_text(firn_source::Origin::String, text.as_bytes(), "/")
        }
        [flag, text] if flag == "--each" => {
            return each(&mut m, text);
        }
        [path] => {
            let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
            m.eval_file(path.to_string_lossy().as_bytes(), Pos::NONE)
        }
        _ => return ExitCode::FAILURE,
    };
    match result.and_then(|v| m.force_deep(v)).and_then(|v| m.print_ambiguous(v)) {
        Ok(text) => {
            let mut out = std::io::stdout().lock();
            let done = out.write_all(&text).and_then(|()| out.write_all(b"\n"));
            if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(raised) => {
            let error = m.take_error(raised);
            eprintln!("{}", m.render_error(&error, true));
            ExitCode::FAILURE
        }
    }
}

/// The derivations of all attributes of a set that have one; what fails is left out.
fn each(m: &mut Machine, text: &str) -> ExitCode {
    let set = m.eval_text(firn_source::Origin::String, text.as_bytes(), "/");
    let Some(set) = set.ok().and_then(|v| v.as_attrs()) else { return ExitCode::FAILURE };
    let drv_path = firn_eval::Symbol::of("drvPath");
    let mut out = std::io::stdout().lock();
    for entry in m.sorted(set) {
        let Ok(value) = m.force(entry.value()) else { continue };
        let Some(slot) = value.as_attrs().and_then(|set| set.get(drv_path)) else { continue };
        let Some(path) = m.force_slot(slot).ok().and_then(|path| path.as_str()) else { continue };
        if writeln!(out, "{} {}", entry.sym, path.to_text()).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    firn_eval::stack::run(|| run(&arguments)).unwrap_or(ExitCode::FAILURE)
}
