//! What is told again by what it is made of: files by what the file system says of them, derivations by their texts.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use firn_eval::{Host, Machine, Pos, Settings};
use firn_formats::StoreDir;
use firn_instantiate::{Access, FileHashes, KnownDrafts, Outside, StoreHost, TABLES, Trees};
use firn_source::Origin;
use firn_store::{MemoryStore, NoRealise, Store};

fn an_hour_later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

fn host(
    cache: &Path,
    store: Arc<MemoryStore>,
    read_only: bool,
    now: fn() -> SystemTime,
) -> StoreHost {
    let outside = Outside {
        environment: HashMap::new(),
        trace: Box::new(|_| {}),
        warn: Box::new(|_| {}),
        interrupted: Arc::default(),
        search_path_element: Box::new(|_| Ok(None)),
        trees: Some(Trees::new(cache.join("trees"))),
        file_hashes: Some(FileHashes::new(cache.join("file-hashes"))),
        known_folders: Some(Trees::new(cache.join("known-folders"))),
        known_drafts: Some(KnownDrafts::new(cache.join("known-drafts"))),
        now,
        allow_import_from_derivation: false,
        trace_import_from_derivation: false,
    };
    StoreHost::new(store, Arc::new(NoRealise), Access::everything(), read_only, outside)
}

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(StoreDir::default()))
}

fn file(folder: &Path, content: &str) -> String {
    let path = folder.join("f.nix");
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_tree_of_a_file_is_known_until_the_file_changes() {
    let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let long =
        |value: u32| format!("{{ value = {value}; rest = \"{}\"; }}.value", "x".repeat(2000));
    let (cache, folder) = (cache.path().to_owned(), folder.path().to_owned());
    let path = file(&folder, &long(1));
    let evaluate = move |now: fn() -> SystemTime, path: &str| {
        let host = Rc::new(host(&cache, store(), true, now));
        let before = host.file_mark(path, b"").unwrap();
        let mut m = Machine::new(host.clone(), Settings::default(), TABLES);
        let value = m.eval_file(path.as_bytes(), Pos::NONE).unwrap().as_int();
        (value, before)
    };
    firn_eval::stack::run(move || {
        let (value, fresh) = evaluate(SystemTime::now, &path);
        assert_eq!((value, fresh.is_settled), (Some(1), false));
        let (value, settled) = evaluate(an_hour_later, &path);
        assert_eq!((value, settled.is_settled, settled.key), (Some(1), true, fresh.key));
        assert_eq!(evaluate(an_hour_later, &path).0, Some(1));
        file(&folder, &long(2));
        let (value, changed) = evaluate(an_hour_later, &path);
        assert_eq!(value, Some(2));
        assert_ne!(changed.key, settled.key);
    })
    .unwrap();
}

#[test]
fn marks_lead_to_trees_in_later_runs() {
    let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = file(folder.path(), "1");
    let host = || host(cache.path(), store(), true, an_hour_later);
    let first = host();
    let mark = first.file_mark(&path, b"salt").unwrap();
    assert!(first.marked_tree(&mark).is_none());
    first.keep_tree([7; 16], &|| Some(b"tree".to_vec()));
    first.mark_tree(&mark, [7; 16]);
    drop(first);
    assert_eq!(host().marked_tree(&mark).unwrap().bytes(), b"tree");
    let again = host();
    assert_eq!(again.file_mark(&path, b"salt").unwrap().key, mark.key);
    assert!(again.marked_tree(&mark).is_some());
    file(folder.path(), "longer");
    assert_ne!(again.file_mark(&path, b"salt").unwrap().key, mark.key, "it is looked at anew");
    let other = host().file_mark(&path, b"other salt").unwrap();
    assert!(host().marked_tree(&other).is_none());
}

#[test]
fn a_file_that_was_copied_has_the_same_path_again() {
    let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = file(folder.path(), "one");
    let copy = |read_only, store: Arc<MemoryStore>| {
        host(cache.path(), store, read_only, an_hour_later).copy_to_store(&path).unwrap()
    };
    let one = copy(true, store());
    let filled = store();
    // What is known does not mean that it is there: it is added to a store that lacks it.
    for _ in 0..2 {
        assert_eq!(copy(false, filled.clone()), one);
        assert!(filled.is_valid(&filled.store_dir().parse(&one).unwrap()).unwrap());
    }
    file(folder.path(), "two");
    assert_ne!(copy(true, store()), one);
    let mut mode = std::fs::metadata(&path).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    file(folder.path(), "one");
    std::fs::set_permissions(&path, mode).unwrap();
    assert_ne!(copy(true, store()), one, "it may be executed now");
}

#[test]
fn the_hash_of_a_file_is_taken_from_what_is_known() {
    let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = file(folder.path(), "one");
    let copy = |now| host(cache.path(), store(), true, now).copy_to_store(&path).unwrap();
    let fresh = copy(SystemTime::now);
    assert!(!cache.path().join("file-hashes").exists(), "it changed a moment ago");
    assert_eq!(copy(an_hour_later), fresh);
    let noted = std::fs::read(cache.path().join("file-hashes")).unwrap();
    assert_eq!(copy(an_hour_later), fresh);
    assert_eq!(std::fs::read(cache.path().join("file-hashes")).unwrap(), noted);
}

/// The paths that a derivation with one input and two outputs has in a store.
fn derive(cache: &Path, store: Arc<MemoryStore>, read_only: bool, builder: &str) -> String {
    let text = format!(
        "let make = name: input: derivation {{
           inherit name input; system = \"x\"; builder = \"{builder}\"; outputs = [ \"out\" \"dev\" ];
         }};
         outer = make \"outer\" (make \"inner\" 1).dev;
         in \"${{outer.drvPath}} ${{outer}} ${{outer.dev}}\""
    );
    let cache = cache.to_owned();
    firn_eval::stack::run(move || {
        let host = Rc::new(host(&cache, store, read_only, SystemTime::now));
        let mut m = Machine::new(host, Settings::default(), TABLES);
        let value = m.eval_text(Origin::String, text.as_bytes(), "/").unwrap();
        value.as_str().unwrap().to_text().into_owned()
    })
    .unwrap()
}

#[test]
fn a_derivation_that_was_made_before_has_the_same_paths_again() {
    let caches = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [cache, other] = caches.each_ref().map(tempfile::TempDir::path);
    let records = || std::fs::metadata(cache.join("known-drafts/records")).unwrap().len();
    let paths = derive(cache, store(), true, "/b");
    let size = records();
    let drv = paths.split(' ').next().unwrap();
    // What is known does not mean that it is there: it is added to a store that lacks it.
    let filled = store();
    for _ in 0..2 {
        assert_eq!(derive(cache, filled.clone(), false, "/b"), paths);
        let drv = filled.read_derivation(&filled.store_dir().parse(drv).unwrap()).unwrap();
        assert_eq!(drv.input_drvs.len(), 1);
    }
    assert_eq!(derive(cache, store(), true, "/b"), paths);
    assert_eq!(records(), size, "nothing was new");
    let without = derive(other, store(), false, "/b");
    assert_eq!(without, paths);
    assert_eq!(derive(cache, store(), true, "/c"), derive(other, store(), true, "/c"));
    assert!(records() > size, "another builder makes other derivations");
}

#[test]
fn a_folder_that_has_not_changed_has_the_same_entries() {
    let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().to_str().unwrap();
    let entries = |now| {
        let mut entries = host(cache.path(), store(), true, now).read_dir(path).unwrap();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries
    };
    let records = || std::fs::metadata(cache.path().join("known-folders/records"));
    let file = |name: &str| std::fs::write(folder.path().join(name), "").unwrap();
    file("a");
    assert_eq!(entries(SystemTime::now).len(), 1);
    assert!(records().is_err(), "it changed a moment ago");
    for names in [&["a"][..], &["a", "b"], &["a", "b", "c"]] {
        file(names[names.len() - 1]);
        for _ in 0..2 {
            let found = entries(an_hour_later);
            assert_eq!(
                found.iter().map(|(name, _)| name.as_slice()).collect::<Vec<_>>(),
                names.iter().map(|name| name.as_bytes()).collect::<Vec<_>>()
            );
        }
    }
    let size = records().unwrap().len();
    entries(an_hour_later);
    assert_eq!(records().unwrap().len(), size, "nothing was new");
    let error =
        host(cache.path(), store(), true, an_hour_later).read_dir("/proc/version").unwrap_err();
    assert_eq!(error.message, "'/proc/version' is not a directory");
}
