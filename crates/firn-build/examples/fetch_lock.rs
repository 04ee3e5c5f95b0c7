//! Fetches the packages of a Debian lock file as fixed-output derivations, as a system's closure
//! would be: `fetch_lock LOCK.json COUNT` makes a store in a temporary folder and prints seconds.
#![allow(clippy::unwrap_used)]

use firn_build::{BuildEnv, BuildOptions, Builder, Cancel, sandbox_helper};
use firn_events::{Collect, Progress, Reporter};
use firn_fetch::{FetchOptions, FetchUrl, mirrors};
use firn_formats::{
    ContentAddress, ContentAddressMethod, Derivation, DerivationOutput, DerivedPath, Hash,
    HashAlgo, HashModulo, OutputsSpec, StorePath,
};
use firn_sandbox::Launcher;
use firn_store::Store;
use firn_store::{BuildMode, StoreError, add_text};
use firn_store_disk::{Layout, LocalStore, StoreOptions, delete_path};
use std::sync::Arc;
use std::time::Instant;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.get(1).map(String::as_str) == Some("__sandbox") {
        sandbox_helper(&[&FetchUrl, &BuildEnv]);
    }
    let [_, lock, count] = args.as_slice() else {
        eprintln!("usage: fetch_lock LOCK.json COUNT");
        return;
    };
    let lock: serde_json::Value = serde_json::from_slice(&std::fs::read(lock).unwrap()).unwrap();
    let debs = lock["groups"].as_object().unwrap().values();
    let debs = debs.flat_map(|group| group["debs"].as_array().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::open(Layout::chroot(dir.path()), StoreOptions::default()).unwrap();
    let store = Arc::new(store);
    let wanted: Vec<DerivedPath> = debs
        .take(count.parse().unwrap())
        .map(|deb| derivation(&store, deb[2].as_str().unwrap(), deb[3].as_str().unwrap()))
        .collect();
    let sink = Arc::new(Collect::default());
    let debian_mirrors = mirrors::bases(&[], std::path::Path::new("/etc/apt"));
    let fetch = FetchOptions { debian_mirrors, ..FetchOptions::default() };
    let builder = Builder {
        store,
        options: BuildOptions { fetch, ..BuildOptions::default() },
        launcher: Launcher::default(),
        reporter: Reporter::new(sink.clone()),
        substituter: None,
        cancel: Cancel::new().unwrap(),
    };
    let start = Instant::now();
    if let Err(failures) = builder.build(&wanted, BuildMode::Normal) {
        println!("{failures}");
    }
    let seconds = start.elapsed().as_secs_f64();
    let mut progress = Progress::default();
    sink.take().iter().for_each(|event| progress.apply(event));
    println!("{} in {seconds:.1} s", progress.summary());
    delete_path(dir.path()).unwrap();
}

fn derivation(store: &LocalStore, path: &str, sha256: &str) -> DerivedPath {
    let name = path.rsplit('/').next().unwrap().replace(['~', ':', '%'], "-");
    let hash = Hash::parse_any(sha256, Some(HashAlgo::Sha256)).unwrap();
    let ca = ContentAddress { method: ContentAddressMethod::Flat, hash };
    let env = [
        ("url", format!("mirror://debian/{path}")),
        ("outputHash", sha256.to_owned()),
        ("outputHashAlgo", "sha256".into()),
        ("outputHashMode", "flat".into()),
    ];
    let mut drv = Derivation {
        name,
        outputs: [("out".to_owned(), DerivationOutput::Fixed(ca))].into(),
        platform: "builtin".into(),
        builder: b"builtin:fetchurl".to_vec(),
        env: env.map(|(k, v)| (k.as_bytes().to_vec(), v.into_bytes())).into(),
        ..Derivation::default()
    };
    let mut lookup = |_: &StorePath| -> Result<HashModulo, StoreError> { unreachable!() };
    drv.fill_outputs(store.store_dir(), &mut lookup).unwrap();
    let text = drv.to_aterm(store.store_dir()).unwrap();
    let path = add_text(store, &format!("{}.drv", drv.name), &text, &drv.references()).unwrap();
    DerivedPath::built(path, OutputsSpec::All)
}
