//! `nix-build` and `nix-instantiate` over a store of their own.

use std::fs;

use crate::user::User;

const FILE: &str = r#"
{ pkgs ? null, word ? "hi" }:
let
  system = "x86_64-linux";
  d = name: derivation { inherit name system; builder = "/bin/sh"; args = [ "-c" "echo ${word} > $out" ]; };
  env = name: derivation {
    inherit name;
    system = "builtin"; builder = "builtin:buildenv"; derivations = [ ]; pkgs = "[]";
    manifest = builtins.toFile "m" "";
  };
in
{
  b = d "bee";
  a = d "ay";
  deep = { x = d "ex"; recurseForDerivations = true; };
  hidden.y = d "why";
  two = derivation { name = "two"; outputs = [ "out" "dev" ]; inherit system; builder = "/bin/sh"; };
  one = env "one";
  other = env "other";
  fails = derivation { name = "fails"; inherit system; builder = "/no/such/builder"; };
}
"#;

fn user() -> User {
    let user = User::new();
    user.write("default.nix", FILE);
    user
}

#[test]
fn derivations_in_sets_are_found_in_order() {
    let user = user();
    let printed = user.run(&["nix-instantiate"]);
    let names: Vec<_> = printed.lines().map(|line| &line[44..]).collect();
    assert_eq!(
        names,
        ["ay.drv", "bee.drv", "ex.drv", "fails.drv", "one.drv", "other.drv", "two.drv"]
    );
    assert!(
        printed.starts_with("/nix/store/2hdcgp27kc5jpsbjnh3lx1s3rapadsyr-ay.drv\n"),
        "{printed}"
    );
    let other = user.run(&["nix-instantiate", "-A", "a", "--argstr", "word", "ho"]);
    assert!(!printed.contains(other.trim()), "{other}");
    let list = user.run(&["nix-instantiate", "-E", "with import ./. { }; [ b a ]"]);
    assert_eq!(list.lines().map(|line| &line[44..]).collect::<Vec<_>>(), ["bee.drv", "ay.drv"]);
}

#[test]
fn a_file_may_call_a_function_that_gives_the_function() {
    let user = user();
    user.write("make.nix", "test: { word ? \"hi\", ... }@args: import ./. { inherit word; }");
    user.write("test.nix", "import ./make.nix ({ ... }: { })");
    let printed = user.run(&["nix-instantiate", "test.nix", "-A", "a"]);
    assert_eq!(printed, "/nix/store/2hdcgp27kc5jpsbjnh3lx1s3rapadsyr-ay.drv\n");
    let whole = user.run(&["nix-instantiate", "test.nix"]);
    assert_eq!(whole, user.run(&["nix-instantiate"]));
}

#[test]
fn roots_lead_to_derivations() {
    let user = user();
    let printed = user.run(&["nix-instantiate", "-A", "two.dev", "-A", "a", "--add-root", "drv"]);
    let work = user.work().display().to_string();
    assert_eq!(printed, format!("{work}/drv!dev\n{work}/drv-2\n"));
    let target = fs::read_link(user.work().join("drv-2")).unwrap();
    assert_eq!(target.to_str().unwrap(), "/nix/store/2hdcgp27kc5jpsbjnh3lx1s3rapadsyr-ay.drv");
}

#[test]
fn results_are_built_printed_and_linked() {
    let user = user();
    let printed = user.run(&["nix-build", "-A", "one", "-A", "other"]);
    let paths: Vec<_> = printed.lines().collect();
    assert_eq!(paths.len(), 2);
    for (link, path) in ["result", "result-2"].iter().zip(&paths) {
        assert_eq!(fs::read_link(user.work().join(link)).unwrap().to_str().unwrap(), *path);
    }
    assert_eq!(
        user.run(&["nix-build", "default.nix", "-A", "one", "-o", "mine"]),
        format!("{}\n", paths[0])
    );
    assert!(user.work().join("mine").is_symlink());
    let drv = user.run(&["nix-instantiate", "-A", "other"]);
    assert_eq!(user.run(&["nix-build", "--no-out-link", drv.trim()]), format!("{}\n", paths[1]));
    let dry = user.call(&["nix-build", "--dry-run", "-A", "one", "-A", "a"]);
    assert!(dry.stdout.is_empty());
    let text = String::from_utf8(dry.stderr).unwrap();
    assert!(text.contains("this derivation will be built:\n  /nix/store/2hdcg"), "{text}");
}

#[test]
fn mistakes_and_failures_have_their_statuses() {
    let user = user();
    for (words, status, part) in [
        (&["nix-build", "-A", "fails", "--no-out-link"][..], 100, "Cannot build"),
        (&["nix-build", "-E", "1"], 1, "does not evaluate to a derivation"),
        (&["nix-build", "-E", "{ x }: x"], 1, "--argstr"),
        (&["nix-build", "-A", "nothing"], 1, "attribute 'nothing'"),
        (&["nix-build", "--frob"], 1, "unrecognised flag '--frob'"),
        (&["nix-build", "-A"], 1, "requires more arguments"),
        (&["nix-build", "none.nix"], 1, "none.nix' does not exist"),
        (&["nix-instantiate", "--option", "a"], 1, "requires more arguments"),
    ] {
        let (code, text) = user.fails(words);
        assert_eq!(code, status, "{words:?}: {text}");
        assert!(text.contains(part), "{words:?}: {text}");
    }
}

#[test]
fn logs_are_kept() {
    let user = user();
    let drv = user.run(&["nix-instantiate", "-A", "fails"]);
    user.fails(&["nix-build", "-A", "fails", "--no-out-link"]);
    let log = user.run(&["firn", "log", drv.trim()]);
    assert!(log.contains("/no/such/builder"), "{log}");
    let drv = user.run(&["nix-instantiate", "-A", "a"]);
    let (_, text) = user.fails(&["firn", "log", drv.trim()]);
    assert!(text.contains("is not available"), "{text}");
}

/// A path as it lies on disk, below the user's own store.
fn on_disk(user: &User, path: &str) -> std::path::PathBuf {
    user.home().join("root").join(path.trim().trim_start_matches('/'))
}

#[test]
fn damaged_paths_are_built_again() {
    use std::os::unix::fs::PermissionsExt;
    let user = user();
    for mend in [
        "firn store repair",
        "nix-store --repair-path",
        "nix-store --verify --check-contents --repair",
    ] {
        let path = user.run(&["nix-build", "-A", "one", "--no-out-link"]);
        let folder = on_disk(&user, &path);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.join("damage"), "").unwrap();
        let check = ["nix-store", "--verify-path", path.trim()];
        assert!(!user.call(&check).status.success());
        let mut words: Vec<&str> = mend.split(' ').collect();
        if !mend.ends_with("--repair") {
            words.push(path.trim());
        }
        user.run(&words);
        user.run(&check);
    }
}

#[test]
fn profiles_get_generations() {
    let user = user();
    let build = |attr: &str| {
        user.run(&["firn", "build", "-f", "default.nix", attr, "--no-link", "--profile", "mine"]);
        fs::read_link(user.work().join("mine")).unwrap().display().to_string()
    };
    assert_eq!(build("one"), "mine-1-link");
    assert_eq!(build("one"), "mine-1-link");
    assert_eq!(build("other"), "mine-2-link");
    let words =
        ["firn", "build", "-f", "default.nix", "one", "other", "--no-link", "--profile", "mine"];
    let output = user.call(&words);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("produce a single store path, but there are 2"), "{text}");
}

#[test]
fn derivations_that_are_built_are_known_by_their_chain() {
    let user = user();
    user.write(
        "dynamic.nix",
        r#"
        let
          inner = (import ./. { }).one;
          text = { __contentAddressed = true; outputHashMode = "text"; outputHashAlgo = "sha256"; };
        in
        {
          producer = derivation ({
            name = "inner.drv";
            system = "x86_64-linux";
            builder = "/no/such/builder";
            drv = builtins.unsafeDiscardOutputDependency inner.drvPath;
          } // text);
        }
        "#,
    );
    let features = ["--extra-experimental-features", "ca-derivations dynamic-derivations"];
    let words = [&["nix-instantiate", "dynamic.nix", "-A", "producer"][..], &features].concat();
    let drv = user.run(&words);
    let wanted = format!("{}^out^out", drv.trim());
    let (_, text) = user.fails(&[&["firn", "build", "--no-link", &wanted][..], &features].concat());
    let told = format!("error: failed to obtain derivation of '{}^out'", drv.trim());
    assert!(text.contains(&format!("{told}\nerror: Cannot build")), "{text}");
    let (_, text) = user.fails(&[&["firn", "path-info", &wanted][..], &features].concat());
    assert!(text.contains("is not known before it is built"), "{text}");
}

/// The older programs show what builds print, unless that is not wanted.
#[test]
fn older_programs_show_what_builds_print() {
    let user = user();
    let shown = |words: &[&str]| {
        let output = user.call(words);
        String::from_utf8(output.stderr).unwrap()
    };
    let line = "error: executing '/no/such/builder'";
    let text = shown(&["nix-build", "-A", "fails", "--no-out-link"]);
    assert!(text.contains(line) && !text.contains("log lines"), "{text}");
    let text = shown(&["nix-build", "-A", "fails", "--no-out-link", "-Q"]);
    assert!(text.contains("Last 1 log lines:\n> error: executing"), "{text}");
    let text = shown(&["firn", "build", "-f", "default.nix", "fails", "--no-link"]);
    assert!(text.contains("Last 1 log lines:\n> error: executing"), "{text}");
}
