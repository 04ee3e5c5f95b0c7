//! `fetchurl` and `fetchTarball` from files of this machine into a store in memory.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use firn_eval::{Machine, Settings};
use firn_formats::{Hash, StoreDir};
use firn_instantiate::{Access, Outside, StoreHost, TABLES};
use firn_store::{MemoryStore, NoRealise};

fn evaluate(text: &str, pure: bool) -> Result<String, String> {
    let text = text.to_owned();
    firn_eval::stack::run(move || {
        let outside = Outside {
            environment: HashMap::new(),
            trace: Box::new(|_| {}),
            warn: Box::new(|_| {}),
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
        let store = Arc::new(MemoryStore::new(StoreDir::default()));
        let host = StoreHost::new(store, Arc::new(NoRealise), Access::everything(), false, outside);
        let settings = Settings { pure, ..Settings::default() };
        let mut m = Machine::new(Rc::new(host), settings, TABLES);
        let value = m.eval_text(firn_source::Origin::String, text.as_bytes(), "/");
        match value.and_then(|v| m.force_deep(v)).and_then(|v| m.print_ambiguous(v)) {
            Ok(shown) => Ok(String::from_utf8_lossy(&shown).into_owned()),
            Err(raised) => Err(m.take_error(raised).message),
        }
    })
    .unwrap()
}

#[test]
fn a_file_gets_the_path_of_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.txt");
    std::fs::write(&file, "hello\n").unwrap();
    let (url, hash) = (file.display(), Hash::sha256("hello\n").base16());
    let unhashed = evaluate(&format!("builtins.fetchurl \"file://{url}\""), false).unwrap();
    let hashed = format!("fetchurl {{ url = \"file://{url}\"; sha256 = \"{hash}\"; }}");
    assert_eq!(evaluate(&format!("builtins.{hashed}"), true).unwrap(), unhashed);
    assert!(unhashed.starts_with("\"/nix/store/") && unhashed.ends_with("-a.txt\""), "{unhashed}");
}

#[test]
fn what_is_wrong_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.txt");
    std::fs::write(&file, "changed").unwrap();
    let url = file.display();
    let hash = Hash::sha256("hello\n");
    let wrong = format!("fetchurl {{ url = \"file://{url}\"; sha256 = \"{}\"; }}", hash.base16());
    let error = evaluate(&format!("builtins.{wrong}"), false).unwrap_err();
    let got = Hash::sha256("changed");
    assert!(error.contains(&hash.sri()) && error.contains(&got.sri()), "{error}");
    for (expression, wanted) in [
        ("builtins.fetchurl { }", "'url' argument required"),
        ("builtins.fetchurl { url = \"x\"; foo = 1; }", "unsupported argument 'foo' to 'fetchurl'"),
        (
            "builtins.fetchurl \"https://example.com/~wiggle~\"",
            "invalid store path name when fetching URL 'https://example.com/~wiggle~': name \
             '~wiggle~' contains illegal character '~'. Please pass an attribute set with 'url' \
             and 'name' attributes to 'fetchurl',  so that it can create a valid store path.",
        ),
    ] {
        assert_eq!(evaluate(expression, false).unwrap_err(), wanted);
    }
    assert_eq!(
        evaluate("builtins.fetchTarball \"file:///x\"", true).unwrap_err(),
        "in pure evaluation mode, 'fetchTarball' requires a 'sha256' argument"
    );
}
