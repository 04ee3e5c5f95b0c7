//! The store on disk: behaviour, layout, locks, collection and verification.
#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, symlink},
        net::UnixStream,
    },
    path::Path,
    process::{Child, Command, Stdio},
};

use firn_formats::{ContentAddressMethod, HashAlgo, StorePath, StorePathSet};
use firn_store::{Content, Store, StoreError, add_text, suite};
use firn_store_disk::{
    GcAction, GcOptions, Layout, LocalStore, SeenInodes, StoreOptions, VerifyOptions,
    VerifyProblem, canonicalise,
};
use tempfile::TempDir;

fn open(root: &Path) -> LocalStore {
    LocalStore::open(Layout::chroot(root), StoreOptions::default()).unwrap()
}

fn fresh() -> (TempDir, LocalStore) {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    (root, store)
}

fn text(store: &LocalStore, name: &str, references: &[&StorePath]) -> StorePath {
    let references = references.iter().map(|p| (*p).clone()).collect();
    add_text(store, name, name.as_bytes(), &references).unwrap()
}

/// Forgets the temporary roots of this process by reopening the store.
fn reopen(root: &TempDir, store: LocalStore) -> LocalStore {
    drop(store);
    open(root.path())
}

fn collect(store: &LocalStore, options: &GcOptions) -> BTreeSet<String> {
    let report = store.collect_garbage(options, &mut |_| {}).unwrap();
    let prefix = "/nix/store/";
    report.paths.iter().map(|p| p[prefix.len() + 33..].to_owned()).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

#[test]
fn behaves_as_a_store() {
    let mut roots = Vec::new();
    suite::run(|| {
        let (root, store) = fresh();
        roots.push(root);
        store
    });
}

#[test]
fn behaves_as_a_store_with_small_buffers_links_and_syncs() {
    let mut roots = Vec::new();
    suite::run(|| {
        let root = tempfile::tempdir().unwrap();
        let options = StoreOptions {
            auto_optimise: true,
            fsync_store_paths: true,
            nar_buffer_size: 16,
            ..StoreOptions::default()
        };
        let store = LocalStore::open(Layout::chroot(root.path()), options).unwrap();
        roots.push(root);
        store
    });
}

#[test]
fn files_have_canonical_metadata() {
    let (root, store) = fresh();
    let tree = root.path().join("tree");
    fs::create_dir_all(tree.join("bin")).unwrap();
    fs::write(tree.join("bin/tool"), "x").unwrap();
    fs::set_permissions(tree.join("bin/tool"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(tree.join("plain"), "y").unwrap();
    symlink("plain", tree.join("link")).unwrap();
    let path = store
        .add(
            "tree",
            Content::Tree(&tree),
            ContentAddressMethod::Nar,
            HashAlgo::Sha256,
            &StorePathSet::new(),
        )
        .unwrap();
    let real = store.to_real_path(&path).unwrap();
    for (inner, mode) in
        [("", 0o40555), ("bin", 0o40555), ("bin/tool", 0o100_555), ("plain", 0o100_444)]
    {
        let meta = fs::symlink_metadata(real.join(inner)).unwrap();
        assert_eq!((meta.mode(), meta.mtime()), (mode, 1), "{inner}");
    }
    assert_eq!(fs::symlink_metadata(real.join("link")).unwrap().mtime(), 1);
    let left: Vec<_> = fs::read_dir(&store.layout().real_store).unwrap().collect();
    assert_eq!(left.len(), 2, "the object and the links, no locks: {left:?}");
}

#[test]
fn outputs_become_canonical_and_strangers_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("file"), "x").unwrap();
    fs::set_permissions(out.join("file"), fs::Permissions::from_mode(0o4731)).unwrap();
    let me = fs::metadata(&out).unwrap().uid();
    assert!(canonicalise(&out, Some(me + 1), &mut SeenInodes::default()).is_err());
    canonicalise(&out, Some(me), &mut SeenInodes::default()).unwrap();
    let meta = fs::metadata(out.join("file")).unwrap();
    assert_eq!((meta.mode(), meta.mtime()), (0o100_555, 1));
    let _ = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
    let socket = root.path().join("socket");
    assert!(canonicalise(&socket, None, &mut SeenInodes::default()).is_err());
}

#[test]
fn a_leftover_of_a_crash_is_replaced() {
    let (_root, store) = fresh();
    let dir = store.store_dir();
    let path = dir.text_path("a", "a", &StorePathSet::new()).unwrap();
    let real = store.to_real_path(&path).unwrap();
    fs::create_dir_all(real.join("half/written")).unwrap();
    assert_eq!(text(&store, "a", &[]), path);
    assert_eq!(fs::read(&real).unwrap(), b"a");
}

#[test]
fn equal_files_are_linked() {
    let root = tempfile::tempdir().unwrap();
    let options = StoreOptions { auto_optimise: true, ..StoreOptions::default() };
    let store = LocalStore::open(Layout::chroot(root.path()), options).unwrap();
    let none = StorePathSet::new();
    let one = add_text(&store, "one", b"same", &none).unwrap();
    let two = add_text(&store, "two", b"same", &none).unwrap();
    let inode = |path: &StorePath| fs::metadata(store.real_path(path)).unwrap().ino();
    assert_eq!(inode(&one), inode(&two));
    assert_eq!(fs::metadata(store.real_path(&one)).unwrap().nlink(), 3);
}

#[test]
fn collection_keeps_what_roots_need() {
    let (root, store) = fresh();
    let a = text(&store, "a", &[]);
    let b = text(&store, "b", &[&a]);
    let c = text(&store, "c", &[&b]);
    let d = text(&store, "d", &[&c]);
    text(&store, "e", &[]);
    let link = root.path().join("result");
    store.add_perm_root(&b, &link).unwrap();
    let store = reopen(&root, store);
    let dead = GcOptions { action: GcAction::ReturnDead, ..GcOptions::default() };
    assert_eq!(collect(&store, &dead), names(&["c", "d", "e"]));
    assert!(store.is_valid(&d).unwrap(), "asking removes nothing");
    fs::write(store.layout().real_store.join("stranger"), "x").unwrap();
    let report = store.collect_garbage(&GcOptions::default(), &mut |_| {}).unwrap();
    assert_eq!(report.paths.len(), 4);
    assert!(report.bytes_freed >= 4);
    let left = StorePathSet::from([a.clone(), b.clone()]);
    assert_eq!(store.all_valid().unwrap(), left);
    fs::remove_file(&link).unwrap();
    assert_eq!(collect(&store, &GcOptions::default()), names(&["a", "b"]));
    let auto = store.layout().gc_roots().join("auto");
    assert_eq!(fs::read_dir(auto).unwrap().count(), 0, "stale roots go");
}

#[test]
fn collection_spares_temporary_roots_of_the_living() {
    let (root, store) = fresh();
    let a = text(&store, "a", &[]);
    let b = text(&store, "b", &[&a]);
    assert_eq!(collect(&store, &GcOptions::default()), names(&[]));
    let store = reopen(&root, store);
    store.add_temp_root(&a).unwrap();
    assert_eq!(collect(&store, &GcOptions::default()), names(&["b"]));
    assert!(!store.is_valid(&b).unwrap());
}

/// Another process that holds a temporary root until it is told to end.
struct Holder(Child);

impl Holder {
    fn of(root: &Path, path: &StorePath) -> Self {
        let file = root.join("nix/var/nix/temproots/1");
        let script = format!(
            "exec 3<>'{}'; flock -x 3; printf '%s\\0' '/nix/store/{path}' >&3; echo ready; read end",
            file.display()
        );
        let mut child = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.as_mut().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self(child)
    }

    fn end(mut self) {
        let _ = self.0.stdin.take().unwrap().write_all(b"\n");
        self.0.wait().unwrap();
    }
}

#[test]
fn collection_spares_what_other_processes_hold() {
    let (root, store) = fresh();
    let a = text(&store, "a", &[]);
    let store = reopen(&root, store);
    let holder = Holder::of(root.path(), &a);
    assert_eq!(collect(&store, &GcOptions::default()), names(&[]));
    holder.end();
    assert_eq!(collect(&store, &GcOptions::default()), names(&["a"]));
}

/// A process that needs a path while a collection runs tells it, and the path is kept.
#[test]
fn roots_that_come_while_collecting_are_kept() {
    let (root, store) = fresh();
    let paths: Vec<StorePath> = (0..200).map(|i| text(&store, &format!("p{i}"), &[])).collect();
    let store = reopen(&root, store);
    let socket = store.layout().state.join("gc-socket/socket");
    let mut told: Option<StorePath> = None;
    let report = store
        .collect_garbage(&GcOptions::default(), &mut |going| {
            if told.is_some() {
                return;
            }
            // Of a later batch for sure: still valid. Those of this batch are invalid already.
            let other = paths.iter().find(|p| store.is_valid(p).unwrap()).unwrap();
            assert!(!going.ends_with(other.as_str()));
            let mut stream = UnixStream::connect(&socket).unwrap();
            writeln!(stream, "/nix/store/{other}").unwrap();
            let mut answer = [0];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"1");
            told = Some(other.clone());
        })
        .unwrap();
    let kept = told.unwrap();
    assert_eq!(report.paths.len(), paths.len() - 1);
    assert_eq!(store.all_valid().unwrap(), StorePathSet::from([kept.clone()]));
    assert!(store.real_path(&kept).exists());
    assert!(!socket.exists(), "nothing is left behind");
}

#[test]
fn derivations_are_kept_with_their_outputs_as_asked() {
    let (root, store) = fresh();
    let mut drv = firn_formats::Derivation {
        name: "d".into(),
        platform: "x".into(),
        builder: b"/b".to_vec(),
        ..Default::default()
    };
    let outputs = &mut drv.outputs;
    outputs.insert("out".into(), firn_formats::DerivationOutput::Deferred);
    let dir = store.store_dir().clone();
    drv.fill_outputs(&dir, &mut |_| -> Result<_, StoreError> { unreachable!() }).unwrap();
    let (_, data) = drv.to_store(&dir).unwrap();
    let drv_path = add_text(&store, "d.drv", &data, &StorePathSet::new()).unwrap();
    let out = drv.output_path(&dir, "out").unwrap().unwrap();
    fs::write(store.real_path(&out), "made").unwrap();
    canonicalise(&store.real_path(&out), None, &mut SeenInodes::default()).unwrap();
    let mut nar = Vec::new();
    firn_formats::nar::dump_path(&store.real_path(&out), &mut nar).unwrap();
    let hash = firn_formats::Hash::sha256(&nar);
    let mut info = firn_store::PathInfo::new(out.clone(), hash, nar.len() as u64);
    info.deriver = Some(drv_path.clone());
    info.ultimate = true;
    store.register_valid_paths(&[info]).unwrap();
    let mut store = store;
    for (keep_outputs, keep_derivations, rooted, wanted) in [
        (false, true, &out, vec![]),
        (false, false, &out, vec!["d.drv"]),
        (true, true, &drv_path, vec![]),
        (false, true, &drv_path, vec!["d"]),
    ] {
        let link = store.layout().gc_roots().join("r");
        store.add_perm_root(rooted, &link).unwrap();
        store = reopen(&root, store);
        let options = GcOptions {
            action: GcAction::ReturnDead,
            keep_outputs,
            keep_derivations,
            ..GcOptions::default()
        };
        assert_eq!(collect(&store, &options), names(&wanted), "{options:?}");
    }
}

#[test]
fn named_paths_are_deleted_only_when_dead() {
    let (root, store) = fresh();
    let a = text(&store, "a", &[]);
    let b = text(&store, "b", &[&a]);
    let store = reopen(&root, store);
    let specific = |paths: &[&StorePath]| GcOptions {
        action: GcAction::DeleteSpecific,
        paths: Some(paths.iter().map(|p| (*p).clone()).collect()),
        ..GcOptions::default()
    };
    let error = store.collect_garbage(&specific(&[&a]), &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("still alive"), "{error}");
    assert_eq!(collect(&store, &specific(&[&b])), names(&["b"]));
    assert_eq!(collect(&store, &specific(&[&a])), names(&["a"]));
}

#[test]
fn collection_stops_when_enough_is_free() {
    let (root, store) = fresh();
    for i in 0..10 {
        let data = vec![b'0' + i; 1000];
        add_text(&store, "x", &data, &StorePathSet::new()).unwrap();
    }
    let store = reopen(&root, store);
    let options = GcOptions { max_freed: 2500, ..GcOptions::default() };
    let report = store.collect_garbage(&options, &mut |_| {}).unwrap();
    assert_eq!((report.paths.len(), report.bytes_freed), (3, 3000));
    assert_eq!(store.all_valid().unwrap().len(), 7);
}

#[test]
fn verification_finds_what_is_wrong() {
    let (_root, store) = fresh();
    let a = text(&store, "a", &[]);
    let b = text(&store, "b", &[&a]);
    let c = text(&store, "c", &[]);
    let good = store.verify(all(), &mut |_| {}).unwrap();
    assert!(good.is_empty(), "{good:?}");
    fs::remove_file(store.real_path(&a)).unwrap();
    fs::set_permissions(store.real_path(&c), fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(store.real_path(&c), "changed").unwrap();
    let found = store.verify(all(), &mut |_| {}).unwrap();
    assert!(found.contains(&VerifyProblem::DisappearedInUse(a)), "{found:?}");
    let modified = |p: &VerifyProblem| matches!(p, VerifyProblem::Modified(path, ..) if *path == c);
    assert!(found.iter().any(modified), "{found:?}");
    fs::remove_file(store.real_path(&b)).unwrap();
    let found = store.verify(VerifyOptions::default(), &mut |_| {}).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(store.all_valid().unwrap(), StorePathSet::from([c]));
}

fn all() -> VerifyOptions {
    VerifyOptions { check_contents: true, repair: false }
}

#[test]
fn roots_are_refused_where_they_would_do_harm() {
    let (root, store) = fresh();
    let a = text(&store, "a", &[]);
    let inside = Path::new("/nix/store/x");
    assert!(store.add_perm_root(&a, inside).is_err());
    let file = root.path().join("file");
    fs::write(&file, "precious").unwrap();
    assert!(store.add_perm_root(&a, &file).is_err());
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    let link = root.path().join("deep/er/result");
    store.add_perm_root(&a, &link).unwrap();
    store.add_perm_root(&a, &link).expect("again is fine");
    let roots = store.roots().unwrap();
    assert!(roots[&a].contains(link.to_str().unwrap()), "{roots:?}");
}

#[test]
fn a_store_of_another_version_is_left_alone() {
    let (root, store) = fresh();
    drop(store);
    let schema = root.path().join("nix/var/nix/db/schema");
    fs::write(&schema, "99").unwrap();
    let opened = LocalStore::open(Layout::chroot(root.path()), StoreOptions::default());
    assert!(opened.unwrap_err().to_string().contains("99"));
}

#[test]
fn many_writers_at_once() {
    let (root, store) = fresh();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let store = open(root.path());
                let mut last: Option<StorePath> = None;
                for i in 0..25 {
                    let references: Vec<&StorePath> = last.iter().collect();
                    last = Some(text(&store, &format!("t{i}"), &references));
                }
            });
        }
    });
    assert_eq!(store.all_valid().unwrap().len(), 25);
    assert!(store.verify(all(), &mut |_| {}).unwrap().is_empty());
}
