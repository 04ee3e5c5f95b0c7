//! Calls that are answered by what calls before gave: when that is done, and when it must not be.

#![allow(clippy::unwrap_used)]

use std::rc::Rc;

use firn_eval::{Machine, Settings};
use firn_source::Origin;

#[path = "support/host.rs"]
mod host;

/// What a text gives, and how many calls were answered without making them.
fn evaluate(text: &str) -> (String, u64) {
    firn_eval::stack::run(|| {
        let mut m = Machine::new(Rc::new(host::FileHost), Settings::default(), &[]);
        let value = m.eval_text(Origin::String, text.as_bytes(), "/");
        let value = value.and_then(|v| m.force_deep(v));
        let text = match value.and_then(|v| m.print_ambiguous(v)) {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
            Err(raised) => m.take_error(raised).message,
        };
        (text, m.recalled())
    })
    .unwrap()
}

/// Sums what `apply f (name i) (name j)` gives for 4,000 `i`; names come again and again.
fn summed(functions: &str) -> String {
    format!(
        "let inherit (builtins) genList elemAt foldl' trace getEnv stringLength tryEval;
           names = [ \"a\" \"bb\" \"ccc\" ];
           name = i: elemAt names (i - i / 3 * 3);
           # Arguments that wait are not looked at.
           apply = f: x: y: if x == y then 0 else f x y;
           {functions}
         in foldl' (sum: n: sum + n) 0 (genList (i: apply (function i) (name i) (name (i + 1))) 4000)"
    )
}

#[test]
fn calls_that_come_again_are_remembered() {
    let (sum, recalled) = evaluate(&summed(
        "strings = x: y: stringLength x * 10 + stringLength y; function = i: strings;",
    ));
    // 12, 23 and 31, in turns.
    assert_eq!(sum, (1333 * (12 + 23 + 31) + 12).to_string());
    assert!(recalled > 2500, "{recalled} calls were answered");
}

#[test]
fn a_function_made_again_is_the_same() {
    let functions = "has = by: x: y: stringLength (x + y) + by; function = i: has 7;";
    let (sum, recalled) = evaluate(&summed(functions));
    assert_eq!(sum, (1333 * (10 + 12 + 11) + 10).to_string());
    assert!(recalled > 2500, "{recalled} calls were answered");
}

#[test]
fn functions_that_differ_are_told_apart() {
    // By what they got before, by their environments, and by functions that they got.
    for functions in [
        "has = by: x: y: by; function = has;",
        "function = i: let g = x: y: if x == \"\" then 0 else i; in g;",
        "has = f: x: y: f x; pick = i: x: i; function = i: has (pick i);",
        "has = f: x: y: f x; function = i: has (x: i);",
    ] {
        let (sum, _) = evaluate(&summed(functions));
        assert_eq!(sum, (4000 * 3999 / 2).to_string(), "{functions}");
    }
}

#[test]
fn what_asks_outside_is_done_each_time() {
    for functions in [
        "function = i: x: y: trace x 1;",
        "function = i: x: y: stringLength (getEnv \"NOBODY_SETS_THIS\") + 1;",
    ] {
        assert_eq!(evaluate(&summed(functions)), ("4000".to_owned(), 0), "{functions}");
    }
}

#[test]
fn errors_are_raised_each_time() {
    let functions =
        "function = i: x: y: if (tryEval (apply (x: y: throw x) x y)).success then 0 else 1;";
    assert_eq!(evaluate(&summed(functions)).0, "4000");
}

#[test]
fn what_has_an_identity_is_made_each_time() {
    // Two functions are equal only if they are one.
    let text =
        "let inherit (builtins) genList elemAt all; make = x: { f = y: y; }; call = f: x: f x;
        made = genList (i: call make \"x\") 3000;
      in all (i: elemAt made i != elemAt made (i + 1)) (genList (i: i) 2999)";
    assert_eq!(evaluate(text), ("true".to_owned(), 0));
}

#[test]
fn a_collection_forgets() {
    firn_eval::stack::run(|| {
        let mut m = Machine::new(Rc::new(host::FileHost), Settings::default(), &[]);
        let text = b"f: by: let add = by: x: y: by + x + y; in builtins.foldl' (sum: i: sum + f add by i 1) 0 (builtins.genList (i: i - i / 7 * 7) 3000)";
        let sums = m.eval_text(Origin::String, text, "/").unwrap();
        let apply = m.eval_text(Origin::String, b"g: by: x: y: (h: if x < 0 || y < 0 then 0 else h x y) (g by)", "/").unwrap();
        let of = |by: i64| 3000 * (by + 1) + (0..3000).map(|i| i % 7).sum::<i64>();
        for by in 0..5 {
            let argument = m.int(by);
            let sum = m.call(sums, &[apply, argument], firn_eval::Pos::NONE).unwrap();
            assert_eq!(sum.as_int(), Some(of(by)));
            m.collect(&[sums, apply]);
        }
        assert!(m.recalled() > 0);
    })
    .unwrap();
}

#[test]
fn a_place_may_be_given_up_while_its_function_is_found() {
    let within =
        "let self = x: self; function = n: (if n == 0 then self else function (n - 1)) [ n ];
                  in builtins.isFunction (function 3000)";
    assert_eq!(evaluate(within), ("true".to_owned(), 0));
}
