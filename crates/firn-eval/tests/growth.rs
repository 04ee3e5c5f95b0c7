//! The host hears of the memory that an evaluation takes. (Apart from the tests that look at the memory of
//! their process.)

#![allow(clippy::unwrap_used)]

use std::rc::Rc;
use std::sync::atomic::Ordering;

use firn_eval::{Machine, Settings};
use firn_source::Origin;

#[path = "support/host.rs"]
mod host;

/// Uses some 100 MB.
const WORK: &str = r#"
    let items = builtins.genList (i: { name = "n${toString i}"; value = x: x + i; }) 700000;
    in builtins.foldl' (sum: item: sum + item.value 1) 0 items
"#;

#[test]
#[cfg_attr(miri, ignore = "it would take an hour")]
fn the_host_hears_of_memory() {
    firn_eval::stack::run(|| {
        let mut m = Machine::new(Rc::new(host::FileHost), Settings::default(), &[]);
        m.eval_text(Origin::String, WORK.as_bytes(), "/").unwrap();
        let heard = host::GREW.load(Ordering::Relaxed);
        assert!((2..10).contains(&heard), "{} bytes, heard of {heard} times", m.heap_size());
    })
    .unwrap();
}
