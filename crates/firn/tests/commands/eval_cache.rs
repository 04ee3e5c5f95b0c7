//! The evaluation cache: what was answered once about a locked flake is answered without evaluating, and
//! nobody sees anything else of that.

use std::fs;

use crate::user::User;

const FLAKE: &str = r#"{
  outputs = { self }: {
    text = "some ${toString 1}\n\t\"text\"";
    set = { a = [ 1 null true ]; drv = self.packages.x86_64-linux.default; };
    fails = { x = throw "this fails"; };
    deep = let f = x: if x == 0 then "end" else f (x - 1) + ""; in f 200;
    packages.x86_64-linux.default = derivation {
      name = "thing";
      system = "x86_64-linux";
      builder = "/bin/sh";
      outputs = [ "out" "dev" ];
    } // { meta.description = "A thing"; };
    apps.x86_64-linux.default = { type = "app"; program = "/bin/true"; };
  };
}
"#;

fn user() -> User {
    let user = User::new();
    user.write("flake.nix", FLAKE);
    user
}

/// The flake, which says that it is evaluated.
fn traced() -> String {
    FLAKE.replace("{ self }: {", "{ self }: builtins.trace \"evaluated\" {")
}

/// Standard output of a call that must succeed, and whether a flake was evaluated for it.
fn call(user: &User, line: &str) -> (String, bool) {
    let words = line.split(' ').collect::<Vec<_>>();
    let known = user.call_with(&[("NIX_ALLOW_EVAL", "0")], &words);
    if known.status.success() {
        return (String::from_utf8(known.stdout).unwrap(), false);
    }
    let refusal = String::from_utf8_lossy(&known.stderr);
    assert!(refusal.contains("not everything is cached"), "{line}: {refusal}");
    let output = user.call(&words);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{line}: {errors}");
    (String::from_utf8(output.stdout).unwrap(), true)
}

#[test]
fn the_second_time_nothing_is_evaluated() {
    for line in [
        "firn eval .#text",
        "firn eval --raw .#text",
        "firn eval --json .#set",
        "firn eval --json --pretty .#set",
        "firn eval .#set.drv",
        "firn eval --raw .#set.drv.outPath",
        "firn build --dry-run .#set.drv",
        "firn path-info --derivation",
        "firn derivation show .#default^dev",
        "firn run .",
        "firn flake show",
        "firn flake show --json",
        "nix flake show --all-systems",
        "firn build --dry-run .#default .#default^dev",
    ] {
        let user = user();
        let (first, evaluated) = call(&user, line);
        assert!(evaluated, "{line}");
        assert_eq!(call(&user, line), (first, false), "{line}");
    }
}

#[test]
fn commands_share_what_is_known_of_a_package() {
    let user = user();
    call(&user, "firn build --dry-run .#default");
    let (all, evaluated) = call(&user, "firn derivation show .#default^*");
    assert!(!evaluated && all.contains("thing"), "{all}");
    assert!(!call(&user, "firn path-info --derivation .").1);
}

#[test]
fn a_check_says_again_what_it_found() {
    let user = user();
    let words = ["firn", "flake", "check", "--no-build"];
    let warnings = |variables: &[(&str, &str)]| {
        let output = user.call_with(variables, &words);
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let first = warnings(&[]);
    assert!(first.contains("lacks attribute 'meta'") && first.contains("checks passed"), "{first}");
    assert_eq!(warnings(&[("NIX_ALLOW_EVAL", "0")]), first);
}

#[test]
fn who_looks_at_values_hears_what_evaluation_says_each_time() {
    let user = user();
    user.write("flake.nix", &traced());
    for line in ["firn eval .#text", "firn eval --json .#set", "firn flake check --no-build"] {
        for _ in 0..2 {
            assert!(call(&user, line).1, "{line}");
            let output = user.call(&line.split(' ').collect::<Vec<_>>());
            assert!(String::from_utf8_lossy(&output.stderr).contains("trace: evaluated"), "{line}");
        }
    }
    // What is to be built is known, whatever was said on the way.
    call(&user, "firn build --dry-run .");
    assert!(!call(&user, "firn build --dry-run .").1);
}

#[test]
fn what_was_collected_is_made_again() {
    let user = user();
    let lines = [
        "firn path-info --derivation .",
        "firn eval --raw .#set.drv.drvPath",
        "firn eval .#set.drv",
        "firn eval --json .#set",
    ];
    let drv = call(&user, lines[0]).0;
    let drv = drv.trim_end();
    for line in lines {
        let (first, _) = call(&user, line);
        user.run(&["nix-store", "--delete", drv]);
        assert_eq!(call(&user, line), (first.clone(), true), "{line}");
        user.run(&["nix-store", "--check-validity", drv]);
        assert_eq!(call(&user, line), (first, false), "{line}");
    }
    // Another store has none of it.
    let other = format!("{} --store {}", lines[0], user.home().join("other").display());
    assert_eq!(call(&user, &other), (format!("{drv}\n"), true));
    assert!(!call(&user, &other).1);
}

#[test]
fn failures_are_shown_in_full_each_time() {
    let user = user();
    user.write("flake.nix", &traced());
    for words in [
        &["firn", "eval", ".#fails.x"][..],
        &["firn", "build", ".#fails.x", "--show-trace"],
        &["firn", "eval", ".#nothing"],
        &["firn", "run", ".#text"],
    ] {
        let (first, second) = (user.fails(words), user.fails(words));
        assert_eq!(first, second, "{words:?}");
        assert!(first.1.contains("trace: evaluated"), "{words:?}");
    }
    let (_, text) = user.fails(&["firn", "eval", ".#fails.x"]);
    assert!(text.contains("this fails") && text.contains("flake.nix:5:"), "{text}");
    // An error within a value may be another the next time.
    for _ in 0..2 {
        assert!(call(&user, "firn eval .#fails").1);
    }
    let (_, text) = user.fails(&["firn", "eval", ".#deep", "--max-call-depth", "50"]);
    assert!(text.contains("stack overflow"), "{text}");
    assert_eq!(call(&user, "firn eval .#deep").0, "\"end\"\n");
}

#[test]
fn another_lock_is_another_flake() {
    let user = User::new();
    let input = |text: &str| {
        user.write("input/flake.nix", &format!("{{ outputs = _: {{ value = \"{text}\"; }}; }}"));
    };
    input("old");
    let folder = user.work().join("input");
    let flake = format!(
        "{{ inputs.input.url = \"path:{}\"; outputs = {{ self, input }}: {{ inherit (input) value; }}; }}",
        folder.display()
    );
    user.write("main/flake.nix", &flake);
    let line = "firn eval --raw ./main#value";
    assert_eq!(call(&user, line), ("old".to_owned(), true));
    assert_eq!(call(&user, line), ("old".to_owned(), false));
    input("new");
    assert_eq!(call(&user, line), ("old".to_owned(), false));
    let over = format!("{line} --override-input input path:{}", folder.display());
    assert_eq!(call(&user, &over), ("new".to_owned(), true));
    user.run(&["firn", "flake", "update", "--flake", "./main"]);
    assert_eq!(call(&user, line).0, "new");
    assert_eq!(call(&user, line), ("new".to_owned(), false));
    user.write("main/flake.nix", &format!("{flake}\n"));
    assert_eq!(call(&user, line), ("new".to_owned(), true));
}

#[test]
fn it_can_be_turned_off_and_is_for_pure_evaluation_only() {
    let user = user();
    let folder = user.home().join(".cache/nix/firn-eval-cache");
    for flags in ["--no-eval-cache", "--option eval-cache false", "--impure"] {
        for _ in 0..2 {
            assert!(call(&user, &format!("firn eval .#text {flags}")).1, "{flags}");
        }
        assert!(!folder.exists(), "{flags}");
    }
    call(&user, "firn eval --file flake.nix --apply f:(f.outputs{self={};}).text");
    assert!(!folder.exists());
    assert!(call(&user, "firn eval .#text").1);
    assert!(folder.exists());
    for flags in ["--no-eval-cache", "--impure", "--apply builtins.toString", "--abort-on-warn"] {
        assert!(call(&user, &format!("firn eval .#text {flags}")).1, "{flags}");
    }
    assert!(!call(&user, "firn eval .#text").1);
}

#[test]
fn a_damaged_cache_is_none() {
    let user = user();
    let folder = user.home().join(".cache/nix/firn-eval-cache");
    let first = call(&user, "firn eval .#text");
    for entry in fs::read_dir(&folder).unwrap() {
        fs::write(entry.unwrap().path(), "\0 damaged").unwrap();
    }
    assert_eq!(call(&user, "firn eval .#text"), first);
    assert_eq!(call(&user, "firn eval .#text"), (first.0.clone(), false));
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "no folder").unwrap();
    for _ in 0..2 {
        assert_eq!(call(&user, "firn eval .#text"), first);
    }
}
