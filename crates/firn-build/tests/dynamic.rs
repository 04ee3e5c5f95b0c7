//! Derivations that are outputs of derivations, and builds that get in each other's way.
#![allow(clippy::unwrap_used)]

mod common;

use common::World;
use firn_build::FailureKind;
use firn_formats::{
    ContentAddressMethod, DerivationOutput, DerivedPath, Hash, HashAlgo, InputNode, OutputsSpec,
    Placeholder, SingleDerivedPath, StorePath,
};
use firn_store::{BuildMode, Store};
use firn_store_disk::PathLocks;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A derivation whose output is the derivation that is given, as a copy of its file.
fn producer(w: &World, inner: &StorePath) -> StorePath {
    let mut drv = w.drv("inner.drv", &["copy", "${inner}", "${out}"]).env("inner", &w.show(inner));
    let (method, algo) = (ContentAddressMethod::Text, HashAlgo::Sha256);
    drv.drv.outputs = [("out".to_owned(), DerivationOutput::Floating { method, algo })].into();
    let stands_for = firn_formats::hash_placeholder("out").into_bytes();
    drv.drv.env.insert(b"out".to_vec(), stands_for);
    drv.source(inner).add()
}

/// `drv^out^out`.
fn outputs_of(producer: &StorePath) -> DerivedPath {
    let drv = Arc::new(SingleDerivedPath::Opaque(producer.clone()));
    let drv = Arc::new(SingleDerivedPath::Built { drv, output: "out".to_owned() });
    DerivedPath::Built { drv, outputs: OutputsSpec::one("out") }
}

#[test]
fn a_built_derivation_is_built() {
    let w = World::new();
    let inner = w.drv("inner", &["write", "${out}", "made"]).add();
    let wanted = outputs_of(&producer(&w, &inner));
    let built = w.builder().build(std::slice::from_ref(&wanted), BuildMode::Normal).unwrap();
    assert_eq!(w.read(&built[0].outputs["out"], ""), "made");
    assert_eq!(built[0].wanted, wanted);
    // Everything is there now.
    let again = w.builder().build(&[wanted], BuildMode::Normal).unwrap();
    assert_eq!(again, built);
}

#[test]
fn derivations_may_need_what_built_derivations_make() {
    let w = World::new();
    let inner = w.drv("inner", &["write", "${out}", "made"]).add();
    let producer = producer(&w, &inner);
    let stands_for =
        Placeholder::unknown_output(&producer, "out").unwrap().unknown_derivation("out");
    let mut user = w.drv("user", &["copy", "${dep}", "${out}"]).env("dep", &stands_for.render());
    let child = InputNode { outputs: ["out".to_owned()].into(), dynamic: BTreeMap::new() };
    let node = InputNode { outputs: [].into(), dynamic: [("out".to_owned(), child)].into() };
    user.drv.input_drvs.insert(producer, node);
    let out = w.build(&user.add()).unwrap().remove("out").unwrap();
    assert_eq!(w.read(&out, ""), "made");
}

#[test]
fn failures_of_built_derivations_and_of_their_producers_are_told() {
    let w = World::new();
    let inner = w.drv("inner", &["exit", "3"]).add();
    let wanted = outputs_of(&producer(&w, &inner));
    let failures = w.builder().build(&[wanted], BuildMode::Normal).unwrap_err();
    let told: Vec<_> = failures.0.iter().map(|failure| failure.kind).collect();
    assert_eq!(told, [FailureKind::Permanent], "{failures}");
    assert!(failures.to_string().contains("failed with exit code 3"), "{failures}");

    let broken = w.drv("broken.drv", &["exit", "4"]).floating().add();
    let failures = w.builder().build(&[outputs_of(&broken)], BuildMode::Normal).unwrap_err();
    let shown = w.show(&broken);
    let consequence = format!("failed to obtain derivation of '{shown}^out'\nerror: Cannot build");
    assert!(failures.to_string().starts_with(&consequence), "{failures}");

    let plain = w.drv("plain", &["write", "${out}", ""]).floating().add();
    let failures = w.builder().build(&[outputs_of(&plain)], BuildMode::Normal).unwrap_err();
    assert!(failures.to_string().contains("is to be built as a derivation"), "{failures}");
}

/// What a build made by mistake is kept under its own name, unless somebody builds that very path.
#[test]
fn a_wrong_hash_waits_for_nobody() {
    let w = World::new();
    let method = ContentAddressMethod::Flat;
    let other = w.drv("f", &["hang"]).fixed(method, Hash::sha256("data")).add();
    let taken = w.store.derivation_outputs(&other).unwrap()["out"].clone().unwrap();
    let locks = PathLocks::take(&[w.store.real_path(&taken)]).unwrap();
    let wrong = w.drv("f", &["write", "${out}", "data"]).fixed(method, Hash::sha256("else")).add();
    let failures = w.build(&wrong).unwrap_err();
    assert_eq!(failures.0[0].kind, FailureKind::HashMismatch, "{failures}");
    assert!(!w.store.is_valid(&taken).unwrap());
    drop(locks);
    w.build(&wrong).unwrap_err();
    assert!(w.store.is_valid(&taken).unwrap());
}

/// Without `keep-going`, what was given up for a failure elsewhere is not told as a failure.
#[test]
fn what_is_given_up_is_no_failure() {
    let mut w = World::new();
    w.options.max_jobs = Some(1);
    let bad = w.drv("bad", &["exit", "1"]).add();
    let other = w.drv("other", &["write", "${out}", ""]).add();
    let needs_bad = w.drv("needs-bad", &[]).input(&bad, "out").add();
    let needs_other = w.drv("needs-other", &[]).input(&other, "out").add();
    let wanted = [&bad, &needs_bad, &needs_other]
        .map(|drv| DerivedPath::built(drv.clone(), OutputsSpec::All));
    let failures = w.builder().build(&wanted, BuildMode::Normal).unwrap_err();
    let told: Vec<_> = failures.0.iter().map(|failure| &failure.path).collect();
    assert_eq!(told, [&bad], "{failures}");
    let failures = w.build(&needs_bad).unwrap_err();
    assert_eq!(failures.0.len(), 2, "{failures}");
}

/// With `keep-going` a derivation waits for all that it needs, and says how many of them failed; of several
/// wanted things that failed there is a summary.
#[test]
fn all_failures_are_counted() {
    let mut w = World::new();
    w.options.keep_going = true;
    let one = w.drv("one", &["exit", "1"]).add();
    let two = w.drv("two", &["exit", "2"]).add();
    let both = w.drv("both", &[]).input(&one, "out").input(&two, "out").add();
    let failures = w.build(&both).unwrap_err().to_string();
    assert_eq!(failures.matches("Reason: builder failed").count(), 2, "{failures}");
    assert!(failures.contains("Reason: 2 dependencies failed."), "{failures}");
    assert!(!failures.contains("\nerror: build of "), "{failures}");

    let wanted = [&one, &two].map(|drv| DerivedPath::built(drv.clone(), OutputsSpec::one("out")));
    let failures = w.builder().build(&wanted, BuildMode::Normal).unwrap_err().to_string();
    let summary =
        format!("\nerror: build of '{}^out', '{}^out' failed", w.show(&one), w.show(&two));
    assert!(failures.ends_with(&summary), "{failures}");
}
