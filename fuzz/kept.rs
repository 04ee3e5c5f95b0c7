//! Kept inputs, and inputs a few changes away from them, for the tests of the suite that call what
//! `cargo fuzz` calls.
//!
//! A generator with a fixed seed makes every run the same. `FIRN_FUZZ_ROUNDS` and `FIRN_FUZZ_SEED` make longer and
//! other runs; the input being tried is in the file `hostile-NAME` of cargo's folder for tests, should the
//! process end.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// A generator of numbers that depend on the seed alone (xorshift).
pub struct Numbers(u64);

impl Numbers {
    /// A number below this one; 0 for 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Contents of the files below a folder of `spec`, or of one file there.
pub fn inputs(place: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec").join(place);
    let mut found = Vec::new();
    if path.is_dir() {
        files(&path, &mut found)
    } else {
        found.push(path)
    }
    found.sort();
    assert!(!found.is_empty(), "the inputs in {place} are gone");
    found.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn number_of(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Tries these inputs as they are, then `rounds` that `make` makes; a panic of `body` fails.
pub fn survive(
    name: &str,
    inputs: Vec<Vec<u8>>,
    rounds: u64,
    make: impl Fn(&mut Numbers) -> Vec<u8> + Sync,
    body: impl Fn(&[u8]) + Sync,
) {
    let seed = name.bytes().fold(7, |seed: u64, b| seed.wrapping_mul(31).wrapping_add(b.into()));
    let mut numbers = Numbers(number_of("FIRN_FUZZ_SEED", seed) | 1);
    let rounds = number_of("FIRN_FUZZ_ROUNDS", rounds) as usize;
    let current = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{name}"));
    firn_eval::stack::run(|| {
        let made = std::iter::repeat_with(|| make(&mut numbers)).take(rounds);
        for (round, input) in inputs.into_iter().chain(made).enumerate() {
            fs::write(&current, &input).unwrap();
            let tried = catch_unwind(AssertUnwindSafe(|| body(&input)));
            // A text that doubles itself may need more than there is, and that is an answer.
            let answered =
                tried.err().is_none_or(|panic| firn_eval::stack::is_out_of_memory(&*panic));
            assert!(answered, "{name}, input {round} panics: {}", current.display());
        }
    })
    .unwrap();
}
