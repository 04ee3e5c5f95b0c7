//! What a build costs beyond its builder: makes a store in a temporary folder, builds `COUNT`
//! derivations that only write a line (or are builtin), and prints milliseconds for each.
//!
//! `overhead COUNT JOBS [builtin]`; the program is its own sandbox helper and builder.
#![allow(clippy::unwrap_used)]

use firn_build::{BuildEnv, BuildOptions, Builder, Cancel, sandbox_helper};
use firn_events::Reporter;
use firn_formats::{
    ContentAddressMethod, Derivation, DerivationOutput, DerivedPath, HashAlgo, HashModulo,
    OutputsSpec, StorePath, StorePathSet,
};
use firn_sandbox::Launcher;
use firn_store::{BuildMode, Content, Store, StoreError, add_text};
use firn_store_disk::{Layout, LocalStore, StoreOptions, delete_path};
use std::sync::Arc;
use std::time::Instant;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("__sandbox") => sandbox_helper(&[&BuildEnv]),
        Some("builder") => std::fs::write(std::env::var("out").unwrap(), "x").unwrap(),
        Some(count) => measure(
            count.parse().unwrap(),
            args.get(2).map_or(1, |jobs| jobs.parse().unwrap()),
            args.len() > 3,
        ),
        None => eprintln!("usage: overhead COUNT JOBS [builtin]"),
    }
}

fn measure(count: usize, jobs: usize, builtin: bool) {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::chroot(dir.path());
    let store = Arc::new(LocalStore::open(layout, StoreOptions::default()).unwrap());
    let own = std::env::current_exe().unwrap();
    let (none, method) = (StorePathSet::new(), ContentAddressMethod::Nar);
    let own = store.add("p", Content::Tree(&own), method, HashAlgo::Sha256, &none).unwrap();
    let wanted: Vec<DerivedPath> = (0..count)
        .map(|number| {
            DerivedPath::built(derivation(&store, &own, number, builtin), OutputsSpec::All)
        })
        .collect();
    let options =
        BuildOptions { max_jobs: Some(jobs), processors: jobs, ..BuildOptions::default() };
    let builder = Builder {
        store,
        options,
        launcher: Launcher::default(),
        reporter: Reporter::default(),
        substituter: None,
        cancel: Cancel::new().unwrap(),
    };
    let start = Instant::now();
    builder.build(&wanted, BuildMode::Normal).unwrap();
    let millis = start.elapsed().as_secs_f64() * 1000.0;
    println!("{count} builds, {jobs} at once: {:.2} ms each", millis / count as f64);
    delete_path(dir.path()).unwrap();
}

fn derivation(store: &LocalStore, own: &StorePath, number: usize, builtin: bool) -> StorePath {
    let program = store.store_dir().display(own);
    let builder = if builtin { "builtin:buildenv".to_owned() } else { program.clone() };
    let mut drv = Derivation {
        name: format!("n{number}"),
        outputs: [("out".to_owned(), DerivationOutput::Deferred)].into(),
        input_srcs: [own.clone()].into(),
        platform: BuildOptions::default().system,
        builder: builder.into_bytes(),
        args: vec![b"builder".to_vec()],
        env: [("derivations", String::new()), ("manifest", program)]
            .map(|(k, v)| (k.as_bytes().to_vec(), v.into_bytes()))
            .into(),
        ..Derivation::default()
    };
    let mut lookup = |_: &StorePath| -> Result<HashModulo, StoreError> { unreachable!() };
    drv.fill_outputs(store.store_dir(), &mut lookup).unwrap();
    let text = drv.to_aterm(store.store_dir()).unwrap();
    add_text(store, &format!("{}.drv", drv.name), &text, &drv.references()).unwrap()
}
