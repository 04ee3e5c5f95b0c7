//! ARCHITECTURE.md against the tree: every crate is in the code map, every file it names exists, and
//! dependencies point down its layers.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn architecture() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The layer of each crate, from the table "Layers".
fn layers(text: &str) -> BTreeMap<String, u32> {
    let table = text.split("## Layers").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut layers = BTreeMap::new();
    for row in table.lines().filter(|row| row.starts_with("| ")) {
        let Some(layer) = row[2..].split(' ').next().and_then(|word| word.parse().ok()) else {
            continue;
        };
        let cell = row.split('|').nth(2).unwrap();
        layers.extend(quoted(cell).map(|name| (name.to_owned(), layer)));
    }
    layers
}

fn crates() -> Vec<PathBuf> {
    fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_crate_is_in_the_code_map_once() {
    let text = architecture();
    let map = text.split("## Code map").nth(1).unwrap();
    for path in crates() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let rows = map.lines().filter(|row| row.starts_with(&format!("| `{name}` |"))).count();
        assert_eq!(rows, 1, "{name} stands {rows} times in the code map");
    }
}

#[test]
fn files_that_it_names_exist() {
    for path in quoted(&architecture())
        .filter(|text| text.starts_with("crates/") || text.starts_with("nix/"))
    {
        assert!(root().join(path).exists(), "ARCHITECTURE.md names '{path}', which is not there");
    }
}

#[test]
fn dependencies_never_climb() {
    let layers = layers(&architecture());
    for path in crates() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let own = layers[&name];
        let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap();
        let needed = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
        for dependency in needed.lines().filter_map(|line| line.split('.').next()) {
            if let Some(layer) = layers.get(dependency) {
                assert!(*layer <= own, "{name} (layer {own}) needs {dependency} (layer {layer})");
            }
        }
    }
}
