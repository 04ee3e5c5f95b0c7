//! Properties that hold for all inputs, hostile ones included.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use firn_formats::{
    ContentAddress, ContentAddressMethod, ContextElement, Derivation, DerivationOutput,
    DerivedPath, Hash, HashAlgo, InputNode, NarInfo, Signature, StoreDir, StorePath,
    nar::{self, NarWriter},
    nix32,
};
use proptest::prelude::*;

/// A tree to be archived.
#[derive(Debug, Clone)]
enum Tree {
    File(bool, Vec<u8>),
    Link(Vec<u8>),
    Folder(BTreeMap<Vec<u8>, Tree>),
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(
        any::<u8>().prop_filter("slash or zero", |b| *b != 0 && *b != b'/'),
        1..12,
    )
    .prop_filter("dots", |n| n != b"." && n != b"..")
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(x, data)| Tree::File(x, data)),
        name().prop_map(Tree::Link),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        proptest::collection::btree_map(name(), inner, 0..6).prop_map(Tree::Folder)
    })
}

fn write(nar: &mut NarWriter<Vec<u8>>, name: Option<&[u8]>, tree: &Tree) {
    match tree {
        Tree::File(executable, data) => nar.file(name, *executable, data).unwrap(),
        Tree::Link(target) => nar.symlink(name, target).unwrap(),
        Tree::Folder(entries) => {
            nar.begin_directory(name).unwrap();
            for (name, tree) in entries {
                write(nar, Some(name), tree);
            }
            nar.end_directory().unwrap();
        }
    }
}

fn archive(tree: &Tree) -> Vec<u8> {
    let mut nar = NarWriter::new(Vec::new()).unwrap();
    write(&mut nar, None, tree);
    nar.into_inner()
}

/// Reads an archive to its end, whatever is in it.
fn drain(data: &[u8]) -> Result<usize, nar::NarError> {
    let mut reader = nar::NarReader::new(data);
    let mut events = 0;
    while reader.next_event()?.is_some() {
        events += 1;
    }
    Ok(events)
}

fn store_path() -> impl Strategy<Value = StorePath> {
    (any::<[u8; 20]>(), "[a-z][a-z0-9+._?=-]{0,20}").prop_map(|(hash, name)| {
        StorePath::new(&format!("{}-{name}", nix32::encode(&hash))).unwrap()
    })
}

fn output() -> impl Strategy<Value = DerivationOutput> {
    let method = prop_oneof![Just(ContentAddressMethod::Flat), Just(ContentAddressMethod::Nar)];
    prop_oneof![
        store_path().prop_map(DerivationOutput::InputAddressed),
        Just(DerivationOutput::Deferred),
        (method.clone(), any::<[u8; 8]>()).prop_map(|(method, data)| {
            DerivationOutput::Fixed(ContentAddress { method, hash: Hash::sha256(data) })
        }),
        method.prop_map(|method| DerivationOutput::Floating { method, algo: HashAlgo::Sha512 }),
    ]
}

fn node() -> impl Strategy<Value = InputNode> {
    let names = proptest::collection::btree_set("[a-z]{1,5}", 1..3);
    let flat = names.prop_map(|outputs| InputNode { outputs, ..InputNode::default() });
    flat.prop_recursive(2, 6, 2, |inner| {
        proptest::collection::btree_map("[a-z]{1,5}", inner, 0..2)
            .prop_map(|dynamic| InputNode { outputs: BTreeSet::new(), dynamic })
    })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..30)
}

prop_compose! {
    fn derivation()(
        name in "[a-z]{1,9}",
        outputs in proptest::collection::btree_map("[a-z]{1,5}", output(), 0..4),
        input_drvs in proptest::collection::btree_map(store_path(), node(), 0..4),
        input_srcs in proptest::collection::btree_set(store_path(), 0..4),
        platform in "[a-z0-9_-]{1,12}",
        builder in bytes(),
        args in proptest::collection::vec(bytes(), 0..4),
        env in proptest::collection::btree_map(bytes(), bytes(), 0..6),
    ) -> Derivation {
        Derivation { name, outputs, input_drvs, input_srcs, platform, builder, args, env }
    }
}

proptest! {
    #[test]
    fn archives_come_back_from_disk(tree in tree()) {
        let data = archive(&tree);
        let folder = tempfile::tempdir().unwrap();
        let dest = folder.path().join("tree");
        nar::restore(data.as_slice(), &dest, nar::RestoreMode::Plain).unwrap();
        let mut again = Vec::new();
        nar::dump_path(&dest, &mut again).unwrap();
        prop_assert_eq!(data, again);
    }

    #[test]
    fn broken_archives_are_errors_not_panics(tree in tree(), at in any::<usize>(), byte in any::<u8>()) {
        let mut data = archive(&tree);
        let at = at % data.len();
        prop_assert!(drain(&data[..at]).is_err());
        data[at] = byte;
        let _ = drain(&data);
        let _ = nar::list(data.as_slice());
    }

    #[test]
    fn noise_is_no_archive(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(drain(&data).is_err());
    }

    #[test]
    fn derivations_come_back_from_text(drv in derivation()) {
        let dir = StoreDir::default();
        let text = drv.to_aterm(&dir).unwrap();
        prop_assert_eq!(Derivation::from_aterm(&dir, &text, &drv.name).unwrap(), drv);
    }

    #[test]
    fn broken_derivations_are_errors_not_panics(drv in derivation(), at in any::<usize>(), byte in any::<u8>()) {
        let dir = StoreDir::default();
        let mut text = drv.to_aterm(&dir).unwrap();
        let at = at % text.len();
        prop_assert!(Derivation::from_aterm(&dir, &text[..at], "x").is_err());
        text[at] = byte;
        let _ = Derivation::from_aterm(&dir, &text, "x");
    }

    #[test]
    fn texts_never_panic(text in "\\PC{0,80}") {
        let dir = StoreDir::default();
        let _ = StorePath::new(&text);
        let _ = dir.parse(&text);
        let _ = dir.split(&text);
        let _ = Hash::parse_any(&text, None);
        let _ = Hash::parse_any(&text, Some(HashAlgo::Sha256));
        let _ = text.parse::<ContentAddress>();
        let _ = text.parse::<ContextElement>();
        let _ = text.parse::<Signature>();
        let _ = DerivedPath::parse(&dir, &text);
        let _ = NarInfo::parse(&dir, &text);
    }

    #[test]
    fn context_elements_come_back(path in store_path(), outputs in proptest::collection::vec("[a-z]{1,5}", 0..3)) {
        let mut text = path.to_string();
        for output in &outputs {
            text = format!("{output}!{text}");
        }
        if !outputs.is_empty() {
            text.insert(0, '!');
        }
        let element: ContextElement = text.parse().unwrap();
        prop_assert_eq!(element.to_string(), text);
    }
}

/// An archive of folders in folders as deep as `depth`.
fn deep(depth: usize) -> Vec<u8> {
    let mut nar = NarWriter::new(Vec::new()).unwrap();
    for i in 0..depth {
        nar.begin_directory((i > 0).then_some(b"d".as_slice())).unwrap();
    }
    for _ in 0..depth {
        nar.end_directory().unwrap();
    }
    nar.into_inner()
}

#[test]
fn depth_has_a_limit() {
    assert_eq!(drain(&deep(2000)).unwrap(), 4000);
    assert!(drain(&deep(100_000)).is_err());
}

#[test]
fn names_that_lead_out_are_refused() {
    for bad in [".", "..", "a/b", "", "a\0b"] {
        let mut nar = NarWriter::new(Vec::new()).unwrap();
        nar.begin_directory(None).unwrap();
        nar.file(Some(bad.as_bytes()), false, b"x").unwrap();
        nar.end_directory().unwrap();
        let message = drain(&nar.into_inner()).unwrap_err().to_string();
        assert!(message.contains("invalid file name"), "{bad:?}: {message}");
    }
}

#[test]
fn entries_must_be_in_order_and_once() {
    for (first, second) in [("b", "a"), ("a", "a")] {
        let mut nar = NarWriter::new(Vec::new()).unwrap();
        nar.begin_directory(None).unwrap();
        nar.file(Some(first.as_bytes()), false, b"x").unwrap();
        nar.file(Some(second.as_bytes()), false, b"x").unwrap();
        nar.end_directory().unwrap();
        assert!(drain(&nar.into_inner()).is_err());
    }
}

#[test]
fn a_link_in_an_archive_is_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    let inside = tempfile::tempdir().unwrap();
    let mut nar = NarWriter::new(Vec::new()).unwrap();
    nar.begin_directory(None).unwrap();
    nar.symlink(Some(b"a"), outside.path().to_str().unwrap().as_bytes()).unwrap();
    nar.begin_directory(Some(b"a")).unwrap();
    nar.file(Some(b"evil"), false, b"x").unwrap();
    nar.end_directory().unwrap();
    nar.end_directory().unwrap();
    let dest = inside.path().join("tree");
    let data = nar.into_inner();
    assert!(nar::restore(data.as_slice(), &dest, nar::RestoreMode::Plain).is_err());
    assert_eq!(outside.path().read_dir().unwrap().count(), 0);
}

#[test]
fn reading_stops_at_the_end_of_the_archive() {
    let mut data = archive(&Tree::File(false, b"abc".to_vec()));
    data.extend_from_slice(b"next");
    let mut reader = nar::NarReader::new(data.as_slice());
    while reader.next_event().unwrap().is_some() {}
    assert_eq!(reader.into_inner(), b"next");
}
