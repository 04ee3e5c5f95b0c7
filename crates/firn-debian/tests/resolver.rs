//! The cases of `spec/debian/resolver.toml`, and groups.
#![allow(clippy::unwrap_used)]

use firn_debian::{groups, index::Index, lock, resolve, wanted::Wanted};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    index: String,
    roots: Vec<String>,
    #[serde(default)]
    drop: Vec<String>,
    #[serde(default)]
    extra: BTreeMap<String, Vec<String>>,
    needs: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    unsatisfied: Vec<String>,
}

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn resolver_cases() {
    let text = std::fs::read_to_string(top().join("spec/debian/resolver.toml")).unwrap();
    let cases: Cases = toml::from_str(&text).unwrap();
    assert!(cases.case.len() > 10);
    for case in cases.case {
        let index = Index::parse(&case.index);
        let policy = resolve::Policy { drop: case.drop.into_iter().collect(), extra: case.extra };
        let closure = resolve::resolve(&index, &case.roots, &policy);
        assert_eq!(closure.needs, case.needs, "{}", case.name);
        let unsatisfied: Vec<String> =
            closure.unsatisfied.iter().map(|(p, r)| format!("{p} needs {r}")).collect();
        assert_eq!(unsatisfied, case.unsatisfied, "{}", case.name);
    }
}

fn needs(edges: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
    edges.iter().map(|(from, to)| ((*from).to_owned(), owned(to))).collect()
}

#[test]
fn a_cycle_is_one_group_and_dependencies_come_first() {
    let needs = needs(&[("app", &["liba"]), ("liba", &["libb"]), ("libb", &["liba"])]);
    let groups = groups::contract(&needs, &BTreeMap::new()).unwrap();
    let names: Vec<&str> = groups.iter().map(|g| g.name.as_str()).collect();
    assert_eq!(names, ["liba", "app"]);
    assert_eq!(groups[0].members, ["liba", "libb"]);
    assert_eq!(groups[1].needs, ["liba"]);
}

#[test]
fn grouping_may_close_a_cycle_which_joins_the_group() {
    let needs = needs(&[("x", &["y"]), ("y", &["z"]), ("z", &[])]);
    let explicit = BTreeMap::from([("xz".to_owned(), vec!["x".to_owned(), "z".to_owned()])]);
    let groups = groups::contract(&needs, &explicit).unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!((groups[0].name.as_str(), groups[0].members.len()), ("xz", 3));
}

#[test]
fn two_explicit_groups_in_a_cycle_are_an_error() {
    let needs = needs(&[("a", &["b"]), ("b", &["a2"]), ("a2", &[])]);
    let group = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
    let explicit = BTreeMap::from([
        ("one".to_owned(), group(&["a", "a2"])),
        ("two".to_owned(), group(&["b"])),
    ]);
    let error = groups::contract(&needs, &explicit).unwrap_err().to_string();
    assert!(error.contains("'one'") && error.contains("'two'"), "{error}");
}

/// The committed locks are whole: every need is a group, no cycle is left, names are unique, and
/// they belong to the committed list of wanted packages.
#[test]
fn the_committed_lock_is_whole() {
    let folder = top().join("nix/pkgs/debian");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let wanted = Wanted::parse(&read("wanted.toml")).unwrap();
    let mut groups = BTreeMap::new();
    let mut packages = BTreeSet::new();
    for (name, roots) in [("lock.json", wanted.core_roots()), ("more.json", wanted.roots())] {
        let text = read(name);
        let lock = lock::Lock::parse(&text).unwrap();
        assert_eq!(lock.to_text(), text, "{name} is as the program writes it");
        assert_eq!(lock.index, wanted.index);
        groups.extend(lock.groups.clone());
        for (name, group) in &lock.groups {
            for need in group.needs.iter().chain(&lock.implicit) {
                assert!(groups.contains_key(need), "{name} needs {need}, which is no group");
            }
            for deb in &group.debs {
                assert!(packages.insert(deb.0.clone()), "{} is in two groups", deb.0);
                assert!(deb.2.starts_with("pool/main/") && deb.3.len() == 64 && deb.4 > 0);
            }
        }
        for package in roots {
            let implicit = lock.implicit.contains(&package);
            assert!(implicit || packages.contains(&package), "{package} is wanted, not locked");
        }
        for group in lock.implicit {
            assert!(groups.contains_key(&group));
        }
    }
}
