//! Automation in Rust: measurements, conformance, builds by a profile, and tests again and again.

mod bench;
mod differ;
mod dist;
mod miri;
mod soak;

use std::process::ExitCode;

const USAGE: &str =
    "usage: xtask bench parse DIR             parse all .nix files below DIR, report MB/s
       xtask bench machines FIRN STORE [container | vm | 'saved boot']
                                         run the http example with a warm store, beside bare boots
       xtask bench nothing FIRN          run it once from an empty store
       xtask bench side FIRN STORE       ten tests side by side, beside the processor time of each
       xtask bench build                 a release build from an empty target folder
       xtask bench modules FIRN LIB      the module system over nix/lib, beside nixpkgs' LIB
       xtask soak FIRN STORE [NAME...]   the examples' tests again and again, beside a busy process
       xtask dist [FILE...]              the program, built twice: by a profile of the examples, and of FILEs
       xtask miri [PACKAGE]              the tests of unsafe code, interpreted; needs a nightly compiler with miri
       xtask conformance OWN REFERENCE SEED ROUNDS
                                         random expressions in both (folders with a nix-instantiate)";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.as_slice() {
        ["bench", "machines", firn, store] => {
            bench::machines::run(firn.as_ref(), store.as_ref(), None)
        }
        ["bench", "machines", firn, store, kind] => {
            bench::machines::run(firn.as_ref(), store.as_ref(), Some(kind))
        }
        ["bench", "nothing", firn] => bench::machines::nothing(firn.as_ref()),
        ["bench", "side", firn, store] => bench::side::run(firn.as_ref(), store.as_ref()),
        ["bench", "build"] => bench::build::run(),
        ["bench", "modules", firn, lib] => bench::modules::run(firn.as_ref(), lib.as_ref()),
        ["conformance", own, reference, seed, rounds] => {
            let number =
                |text: &str| text.parse::<u64>().map_err(|error| format!("{text}: {error}"));
            number(seed).and_then(|seed| {
                differ::run(own.as_ref(), reference.as_ref(), seed, number(rounds)? as usize)
            })
        }
        ["dist", files @ ..] => dist::run(files),
        ["miri"] => miri::run(None),
        ["miri", package] => miri::run(Some(package)),
        ["bench", "parse", folder] => bench::parse::run(folder.as_ref()),
        ["soak", firn, store, wanted @ ..] => soak::run(firn.as_ref(), store.as_ref(), wanted),
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
