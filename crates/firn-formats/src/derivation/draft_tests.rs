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

proptest! {
    #[test]
    fn drafts_and_derivations_are_the_same(all in proptest::collection::vec(parts(), 2)) {
        let dir = StoreDir::default();
        let mut buffers = DraftBuffers::default();
        for parts in &all {
            let draft = Draft {
                name: "firn-1",
                outputs: parts.outputs.iter().map(String::as_str).collect(),
                fixed: parts.fixed,
                inputs: parts.inputs.iter().map(|(path, (hash, outputs))| DraftInput {
                    path,
                    hash: *hash,
                    outputs: outputs.iter().map(String::as_str).collect(),
                }).collect(),
                sources: parts.sources.iter().collect(),
                platform: "x86_64-linux",
                builder: &parts.builder,
                args: parts.args.iter().map(Vec::as_slice).collect(),
                env: parts.env.iter().map(|(n, v)| (n.as_slice(), v.as_slice())).collect(),
            };
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
