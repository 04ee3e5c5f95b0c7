//! A draft gives what the derivation of the same parts gives.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::derivation::{Derivation, HashModulo, InputNode};
use crate::{ContentAddressMethod, StorePathSet};

#[derive(Debug, Clone)]
struct Parts {
    outputs: BTreeSet<String>,
    fixed: Option<ContentAddress>,
    inputs: BTreeMap<StorePath, (InputHash, BTreeSet<String>)>,
    sources: StorePathSet,
    builder: Vec<u8>,
    args: Vec<Vec<u8>>,
    env: BTreeMap<Vec<u8>, Vec<u8>>,
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<Vec<u8>>(),
        Just(b"\"quoted\\ \t\r\n".to_vec()),
        Just(b"plain text that is longer than a block of the search is".to_vec()),
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn outputs() -> impl Strategy<Value = BTreeSet<String>> {
    let name = prop_oneof![Just("out"), Just("dev"), Just("lib"), Just("zoo"), Just("A")];
    proptest::collection::btree_set(name.prop_map(str::to_owned), 1..4)
}

fn path(suffix: &'static str) -> impl Strategy<Value = StorePath> {
    (any::<u8>(), 0..3u8).prop_map(move |(seed, name)| {
        let hash = Hash::sha256([seed]).compress(20);
        StorePath::from_parts(&hash, &format!("n{name}{suffix}")).unwrap()
    })
}

fn input() -> impl Strategy<Value = (InputHash, BTreeSet<String>)> {
    // Few hashes, so that some inputs have the same.
    (0..4u8, outputs()).prop_map(|(seed, outputs)| {
        let hash = Hash::sha256([seed]);
        match seed {
            0 => (InputHash::new(&hash, true), BTreeSet::from(["out".to_owned()])),
            _ => (InputHash::new(&hash, false), outputs),
        }
    })
}

fn parts() -> impl Strategy<Value = Parts> {
    let variable = prop_oneof![Just(b"out".to_vec()), Just(b"dev".to_vec()), text()];
    let fixed = proptest::option::weighted(
        0.3,
        any::<bool>().prop_map(|nar| ContentAddress {
            method: if nar { ContentAddressMethod::Nar } else { ContentAddressMethod::Flat },
            hash: Hash::sha256([u8::from(nar)]),
        }),
    );
    (
        outputs(),
        fixed,
        proptest::collection::btree_map(path(".drv"), input(), 0..6),
        proptest::collection::btree_set(prop_oneof![path(""), path(".drv")], 0..5),
        text(),
        proptest::collection::vec(text(), 0..3),
        proptest::collection::btree_map(variable, text(), 0..6),
    )
        .prop_map(|(outputs, fixed, inputs, sources, builder, args, env)| Parts {
            outputs: if fixed.is_some() { BTreeSet::from(["out".to_owned()]) } else { outputs },
            fixed,
            inputs,
            sources,
            builder,
            args,
            env,
        })
}

/// The same by the general way.
fn general(parts: &Parts, dir: &StoreDir) -> (Derivation, HashModulo) {
    let mut drv = Derivation {
        name: "firn-1".to_owned(),
        platform: "x86_64-linux".to_owned(),
        builder: parts.builder.clone(),
        args: parts.args.clone(),
        env: parts.env.clone(),
        input_srcs: parts.sources.clone(),
        ..Derivation::default()
    };
    for (path, (_, outputs)) in &parts.inputs {
        let node = InputNode { outputs: outputs.clone(), ..InputNode::default() };
        drv.input_drvs.insert(path.clone(), node);
    }
    for name in &parts.outputs {
        let output = parts.fixed.map_or(DerivationOutput::Deferred, DerivationOutput::Fixed);
        drv.outputs.insert(name.clone(), output);
        drv.env.insert(name.clone().into_bytes(), Vec::new());
    }
    let mut lookup = |path: &StorePath| {
        let hash = parts.inputs[path].0;
        Ok::<_, crate::FormatError>(match hash {
            InputHash::Drv(_) => HashModulo::Drv(hash.hash()),
            InputHash::Fixed(_) => {
                HashModulo::Fixed(BTreeMap::from([("out".to_owned(), hash.hash())]))
            }
        })
    };
    drv.fill_outputs(dir, &mut lookup).unwrap();
    let modulo = drv.hash_modulo(dir, &mut lookup).unwrap();
    (drv, modulo)
}

fn draft(parts: &Parts) -> Draft<'_> {
    Draft {
        name: "firn-1",
        outputs: parts.outputs.iter().map(String::as_str).collect(),
        fixed: parts.fixed,
        inputs: parts
            .inputs
            .iter()
            .map(|(path, (hash, outputs))| DraftInput {
                path,
                hash: *hash,
                outputs: outputs.iter().map(String::as_str).collect(),
            })
            .collect(),
        sources: parts.sources.iter().collect(),
        platform: "x86_64-linux",
        builder: &parts.builder,
        args: parts.args.iter().map(Vec::as_slice).collect(),
        env: parts.env.iter().map(|(n, v)| (n.as_slice(), v.as_slice())).collect(),
    }
}

proptest! {
    /// What is recalled is what was recorded.
    #[test]
    fn records_come_back(parts in parts()) {
        let (dir, mut buffers) = (StoreDir::default(), DraftBuffers::default());
        let draft = draft(&parts);
        let finished = draft.finish(&dir, &mut buffers, false).unwrap();
        let record = finished.record().unwrap();
        let recalled = draft.recall(&record).unwrap();
        prop_assert_eq!(recalled.path, finished.path);
        prop_assert_eq!(recalled.hash, finished.hash);
        prop_assert_eq!(recalled.outputs, finished.outputs);
        // One output more has no path in the record.
        let more = Draft { outputs: ["a", "b", "c", "d"].to_vec(), fixed: None, ..draft };
        prop_assert!(more.recall(&record).is_none());
    }

    /// Two drafts have one key if, and only if, they have one text.
    #[test]
    fn keys_stand_for_texts(mut all in proptest::collection::vec(parts(), 2), part in 0..6) {
        let (dir, mut buffers) = (StoreDir::default(), DraftBuffers::default());
        // One differs from the other in one part at most.
        let [a, b] = all.as_mut_slice() else { unreachable!() };
        let other = std::mem::replace(b, a.clone());
        match part {
            0 => b.inputs = other.inputs,
            1 => b.sources = other.sources,
            2 => b.builder = other.builder,
            3 => b.args = other.args,
            4 => b.env = other.env,
            _ => (b.outputs, b.fixed) = (other.outputs, other.fixed),
        }
        let mut both = |parts: &Parts| {
            let mut draft = draft(parts);
            for input in &mut draft.inputs {
                // As in a store, a path has one hash.
                input.hash = InputHash::new(&Hash::sha256(input.path.as_str()), false);
            }
            (draft.key(&dir, &mut buffers), draft.finish(&dir, &mut buffers, true).unwrap().text)
        };
        let (a, b) = (both(a), both(b));
        prop_assert_eq!(a.0 == b.0, a.1 == b.1);
    }

    #[test]
    fn drafts_and_derivations_are_the_same(all in proptest::collection::vec(parts(), 2)) {
        let dir = StoreDir::default();
        let mut buffers = DraftBuffers::default();
        for parts in &all {
            let draft = draft(parts);
            let finished = draft.finish(&dir, &mut buffers, true).unwrap();
            let (drv, modulo) = general(parts, &dir);
            let (path, text) = drv.to_store(&dir).unwrap();
            let made = finished.text.unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&made), String::from_utf8_lossy(&text));
            prop_assert_eq!(finished.path, path);
            let expected: Vec<_> = drv.output_paths(&dir).unwrap().into_values().flatten().collect();
            prop_assert_eq!(finished.outputs, expected);
            let hash = match modulo {
                HashModulo::Drv(hash) => hash,
                HashModulo::Fixed(hashes) => hashes["out"],
                HashModulo::Deferred => unreachable!(),
            };
            prop_assert_eq!(finished.hash.hash(), hash);
        }
    }
}
