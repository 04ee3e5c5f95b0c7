//! Commands on flakes, registries, derivations and settings. The files in `show/` are what Nix 2.34
//! prints for the flake next to them, the reference in the first line left out.

use std::fs;

use crate::user::User;

const FLAKE: &str = include_str!("show/flake.nix");

fn user() -> User {
    let user = User::new();
    user.write("flake.nix", FLAKE);
    user.write("tpl/flake.nix", "{ outputs = _: { }; }\n");
    user.write("tpl/sub/file", "hi\n");
    user
}

#[test]
fn outputs_are_shown_as_a_tree() {
    let user = user();
    let reference = format!("path:{}", user.work().display());
    for (flag, wanted) in [
        (None, include_str!("show/tree.txt")),
        (Some("--all-systems"), include_str!("show/tree-all-systems.txt")),
        (Some("--legacy"), include_str!("show/tree-legacy.txt")),
        (Some("--json"), include_str!("show/tree-json.txt")),
    ] {
        let words: Vec<_> = ["firn", "flake", "show", &reference].into_iter().chain(flag).collect();
        let printed = user.run(&words);
        let printed = match printed.split_once('\n') {
            Some((first, rest)) if first.starts_with("path:") => format!("FLAKE\n{rest}"),
            _ => printed,
        };
        assert_eq!(printed, wanted, "{flag:?}");
    }
}

#[test]
fn templates_are_copied_and_nothing_is_overwritten() {
    let user = user();
    let template = format!("path:{}", user.work().display());
    let made = user.call(&["firn", "flake", "new", "-t", &template, "made"]);
    let text = String::from_utf8(made.stderr).unwrap();
    assert!(
        made.status.success() && text.contains("wrote: '") && text.contains("Do *this*."),
        "{text}"
    );
    assert_eq!(fs::read_to_string(user.work().join("made/sub/file")).unwrap(), "hi\n");
    fs::write(user.work().join("made/sub/file"), "mine\n").unwrap();
    let (_, text) = user.fails(&["firn", "flake", "new", "-t", &template, "made"]);
    assert!(text.contains("refusing to overwrite") && text.contains("1 conflicts"), "{text}");
    assert_eq!(fs::read_to_string(user.work().join("made/sub/file")).unwrap(), "mine\n");
    let (_, text) = user.fails(&["firn", "flake", "new", "-t", &format!("{template}#none"), "x"]);
    assert!(text.contains("templates.none"), "{text}");
}

#[test]
fn the_template_of_base_is_the_example() {
    let user = User::new();
    user.run(&["firn", "flake", "init"]);
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/http-server/flake.nix");
    assert_eq!(
        fs::read_to_string(user.work().join("flake.nix")).unwrap(),
        fs::read_to_string(example).unwrap()
    );
}

#[test]
fn names_are_added_pinned_and_removed() {
    let user = user();
    let place = format!("path:{}", user.work().display());
    // What the machine's own registry says is not of interest.
    let list = || {
        let text = user.run(&["firn", "registry", "list"]);
        text.lines()
            .filter(|line| !line.starts_with("system"))
            .map(|l| format!("{l}\n"))
            .collect::<String>()
    };
    let builtin = "firn   flake:base base\n";
    assert_eq!(list(), builtin);
    user.run(&["firn", "registry", "add", "mine", &place]);
    assert_eq!(list(), format!("user   flake:mine {place}\n{builtin}"));
    assert_eq!(user.run(&["firn", "eval", "mine#other"]), "2\n");
    user.run(&["firn", "registry", "pin", "mine"]);
    let pinned = list();
    assert!(pinned.starts_with(&format!("user   flake:mine {place}?lastModified=")), "{pinned}");
    user.run(&["firn", "registry", "remove", "mine"]);
    assert_eq!(list(), builtin);
    let (_, text) = user.fails(&["firn", "registry", "pin", "mine"]);
    assert!(text.contains("flake:mine"), "{text}");
}

#[test]
fn names_come_from_the_global_registry_and_from_flags() {
    let user = user();
    let place = format!("path:{}", user.work().display());
    let registry = user.work().join("registry.json");
    let registry = registry.to_string_lossy();
    user.run(&["firn", "registry", "add", "--registry", &registry, "world", &place]);
    let listed = user.run(&["firn", "registry", "list", "--flake-registry", &registry]);
    assert!(listed.ends_with(&format!("global flake:world {place}\n")), "{listed}");
    let url = format!("file://{registry}");
    let resolved = user.run(&["firn", "registry", "resolve", "world", "--flake-registry", &url]);
    assert_eq!(resolved, format!("{place}\n"));
    let words = ["firn", "eval", "--override-flake", "here", &place, "here#other"];
    assert_eq!(user.run(&words), "2\n");
    for (words, part) in [
        (
            &["firn", "eval", "world#other"][..],
            "cannot find flake 'flake:world' in the flake registries",
        ),
        (&["firn", "eval", "--no-registries", "world#other"], "registry lookups are not allowed"),
        (
            &["firn", "eval", "--flake-registry", "http://127.0.0.1:9/r.json", "world#other"],
            "the global registry can't be asked: cannot fetch 'http://127.0.0.1:9/r.json'",
        ),
    ] {
        let (_, text) = user.fails(words);
        assert!(text.contains(part), "{words:?}: {text}");
    }
}

#[test]
fn derivations_trees_and_settings_are_shown() {
    let user = user();
    let place = format!("path:{}", user.work().display());
    let shown = user.run(&["firn", "derivation", "show", &place]);
    assert!(
        shown.starts_with(
            r#"{"derivations":{"j8r005mmvq5mzb7dza5vxnbjxnl52s6d-described-1.drv":{"args":[],"#
        ),
        "{shown}"
    );
    assert!(shown.ends_with("\"version\":4}},\"version\":4}\n"), "{shown}");
    let tree = user.run(&["firn", "flake", "prefetch", "--json", &place, "-o", "tree"]);
    let target = fs::read_link(user.work().join("tree")).unwrap();
    assert!(tree.ends_with(&format!("\"storePath\":\"{}\"}}\n", target.display())), "{tree}");
    assert_eq!(user.run(&["firn", "config", "show", "max-jobs", "-j", "7"]), "7\n");
    assert!(user.run(&["firn", "config", "show"]).contains("\nkeep-going = false\n"));
    for (words, part) in [
        (&["firn", "config", "show", "nope"][..], "no setting 'nope'"),
        (&["firn", "derivation", "show", ".#other"], "to be a derivation"),
        (&["firn", "test", "run", "--repeat", "0"], "--repeat"),
        (&["firn", "test", "run", ".#none"], "does not provide attribute"),
    ] {
        let (code, text) = user.fails(words);
        assert!(code == 1 && text.contains(part), "{words:?}: {code} {text}");
    }
}
