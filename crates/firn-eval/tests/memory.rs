//! Memory of a machine goes with the machine.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::rc::Rc;

use firn_eval::{Machine, Settings};
use firn_source::Origin;

#[path = "support/host.rs"]
mod host;

/// Resident memory of this process in kilobytes.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Uses some 9 MB: sets, thunks, closures and strings that stay reachable until the end.
const WORK: &str = r#"
    let
      items = builtins.genList (i: { name = "n${toString i}"; value = x: x + i; }) 30000;
      set = builtins.listToAttrs items;
    in builtins.foldl' (a: b: a + set.${b.name} 1) 0 items
"#;

fn evaluate() {
    let mut m = Machine::new(Rc::new(host::FileHost), Settings::default(), &[]);
    let value = m.eval_text(Origin::String, WORK.as_bytes(), "/").unwrap();
    assert_eq!(value.as_int(), Some(30_000 + 29_999 * 15_000));
}

#[test]
fn repeated_evaluation_does_not_grow() {
    firn_eval::stack::run(|| {
        evaluate();
        evaluate();
        let before = resident();
        for _ in 0..10 {
            evaluate();
        }
        let after = resident();
        // Ten that stayed would be several times this.
        assert!(after < before + 16_000, "{before} kB before, {after} kB after");
    })
    .unwrap();
}
