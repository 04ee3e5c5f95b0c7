//! One behaviour suite for every store.
//!
//! A crate with a store of its own calls [`run`] from a test. The checks panic.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use firn_formats::{
    ContentAddress, ContentAddressMethod, Derivation, DerivationOutput, Hash, HashAlgo, HashModulo,
    References, StorePath, StorePathSet, nar::NarWriter,
};

use crate::{
    AddOptions, Content, PathInfo, Store, StoreError, StoreResult, add_text, closure, topological,
};

type Check = fn(&dyn Store);

/// Applies every check to a fresh store of its own.
pub fn run<S: Store>(mut fresh: impl FnMut() -> S) {
    let checks: [(&str, Check); 9] = [
        ("nothing is valid at first", nothing_at_first),
        ("texts have the paths of the reference", texts),
        ("content is addressed by each method", methods),
        ("references make a graph", graph),
        ("archives come back", archives),
        ("a wrong hash leaves nothing behind", wrong_hash),
        ("derivations know outputs and derivers", derivations),
        ("files are read through links", reading),
        ("signatures accumulate", signatures),
    ];
    for (name, check) in checks {
        let store = fresh();
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&store)))
            .unwrap_or_else(|_| panic!("store behaviour: {name}"));
    }
}

fn none() -> StorePathSet {
    StorePathSet::new()
}

fn text(store: &dyn Store, name: &str, data: &str, references: &[&StorePath]) -> StorePath {
    let references = references.iter().map(|p| (*p).clone()).collect();
    add_text(store, name, data.as_bytes(), &references).unwrap()
}

fn nothing_at_first(store: &dyn Store) {
    let path = StorePath::new("ffffffffffffffffffffffffffffffff-x").unwrap();
    assert!(!store.is_valid(&path).unwrap());
    assert!(store.all_valid().unwrap().is_empty());
    assert!(store.referrers(&path).unwrap().is_empty());
    assert!(store.path_from_hash_part(path.hash_part()).unwrap().is_none());
    assert!(matches!(store.require_path_info(&path), Err(StoreError::NotValid(_))));
    assert!(store.read_file(&path, "").is_err());
    assert!(store.write_nar(&path, &mut Vec::new()).is_err());
}

fn texts(store: &dyn Store) {
    let path = text(store, "hello.txt", "hello", &[]);
    let wanted = store.store_dir().text_path("hello.txt", "hello", &none());
    assert_eq!(path, wanted.unwrap());
    let info = store.require_path_info(&path).unwrap();
    assert_eq!(info.nar_size, 120);
    assert!(info.is_content_addressed(store.store_dir()).unwrap());
    assert_eq!(store.read_file(&path, "").unwrap(), b"hello");
    assert_eq!(text(store, "hello.txt", "hello", &[]), path, "again");
    let found = store.path_from_hash_part(path.hash_part()).unwrap();
    assert_eq!(found, Some(path));
}

fn methods(store: &dyn Store) {
    let dir = store.store_dir();
    for (method, algo) in [
        (ContentAddressMethod::Flat, HashAlgo::Sha256),
        (ContentAddressMethod::Flat, HashAlgo::Sha1),
        (ContentAddressMethod::Nar, HashAlgo::Sha256),
        (ContentAddressMethod::Nar, HashAlgo::Sha512),
    ] {
        let path = store.add("a", Content::Bytes(b"data"), method, algo, &none()).unwrap();
        let info = store.require_path_info(&path).unwrap();
        let ca = info.ca.unwrap();
        assert_eq!((ca.method, ca.hash.algo()), (method, algo));
        let again = dir.make_content_path("a", &ca, &References::none());
        assert_eq!(again.unwrap(), path);
    }
    let refused = store.add(
        "a",
        Content::Nar(&mut folder_nar().as_slice()),
        ContentAddressMethod::Flat,
        HashAlgo::Sha256,
        &none(),
    );
    assert!(refused.is_err(), "a folder has no flat hash");
    let bad = add_text(store, "a b", b"", &none());
    assert!(bad.is_err(), "a name against the rules");
}

fn graph(store: &dyn Store) {
    let a = text(store, "a", "a", &[]);
    let b = text(store, "b", "b", &[&a]);
    let c = text(store, "c", "c", &[&b, &a]);
    let d = text(store, "d", "d", &[]);
    let all = closure(store, &StorePathSet::from([c.clone()])).unwrap();
    assert_eq!(all, StorePathSet::from([a.clone(), b.clone(), c.clone()]));
    assert_eq!(store.referrers(&a).unwrap(), StorePathSet::from([b.clone(), c.clone()]));
    assert_eq!(topological(store, &all).unwrap(), [a.clone(), b, c]);
    assert!(store.referrers(&d).unwrap().is_empty());
    assert!(store.all_valid().unwrap().contains(&d));
    let missing = StorePath::new("ffffffffffffffffffffffffffffffff-x").unwrap();
    let dangling = add_text(store, "e", b"e", &StorePathSet::from([missing]));
    assert!(dangling.is_err(), "references must be valid");
}

/// A folder with a program, a link to it and a folder.
fn folder_nar() -> Vec<u8> {
    let mut nar = NarWriter::new(Vec::new()).unwrap();
    nar.begin_directory(None).unwrap();
    nar.begin_directory(Some(b"bin")).unwrap();
    nar.file(Some(b"tool"), true, b"#!/bin/sh\n").unwrap();
    nar.end_directory().unwrap();
    nar.symlink(Some(b"link"), b"bin/tool").unwrap();
    nar.symlink(Some(b"up"), b"bin/../link").unwrap();
    nar.end_directory().unwrap();
    nar.into_inner()
}

fn folder_info(store: &dyn Store) -> PathInfo {
    let nar = folder_nar();
    let ca = ContentAddress { method: ContentAddressMethod::Nar, hash: Hash::sha256(&nar) };
    let path = store.store_dir().make_content_path("folder", &ca, &References::none());
    let mut info = PathInfo::new(path.unwrap(), ca.hash, nar.len() as u64);
    info.ca = Some(ca);
    info
}

fn add_folder(store: &dyn Store) -> StoreResult<PathInfo> {
    let info = folder_info(store);
    store.add_nar(&info, &mut folder_nar().as_slice(), AddOptions::default())?;
    Ok(info)
}

fn archives(store: &dyn Store) {
    let info = add_folder(store).unwrap();
    let mut out = Vec::new();
    store.write_nar(&info.path, &mut out).unwrap();
    assert_eq!(out, folder_nar());
    add_folder(store).expect("adding what is valid is fine");
    let mut stream = folder_nar();
    stream.extend_from_slice(b"rest");
    let mut input = stream.as_slice();
    let path = store
        .add(
            "folder",
            Content::Nar(&mut input),
            ContentAddressMethod::Nar,
            HashAlgo::Sha256,
            &none(),
        )
        .unwrap();
    assert_eq!(path, info.path);
    assert_eq!(input, b"rest", "exactly the archive is read");
}

fn wrong_hash(store: &dyn Store) {
    let mut info = folder_info(store);
    info.nar_hash = Hash::sha256("other");
    info.ca = None;
    let mut input = folder_nar();
    let result = store.add_nar(&info, &mut input.as_slice(), AddOptions::default());
    assert!(matches!(result, Err(StoreError::HashMismatch { .. })));
    assert!(!store.is_valid(&info.path).unwrap());
    input.truncate(100);
    let mut info = folder_info(store);
    let result = store.add_nar(&info, &mut input.as_slice(), AddOptions::default());
    assert!(result.is_err(), "an archive that ends early");
    assert!(!store.is_valid(&info.path).unwrap());
    info.ca = None;
    let options = AddOptions { check_signatures: true, ..AddOptions::default() };
    let result = store.add_nar(&info, &mut folder_nar().as_slice(), options);
    assert!(result.is_err(), "unsigned and not content-addressed");
    add_folder(store).expect("nothing stands in the way");
}

fn derivations(store: &dyn Store) {
    let dir = store.store_dir();
    let mut drv = Derivation {
        name: "d".to_owned(),
        platform: "x86_64-linux".to_owned(),
        builder: b"/bin/sh".to_vec(),
        ..Derivation::default()
    };
    drv.outputs.insert("out".into(), DerivationOutput::Deferred);
    drv.fill_outputs(dir, &mut |_| Ok::<HashModulo, StoreError>(HashModulo::Deferred)).unwrap();
    let out = drv.output_path(dir, "out").unwrap().unwrap();
    let (wanted, data) = drv.to_store(dir).unwrap();
    let path = add_text(store, "d.drv", &data, &drv.references()).unwrap();
    assert_eq!(path, wanted);
    assert_eq!(store.read_derivation(&path).unwrap(), drv);
    let outputs = store.derivation_outputs(&path).unwrap();
    assert_eq!(outputs["out"], Some(out.clone()));
    assert_eq!(store.valid_derivers(&out).unwrap(), StorePathSet::from([path]));
}

fn reading(store: &dyn Store) {
    let path = add_folder(store).unwrap().path;
    for inner in ["/bin/tool", "/link", "/up", "bin//tool"] {
        let data = store.read_file(&path, inner).unwrap();
        assert_eq!(data, b"#!/bin/sh\n", "{inner}");
    }
    for inner in ["", "/bin", "/none", "/bin/tool/x"] {
        assert!(store.read_file(&path, inner).is_err(), "{inner}");
    }
}

fn signatures(store: &dyn Store) {
    let path = text(store, "a", "a", &[]);
    store.add_signatures(&path, &["k1:QQ==".into()]).unwrap();
    store.add_signatures(&path, &["k2:QQ==".into()]).unwrap();
    let info = store.require_path_info(&path).unwrap();
    assert_eq!(info.signatures.len(), 2);
}

#[cfg(test)]
mod tests {
    use firn_formats::StoreDir;

    #[test]
    fn memory_store_behaves() {
        super::run(|| crate::MemoryStore::new(StoreDir::default()));
    }
}
