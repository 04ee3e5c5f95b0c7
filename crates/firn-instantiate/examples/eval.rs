//! `nix-instantiate --eval` over a store in memory and nothing of the program around it: quick to
//! build, for measuring. Without `--eval` a file is evaluated strictly.

use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

use firn_eval::Settings;
use firn_instantiate::{Access, Outside, StoreHost};

#[path = "../../firn/src/commands/nix_instantiate/run.rs"]
mod run;

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
        allow_import_from_derivation: false,
    };
    StoreHost::new(store, Arc::new(firn_store::NoRealise), Access::everything(), true, outside)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut options = match run::Options::read(&arguments) {
        Ok(options) => options,
        Err(e) => {
            eprintln!("error: {e}");
            return ExitCode::FAILURE;
        }
    };
    options.show_trace |= std::env::var_os("SHOW_TRACE").is_some();
    options.strict |= !options.eval;
    let done = firn_eval::stack::run(|| {
        let settings = run::settings(&options, Settings::default());
        run::run(&options, Rc::new(host()), settings, firn_instantiate::TABLES)
    });
    let Ok((status, text)) = done else { return ExitCode::FAILURE };
    if !text.is_empty() {
        eprintln!("{text}");
    }
    ExitCode::from(status)
}
