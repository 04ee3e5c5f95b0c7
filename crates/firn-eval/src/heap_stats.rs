//! What the heap is used for: counted when built with the feature `heap-stats`, free otherwise.

#![cfg_attr(not(feature = "heap-stats"), allow(dead_code))]

use std::fmt::Write as _;

/// What an allocation is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum For {
    Env,
    Thunk,
    Call,
    Closure,
    Function,
    Attrs,
    Layout,
    List,
    Text,
    Code,
}

const NAMES: [&str; 10] = [
    "environments",
    "thunks",
    "calls that wait",
    "closures",
    "partial applications",
    "attribute sets",
    "layouts",
    "lists",
    "strings",
    "code",
];

/// Objects and bytes of each purpose.
#[derive(Default, Clone)]
pub(crate) struct Counts([(u64, u64); NAMES.len()], [[u64; 24]; NAMES.len()]);

impl Counts {
    /// Counts one object.
    pub fn add(&mut self, what: For, bytes: usize) {
        let count = &mut self.0[what as usize];
        count.0 += 1;
        count.1 += bytes as u64;
        self.1[what as usize][(usize::BITS - bytes.leading_zeros()).min(23) as usize] +=
            bytes as u64;
    }

    /// One line for each purpose.
    pub fn report(&self) -> String {
        let mut out = String::new();
        for ((name, (objects, bytes)), sizes) in NAMES.iter().zip(self.0).zip(&self.1) {
            if objects > 0 {
                let _ = write!(
                    out,
                    "{name:>20}: {objects:>9} objects, {:>9} kB; by size",
                    bytes / 1024
                );
                for (power, bytes) in sizes.iter().enumerate().filter(|(_, bytes)| **bytes > 0) {
                    let _ = write!(out, " <{}: {},", 1u64 << power, bytes / 1024);
                }
                out.push('\n');
            }
        }
        out
    }
}
