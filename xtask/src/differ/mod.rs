//! Random expressions evaluated by this program and by the reference, side by side.
//!
//! What differs is made smaller and printed; once mended it becomes a case in `spec/lang`.

mod grammar;

use std::path::Path;
use std::process::{Command, Stdio};

use grammar::{Kind, Numbers, Tree};

/// Experimental features that both get.
const FEATURES: &str = "experimental-features = pipe-operators parse-toml-timestamps";

/// What an evaluator said: its value, or that it failed.
#[derive(PartialEq, Clone)]
enum Answer {
    Value(Vec<u8>),
    Failed,
    /// It did not end by itself: a signal.
    Crashed,
}

/// Compares `rounds` expressions that follow from a seed. `own` and `reference` are folders with a
/// `nix-instantiate`.
pub fn run(own: &Path, reference: &Path, seed: u64, rounds: usize) -> Result<(), String> {
    let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut differing = 0;
    for _ in 0..rounds {
        let tree = match numbers.below(4) {
            0 => grammar::regular(&mut numbers),
            _ => grammar::expression(&mut numbers, Kind::Any, 4),
        };
        if differs(own, reference, &tree)? {
            differing += 1;
            report(own, reference, &shrink(own, reference, tree)?)?;
        }
    }
    println!("{rounds} expressions, {differing} differ");
    if differing == 0 { Ok(()) } else { Err("the evaluators differ".into()) }
}

fn differs(own: &Path, reference: &Path, tree: &Tree) -> Result<bool, String> {
    let text = tree.text();
    Ok(evaluate(own, &text)?.0 != evaluate(reference, &text)?.0)
}

fn shrink(own: &Path, reference: &Path, mut tree: Tree) -> Result<Tree, String> {
    'again: loop {
        let mut candidates = grammar::smaller(&tree);
        candidates.sort_by_key(|candidate| candidate.text().len());
        for candidate in candidates {
            if candidate.text().len() < tree.text().len() && differs(own, reference, &candidate)? {
                tree = candidate;
                continue 'again;
            }
        }
        return Ok(tree);
    }
}

fn report(own: &Path, reference: &Path, tree: &Tree) -> Result<(), String> {
    let text = tree.text();
    println!("{text}");
    for (name, folder) in [("reference", reference), ("own", own)] {
        let (answer, said) = evaluate(folder, &text)?;
        let shown = match answer {
            Answer::Value(value) => String::from_utf8_lossy(&value).trim_end().to_owned(),
            Answer::Failed => said.lines().last().unwrap_or_default().trim().to_owned(),
            Answer::Crashed => "ended by a signal".to_owned(),
        };
        println!("    {name}: {shown}");
    }
    Ok(())
}

/// The answer to an expression, and what was said beside it.
fn evaluate(folder: &Path, text: &str) -> Result<(Answer, String), String> {
    let output = Command::new(folder.join("nix-instantiate"))
        .args(["--eval", "--strict", "--expr", text])
        .env("NIX_REMOTE", "dummy://")
        .env("NIX_PATH", "")
        .env("NIX_CONFIG", FEATURES)
        .stdin(Stdio::null())
        .current_dir("/")
        .output()
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let answer = match output.status.code() {
        Some(0) => Answer::Value(output.stdout),
        Some(_) => Answer::Failed,
        None => Answer::Crashed,
    };
    Ok((answer, String::from_utf8_lossy(&output.stderr).into_owned()))
}
