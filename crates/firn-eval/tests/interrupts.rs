//! What takes long inside one builtin looks for interrupts.

#![allow(clippy::unwrap_used)]

use std::rc::Rc;
use std::sync::atomic::Ordering;

use firn_eval::{ErrorKind, Machine, Settings};
use firn_source::Origin;

#[path = "support/host.rs"]
mod host;

/// The error of a text that is evaluated when the user has already asked to stop.
fn stopped(text: &str) -> Option<ErrorKind> {
    firn_eval::stack::run(|| {
        host::STOP.store(true, Ordering::Relaxed);
        let mut m = Machine::new(Rc::new(host::FileHost), Settings::default(), &[]);
        let result = m.eval_text(Origin::String, text.as_bytes(), "/");
        result.err().map(|raised| m.take_error(raised).kind)
    })
    .unwrap()
}

#[test]
#[cfg_attr(miri, ignore = "it would take an hour")]
fn reading_toml_stops() {
    let lines: String = (0..100_000).map(|i| format!("key{i} = [ {i} ]\n")).collect();
    let text = format!("(builtins.fromTOML ''\n{lines}'').key7");
    assert_eq!(stopped(&text), Some(ErrorKind::Interrupted));
    assert_eq!(stopped("(builtins.fromTOML ''key = 1'').key"), None);
}
