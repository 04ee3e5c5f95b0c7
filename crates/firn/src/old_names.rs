//! Older names of sub-commands, which the reference still takes, and its sub-commands that are not
//! there.

use std::ffi::OsString;

use crate::exit::Failure;

/// Older names with what they mean now (Nix's `main.cc`: deprecated aliases).
const OLD: &[(&str, &[&str])] = &[
    ("add-to-store", &["store", "add-path"]),
    ("cat-nar", &["nar", "cat"]),
    ("cat-store", &["store", "cat"]),
    ("copy-sigs", &["store", "copy-sigs"]),
    ("dev-shell", &["develop"]),
    ("diff-closures", &["store", "diff-closures"]),
    ("doctor", &["config", "check"]),
    ("dump-path", &["store", "dump-path"]),
    ("hash-file", &["hash", "file"]),
    ("hash-path", &["hash", "path"]),
    ("ls-nar", &["nar", "ls"]),
    ("ls-store", &["store", "ls"]),
    ("make-content-addressable", &["store", "make-content-addressed"]),
    ("optimise-store", &["store", "optimise"]),
    ("ping-store", &["store", "info"]),
    ("realisation", &["store", "build-trace"]),
    ("show-config", &["config", "show"]),
    ("show-derivation", &["derivation", "show"]),
    ("sign-paths", &["store", "sign"]),
    ("to-base16", &["hash", "to-base16"]),
    ("to-base32", &["hash", "to-base32"]),
    ("to-base64", &["hash", "to-base64"]),
    ("verify", &["store", "verify"]),
];

/// What the reference has and firn has not, with what helps instead.
const MISSING: &[(&[&str], &str)] = &[
    (&["copy"], "'firn store add', 'nix-store --export' and '--import' move paths between stores"),
    (&["daemon"], "every user has a store of their own: '--store ~/.local/share/nix/root'"),
    (&["profile"], "'firn shell' starts a shell with packages"),
    (
        &["store", "build-trace"],
        "what content-addressed derivations became is in the store's database",
    ),
    (&["store", "copy-log"], "'firn log' prints the logs of this store"),
    (&["store", "copy-sigs"], "'firn store sign' signs paths"),
    (&["store", "roots-daemon"], "roots are looked for when garbage is collected"),
    (&["upgrade-nix"], "firn is one file: put a newer one in its place"),
];

/// Words that people try first, with what they mean.
const TRIED: &[(&[&str], &str)] = &[
    (&["archive"], "'firn flake archive' puts a flake and its inputs into the store"),
    (&["check"], "'firn flake check' evaluates a flake and builds its checks"),
    (&["clone"], "'firn flake clone' makes a working copy of a flake"),
    (&["gc"], "'firn store gc' removes what nothing refers to"),
    (&["info"], "'firn flake metadata' tells about a flake, 'firn config show' about settings"),
    (&["init"], "'firn flake init' starts a flake here, 'firn flake new' in a folder of its own"),
    (
        &["install"],
        "'firn shell' and 'firn run' take programs without installing them; a machine has what its 'environment.systemPackages' lists",
    ),
    (&["list"], "'firn flake show' lists what a flake provides"),
    (&["lock"], "'firn flake lock' writes the lock file"),
    (&["metadata"], "'firn flake metadata' tells about a flake"),
    (&["new"], "'firn flake new' starts a flake in a folder of its own"),
    (&["prefetch"], "'firn flake prefetch' and 'firn store prefetch-file' fetch and tell the hash"),
    (&["remove"], "nothing is installed: 'firn store gc' removes what nothing refers to"),
    (&["show"], "'firn flake show' lists what a flake provides"),
    (&["uninstall"], "nothing is installed: 'firn store gc' removes what nothing refers to"),
    (&["update"], "'firn flake update' locks all inputs anew"),
];

/// Replaces an older name by the words that it means, and says so.
pub fn expand(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let Some(first) = arguments.get(1).and_then(|first| first.to_str()) else { return arguments };
    let Some((old, new)) = OLD.iter().find(|(old, _)| *old == first) else { return arguments };
    eprintln!("warning: '{old}' is a deprecated alias for '{}'", new.join(" "));
    arguments.splice(1..2, new.iter().map(OsString::from));
    arguments
}

/// What to say of a sub-command that is not there.
pub fn missing(arguments: &[OsString]) -> Option<Failure> {
    let words = arguments.get(1..)?;
    let begins =
        |name: &[&str]| name.len() <= words.len() && name.iter().zip(words).all(|(a, b)| b == a);
    let found = |table: &'static [(&[&str], &str)]| table.iter().find(|(name, _)| begins(name));
    if let Some((name, help)) = found(TRIED) {
        return Some(Failure::new(format!("error: firn has no '{}'\nhelp: {help}", name[0])));
    }
    let (name, help) = found(MISSING)?;
    Some(Failure::new(format!("error: firn has no '{}' yet\nhelp: {help}", name.join(" "))))
}
