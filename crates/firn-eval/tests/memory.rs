//! Memory of a machine goes with the machine, and memory that it does not use any more before.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::rc::Rc;

use firn_eval::{Attrs, Machine, R, Settings, Value};
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
#[cfg_attr(miri, ignore = "Miri does not know how much memory the process has")]
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

/// The text, with a hundredth of the work for Miri.
fn scaled(text: &str) -> String {
    if cfg!(miri) { text.replace("000", "0").replace("2999", "29") } else { text.to_owned() }
}

/// One machine, and values of it that are used on and on.
struct Session {
    m: Machine,
    scope: Attrs,
}

impl Session {
    fn new() -> Session {
        let m = Machine::new(Rc::new(host::FileHost), Settings::default(), &[]);
        let scope = m.empty_attrs();
        Session { m, scope }
    }

    fn evaluate(&mut self, text: &str) -> R<Value> {
        let text = scaled(text);
        let prepared = self.m.prepare(text.as_bytes(), "/", self.scope)?;
        self.m.evaluate(prepared)
    }

    /// What a text gives, all of it.
    fn show(&mut self, text: &str) -> String {
        let value = self.evaluate(text).and_then(|v| self.m.force_deep(v));
        let text = value.and_then(|v| self.m.print_ambiguous(v));
        let text = match text {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
            Err(raised) => self.m.take_error(raised).message,
        };
        self.m.collect(&[self.scope.value()]);
        text
    }

    fn bind(&mut self, text: &str) {
        let text = scaled(text);
        let prepared = self.m.prepare_bindings(text.as_bytes(), "/", self.scope).unwrap();
        let set = self.m.evaluate(prepared).unwrap().as_attrs().unwrap();
        self.scope = self.m.update(self.scope, set);
        self.m.collect(&[self.scope.value()]);
    }
}

#[test]
#[cfg_attr(miri, ignore = "ten minutes there; what_is_used_stays says as much")]
fn one_machine_gives_back_what_it_does_not_use() {
    firn_eval::stack::run(|| {
        let mut session = Session::new();
        let mut sizes = Vec::new();
        for _ in 0..50 {
            assert_eq!(session.evaluate(WORK).unwrap().as_int(), Some(30_000 + 29_999 * 15_000));
            sizes.push(session.m.heap_size());
            session.m.collect(&[]);
            sizes.push(session.m.heap_size());
        }
        let (first, last) = (sizes[0], sizes[98]);
        assert!(last < first + first / 2, "{first} bytes at first, {last} at last");
        assert!(sizes[99] < first / 2, "{first} bytes at first, {} left", sizes[99]);
    })
    .unwrap();
}

#[test]
fn what_is_used_stays() {
    firn_eval::stack::run(|| {
        let mut session = Session::new();
        for text in [
            "inherit (builtins) genList map foldl' listToAttrs attrNames length elemAt tail;",
            "n = 3000;",
            "count = f: genList f n;",
            // Lists, tails that share them, lists that grew, and waiting elements.
            "numbers = count (i: i * 2); rest = tail (tail (count (i: [ i (i + 1) ])));",
            "grown = foldl' (a: b: a ++ [ b ]) [ ] (count (i: \"s${toString i}\"));",
            // Sets: flat, in layers, recursive, made by a call whose arguments wait.
            "set = listToAttrs (count (i: { name = \"n${toString i}\"; value = { inherit i; }; }));",
            "rich = let s = listToAttrs (count (i: { name = \"n${toString i}\"; value = i; })); in s // { n1 = s.n2; extra = length s.names or [ ]; };",
            "knot = rec { a = [ b ]; b = { inherit c; }; c = x: x + d; d = 4; };",
            "call = { p, q ? p + 1, ... }@args: { inherit p q args; later = p * q; }; ",
            "called = call { p = 20; z = 1; };",
            "partial = (a: b: c: a + b + c) 1 2; builtin = builtins.substring 1 3; functor = { __functor = self: x: x + self.by; by = 7; };",
            // Strings that share bytes, long ones, and those with a place of their own.
            "long = foldl' (a: b: a + b) \"\" grown;",
            "part = builtins.substring 100 50 long; json = builtins.toJSON numbers;",
            "scoped = with { deep = with set; n7.i; }; deep + n;",
            "path = /a/b + \"/c\"; float = 1.5; int = 9223372036854775807;",
            "failing = throw \"no\"; infinite = let x = x; in x; order = builtins.sort (a: b: a > b) numbers;",
        ] {
            session.bind(text);
        }
        let texts = [
            "foldl' builtins.add 0 numbers + elemAt (elemAt rest 5) 1",
            "length rest + length grown + builtins.stringLength long",
            "map (i: elemAt grown i) [ 0 1000 2999 ] ++ [ part ]",
            "[ set.n17.i rich.n1 rich.n2999 rich.extra (length (attrNames rich)) ]",
            "map knot.c [ 1 2 ] ++ knot.a ++ [ called ]",
            "[ (partial 3) (builtin \"abcdef\") (functor 1) scoped path float int ]",
            "[ (builtins.tryEval failing) (elemAt order 0) (builtins.stringLength json) ]",
            "infinite",
            "builtins.functionArgs call",
        ];
        let first: Vec<String> = texts.iter().map(|text| session.show(text)).collect();
        assert!(cfg!(miri) || first[0].starts_with("8997008"), "{first:?}");
        for _ in 0..if cfg!(miri) { 1 } else { 3 } {
            session.bind("waste = genList (i: [ i { inherit i; } ]) 20000;");
            session.show("waste");
            session.bind("waste = 1;");
            for (text, first) in texts.iter().zip(&first) {
                assert_eq!(session.show(text), *first, "{text}");
            }
        }
    })
    .unwrap();
}
