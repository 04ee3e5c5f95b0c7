//! Bytes of the reference in `spec/formats/`, read and written.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use firn_formats::{
    ContentAddress, Derivation, Hash, HashAlgo, HashFormat, ModuloMemo, NarInfo, References,
    Result, StoreDir, StorePath,
    nar::{self, NarNode, NarWriter},
};

fn spec() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/formats")
}

/// The words of each line of a file of cases.
fn cases(name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(spec().join(name)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

#[test]
fn hashes_in_every_form() {
    for case in cases("hashes.txt") {
        let [algo, base16, nix32, sri] = case.as_slice() else { panic!("{case:?}") };
        let algo: HashAlgo = algo.parse().unwrap();
        let hash = Hash::of(algo, "firn");
        assert_eq!((&hash.base16(), &hash.nix32(), &hash.sri()), (base16, nix32, sri));
        for text in [base16, nix32, sri] {
            assert_eq!(Hash::parse_any(text, Some(algo)).unwrap(), hash);
        }
        assert_eq!(Hash::parse_any(&hash.prefixed(HashFormat::Base64), None).unwrap(), hash);
    }
}

#[test]
fn paths_of_content() {
    let dir = StoreDir::default();
    for case in cases("store-paths.txt") {
        let [method, algo, hash, name, path] = case.as_slice() else { panic!("{case:?}") };
        let algo = algo.parse().unwrap();
        let ca = ContentAddress {
            method: method.parse().unwrap(),
            hash: Hash::parse_bare(hash, algo).unwrap(),
        };
        let found = dir.make_content_path(name, &ca, &References::none()).unwrap();
        assert_eq!(dir.display(&found), *path, "{case:?}");
        assert_eq!(ca.to_string().parse::<ContentAddress>().unwrap(), ca);
    }
}

fn derivation_texts() -> Vec<(StorePath, Vec<u8>, serde_json::Value)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(spec().join("derivations")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|e| e == "drv") {
            let json = fs::read_to_string(file.with_extension("json")).unwrap();
            let json: serde_json::Value = serde_json::from_str(&json).unwrap();
            let path = StorePath::new(json["path"].as_str().unwrap()).unwrap();
            found.push((path, fs::read(file).unwrap(), json["derivation"].clone()));
        }
    }
    assert!(found.len() >= 7, "cases are there");
    found
}

#[test]
fn derivations_as_text_and_json() {
    let dir = StoreDir::default();
    for (path, text, json) in derivation_texts() {
        let drv = Derivation::from_aterm(&dir, &text, path.derivation_name().unwrap()).unwrap();
        assert_eq!(drv.to_aterm(&dir).unwrap(), text, "{path}");
        assert_eq!(drv.to_json().to_string(), json.to_string(), "{path}");
        assert_eq!(Derivation::from_json(&json).unwrap(), drv, "{path}");
        assert_eq!(drv.to_store(&dir).unwrap(), (path, text));
    }
}

#[test]
fn outputs_follow_from_derivations() {
    let dir = StoreDir::default();
    let all = derivation_texts();
    let load = |path: &StorePath| -> Result<Derivation> {
        let (_, text, _) = all.iter().find(|(p, ..)| p == path).unwrap();
        Derivation::from_aterm(&dir, text, path.derivation_name()?)
    };
    let mut memo = ModuloMemo::new();
    for (path, ..) in &all {
        let drv = load(path).unwrap();
        let mut lookup = |input: &StorePath| memo.of(&dir, input, &mut |path| load(path));
        drv.check_outputs(&dir, &mut lookup).unwrap();
        let mut wrong = drv.clone();
        wrong.args.push(b"other".to_vec());
        let checked = wrong.check_outputs(&dir, &mut lookup);
        let known = drv.kind().unwrap() == firn_formats::DerivationType::InputAddressed;
        assert_eq!(checked.is_err(), known, "{path}");
    }
}

#[test]
fn an_archive_text_by_text() {
    let text = fs::read_to_string(spec().join("tree.nar.txt")).unwrap();
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let hash = lines.next().unwrap();
    let mut wanted = Vec::new();
    for line in lines {
        let token = line.trim_matches('"').replace("\\n", "\n");
        wanted.extend_from_slice(&(token.len() as u64).to_le_bytes());
        wanted.extend_from_slice(token.as_bytes());
        wanted.resize(wanted.len().next_multiple_of(8), 0);
    }
    assert_eq!(Hash::sha256(&wanted).nix32(), hash);
    let mut out = NarWriter::new(Vec::new()).unwrap();
    out.begin_directory(None).unwrap();
    out.begin_directory(Some(b"dir")).unwrap();
    out.file(Some(b"eight"), false, b"12345678").unwrap();
    out.end_directory().unwrap();
    out.file(Some(b"empty"), false, b"").unwrap();
    out.symlink(Some(b"link"), b"run").unwrap();
    out.file(Some(b"run"), true, b"#!/bin/sh\n").unwrap();
    out.end_directory().unwrap();
    assert_eq!(out.into_inner(), wanted);
    let tree = nar::list(wanted.as_slice()).unwrap();
    let Some(NarNode::File { executable: true, size: 10, offset }) = tree.get("/run") else {
        panic!("{tree:?}")
    };
    assert!(wanted[*offset as usize..].starts_with(b"#!/bin/sh\n"));
    assert_eq!(tree.get("dir/eight/x"), None);
}

#[test]
fn what_a_cache_says() {
    let dir = StoreDir::default();
    let text = fs::read_to_string(spec().join("object.narinfo")).unwrap();
    let info = NarInfo::parse(&dir, &text).unwrap();
    assert_eq!(info.print(&dir), text);
    assert_eq!((info.file_size, info.nar_size), (123, 456));
    for key in ["StorePath", "URL", "NarHash", "NarSize"] {
        let without: String =
            text.lines().filter(|l| !l.starts_with(key)).map(|l| format!("{l}\n")).collect();
        let message = NarInfo::parse(&dir, &without).unwrap_err().to_string();
        assert!(message.contains(key), "{message}");
    }
}
