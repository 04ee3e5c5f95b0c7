//! Flake references and lock files against the cases in `spec/flakes`.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use firn_flake::lock::{Edge, LockFile};
use firn_flake::reference::{Base, FlakeRef};
use serde_json::Value;

fn spec(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/flakes").join(path)
}

#[test]
fn references() {
    let cases: Vec<Value> =
        serde_json::from_str(&fs::read_to_string(spec("references.json")).unwrap()).unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let url = case["url"].as_str().unwrap();
        match (FlakeRef::parse(url, Base::Flake), case["error"].as_str()) {
            (Ok((reference, fragment)), None) => {
                assert_eq!(reference.to_attrs().to_json(), case["attrs"], "{url}");
                assert_eq!(fragment, case["fragment"].as_str().unwrap_or_default(), "{url}");
                assert_eq!(reference.to_string(), case["prints"].as_str().unwrap(), "{url}");
            }
            (Err(error), Some(wanted)) => assert!(error.message.contains(wanted), "{url}: {error}"),
            (got, wanted) => panic!("{url}: got {got:?}, wanted error {wanted:?}"),
        }
    }
}

#[test]
fn lock_files_survive_byte_for_byte() {
    for entry in fs::read_dir(spec("lock")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let file = LockFile::parse(&text, &path.to_string_lossy()).unwrap();
        assert_eq!(file.to_text(), text, "{}", path.display());
        file.check_follows().unwrap();
    }
}

#[test]
fn a_follows_cycle_is_an_error() {
    let mut file = LockFile::default();
    let root = &mut file.nodes[LockFile::ROOT].inputs;
    root.insert("a".into(), Edge::Follows(vec!["b".into()]));
    root.insert("b".into(), Edge::Follows(vec!["a".into()]));
    let error = file.check_follows().unwrap_err();
    assert_eq!(error.message, "follow cycle detected: [b -> a -> b]");
}

#[test]
fn hostile_lock_files_are_refused() {
    for (text, wanted) in [
        ("{", "could not parse"),
        ("{}", "unsupported version 0"),
        (
            r#"{"version":7,"root":"root","nodes":{"root":{"inputs":{"a":"gone"}}}}"#,
            "missing node 'gone'",
        ),
        (
            r#"{"version":7,"root":"root","nodes":{"root":{"inputs":{"a":"root"}}}}"#,
            "cycle to the root",
        ),
        (
            r#"{"version":7,"root":"root","nodes":{"root":{"inputs":{"a":3}}}}"#,
            "neither a node nor a path",
        ),
    ] {
        let error = LockFile::parse(text, "flake.lock").unwrap_err();
        assert!(error.message.contains(wanted), "{text}: {error}");
    }
}
