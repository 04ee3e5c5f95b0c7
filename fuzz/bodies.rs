//! What is done with hostile bytes, one function for each kind of input. They are the bodies of the targets for
//! `cargo fuzz`, and the test suite runs them over kept inputs (`crates/firn/tests/hostile_bytes.rs`).
//!
//! None may panic, and what can be read must be written as something that reads the same.

use std::collections::BTreeMap;
use std::path::Path;

use firn_debian::elf::{Change, Elf, patch};
use firn_flake::lock::LockFile;
use firn_flake::reference::{Base, FlakeRef};
use firn_formats::{
    ContentAddress, ContextElement, Derivation, DerivedPath, Hash, NarInfo, PublicKey, Signature,
    StoreDir, nar,
};
use firn_source::{Origin, SourceMap};
use firn_syntax::{Ast, ParseOptions, parse, print, scope};

use crate::host;

/// Expressions: lexer, parser, compiler, evaluator, printers.
pub fn expression(text: &[u8]) {
    host::evaluate(text);
}

/// The parser alone, the printer of trees, the renderers of its errors, and trees kept as bytes.
pub fn syntax(text: &[u8]) {
    let sources = SourceMap::new();
    let Ok(file) = sources.add(Origin::String, text) else { return };
    match parse(&file, &ParseOptions { pipe_operators: true, ..ParseOptions::default() }) {
        Ok(ast) => {
            let _ = scope::check(&ast, &|_| true);
            let printed = print::print(&ast, "/".as_ref(), "/".as_ref());
            if let Some(kept) = ast.to_bytes() {
                let again = Ast::from_bytes(&file, kept.into());
                let same =
                    again.is_some_and(|a| print::print(&a, "/".as_ref(), "/".as_ref()) == printed);
                assert!(same, "a kept tree is another one");
            }
        }
        Err(error) => {
            let _ = firn_diag::terminal::render(&error, &sources, true, true);
            let _ = firn_diag::cppnix::render(&error, &sources, Default::default());
            let _ = firn_diag::to_json(&error, &sources);
        }
    }
}

/// A damaged tree of the cache: it is taken or not. What is taken may be senseless, and is not used here.
pub fn kept_tree(bytes: &[u8]) {
    let sources = SourceMap::new();
    let Ok(file) = sources.add(Origin::String, "{ a = 1; }".as_bytes()) else { return };
    let _ = Ast::from_bytes(&file, bytes.to_vec().into());
    // Nobody guesses a whole tree: the bytes also say where one is damaged, and by what.
    let mut tree = parse(&file, &ParseOptions::default()).ok().and_then(|ast| ast.to_bytes());
    if let Some(tree) = &mut tree {
        for &[high, low, byte] in bytes.as_chunks().0 {
            let at = usize::from(u16::from_be_bytes([high, low])) % tree.len();
            tree[at] = byte;
        }
    }
    let _ = tree.and_then(|tree| Ast::from_bytes(&file, tree.into()));
}

/// A text as a string literal.
fn literal(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text).replace('\0', " ");
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${"))
}

/// Texts that builtins read: JSON, TOML, regular expressions, versions, hashes.
pub fn texts(text: &[u8]) {
    let text = literal(text);
    let calls = [
        "fromJSON t",
        "fromTOML t",
        "match t t",
        "split t \"aab,c\"",
        "parseDrvName t",
        "splitVersion t",
        "compareVersions t \"1.2pre\"",
        "convertHash { hash = t; toHashFormat = \"sri\"; hashAlgo = \"sha256\"; }",
        "convertHash { hash = t; toHashFormat = \"nix32\"; }",
    ];
    for call in calls {
        host::evaluate(format!("let t = {text}; in builtins.{call}").as_bytes());
    }
}

/// Derivations as stores keep them, and as JSON.
pub fn derivation(bytes: &[u8]) {
    let dir = StoreDir::default();
    if let Ok(drv) = Derivation::from_aterm(&dir, bytes, "fuzz") {
        let _ = drv.kind();
        let _ = drv.output_paths(&dir);
        let _ = drv.to_store(&dir);
        if let Ok(text) = drv.to_aterm(&dir) {
            let again = Derivation::from_aterm(&dir, &text, "fuzz");
            let same = again.is_ok_and(|again| again == drv);
            assert!(same, "a derivation's text is another derivation");
        }
    }
    if let Ok(value) = serde_json::from_slice(bytes)
        && let Ok(drv) = Derivation::from_json(&value)
    {
        let again = Derivation::from_json(&drv.to_json());
        assert!(again.is_ok_and(|again| again == drv), "a derivation's JSON is another one");
    }
}

/// What binary caches say of a path, and the small texts in it.
pub fn narinfo(bytes: &[u8]) {
    let dir = StoreDir::default();
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(info) = NarInfo::parse(&dir, text) {
        let printed = info.print(&dir);
        let again = NarInfo::parse(&dir, &printed);
        assert!(again.is_ok_and(|again| again.print(&dir) == printed), "{printed}");
    }
    if let Ok(hash) = Hash::parse_any(text, None) {
        assert!(Hash::parse_any(&hash.sri(), None).is_ok_and(|same| same == hash));
    }
    let _ = dir.parse(text);
    let _ = dir.split(text);
    let _ = DerivedPath::parse(&dir, text);
    let _ = text.parse::<ContentAddress>();
    let _ = text.parse::<ContextElement>();
    let _ = text.parse::<Signature>();
    let _ = text.parse::<PublicKey>();
}

/// Archives, read event by event.
pub fn archive(bytes: &[u8]) {
    if let Ok(tree) = nar::list(bytes) {
        let _ = tree.to_json();
    }
}

/// Flake references, with and without a folder that they are read against.
pub fn reference(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for base in [Base::Flake, Base::Folder(Path::new("/nonexistent"))] {
        if let Ok((reference, _)) = FlakeRef::parse(text, base) {
            let printed = reference.to_string();
            let _ = FlakeRef::parse(&printed, Base::Flake);
        }
        let _ = FlakeRef::parse_input(text, base, false);
    }
}

/// Lock files.
pub fn lock_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(lock) = LockFile::parse(text, "fuzz") {
        let _ = lock.check_follows();
        let _ = lock.all_inputs();
        let _ = lock.unlocked_input();
        let printed = lock.to_text();
        let again = LockFile::parse(&printed, "fuzz");
        assert!(again.is_ok_and(|again| again.to_text() == printed), "{printed}");
    }
}

/// ELF files, and changes to them.
pub fn elf(bytes: &[u8]) {
    let Ok(Some(elf)) = Elf::parse(bytes) else { return };
    let needed = elf.needed();
    let _ = (elf.soname(), elf.run_path());
    let change = Change {
        interpreter: Some("/nix/store/00000000000000000000000000000000-x/ld.so".into()),
        run_path: Some("/nix/store/00000000000000000000000000000000-x/lib".into()),
        needed: needed
            .first()
            .map(|&name| (name.to_owned(), "libother.so.9".to_owned()))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
    };
    if let Ok(Some(patch)) = patch(&elf, &change) {
        let end =
            patch.writes.iter().map(|(at, piece)| at.saturating_add(piece.len() as u64)).max();
        assert!(end.unwrap_or(0) <= 2 * bytes.len() as u64 + (1 << 24), "the changed file is huge");
        let _ = Elf::parse(&patch.apply(bytes.to_vec()));
    }
}

/// Debian's lists of packages and the lock made from them.
pub fn debian(bytes: &[u8]) {
    let _ = firn_debian::index::decompress(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let index = firn_debian::index::Index::parse(text);
    for package in index.packages() {
        for relation in package.requirements().flatten() {
            let _ = index.candidates(&relation);
        }
    }
    let _ = firn_debian::version::compare(text, "1:2.0~rc1-3");
    let _ = firn_debian::version::store_name(text);
    let _ = firn_debian::lock::Lock::parse(text);
}
