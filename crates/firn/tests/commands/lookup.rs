//! Looking up packages and options.

use std::fs;

use crate::user::User;

/// What Nix 2.34 prints for `nix search . THING`, but for the colours.
const PACKAGES: &str = "\
* packages.x86_64-linux.a (1.0)
  The first thing of two lines

* legacyPackages.x86_64-linux.deep.b (2)
  Another thing
";

fn user() -> User {
    let user = User::new();
    user.write("flake.nix", include_str!("lookup/flake.nix"));
    user.write("package.nix", include_str!("lookup/package.nix"));
    user.write("packages.nix", include_str!("lookup/packages.nix"));
    user
}

#[test]
fn packages_of_a_flake() {
    let user = user();
    assert_eq!(user.run(&["firn", "search", "path:.", "THING"]), PACKAGES);
    assert_eq!(
        user.run(&["firn", "search", "path:.", "thing", "another", "--json"]),
        "{\"legacyPackages.x86_64-linux.deep.b\":{\"description\":\"Another thing\",\"pname\":\"b\",\"version\":\"2\"}}\n"
    );
    let found = user.run(&["firn", "search", "path:.", "^", "-e", "thing", "--json"]);
    assert_eq!(found, "{}\n");
    let below = user.run(&["firn", "search", "path:.#deep", "^"]);
    assert_eq!(below, "* legacyPackages.x86_64-linux.deep.b (2)\n  Another thing\n");
    let (code, text) = user.fails(&["firn", "search", "path:.", "aa|bb"]);
    assert_eq!((code, text.trim_end()), (1, "error: no results for the given search term(s)!"));
    let (_, text) = user.fails(&["firn", "search", "path:."]);
    assert!(text.contains("at least one regex"), "{text}");
    let (_, text) = user.fails(&["firn", "search", "path:.", "("]);
    assert!(text.contains("'(' is not a regular expression"), "{text}");
}

#[test]
fn called_as_nix_the_matches_are_coloured() {
    let user = user();
    let found = user.run(&["nix", "search", "-f", "packages.nix", "x86_64-linux", "thi", "ing"]);
    assert!(found.contains("The first \x1b[32;1mthing\x1b[0m of two lines"), "{found:?}");
    let (_, text) = user.fails(&["nix", "search", "nginx"]);
    assert!(text.contains("at least one regex"), "{text}");
}

#[test]
fn a_changed_flake_has_another_index() {
    let user = user();
    let first = user.run(&["firn", "search", "path:.", "^"]);
    assert_eq!(user.run(&["firn", "search", "path:.", "^"]), first);
    let indexes = || fs::read_dir(user.home().join(".cache/nix/firn-index")).unwrap().count();
    assert_eq!(indexes(), 1);
    user.write("packages.nix", &include_str!("lookup/packages.nix").replace("first", "only"));
    assert!(user.run(&["firn", "search", "path:.", "only"]).contains("The only thing"));
    assert_eq!(indexes(), 2);
}

#[test]
fn packages_and_options_of_base() {
    let user = User::new();
    assert!(
        user.run(&["firn", "search", "nginx"]).contains("* legacyPackages.x86_64-linux.nginx (")
    );
    let (code, text) = user.fails(&["firn", "search", "ngnix"]);
    assert!(code == 1 && text.ends_with("help: there is 'nginx'\n"), "{text}");
    let shown = user.run(&["firn", "options", "^services.nginx.enable$"]);
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[0], "services.nginx.enable");
    assert_eq!(&lines[2..4], ["  type      boolean", "  default   false"]);
    let place = lines.last().unwrap().strip_prefix("  declared  base/").unwrap();
    let (file, line) = place.split_once(':').unwrap();
    let text = concat!(env!("CARGO_MANIFEST_DIR"), "/../../nix/");
    let text = fs::read_to_string(format!("{text}{file}")).unwrap();
    let declared = text.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
    assert!(declared.trim().starts_with("enable = "), "{declared}");
    let json = user.run(&["firn", "options", "^services.nginx.enable$", "--json"]);
    assert!(json.starts_with("{\"services.nginx.enable\":{\"name\":"), "{json}");
    let (code, text) = user.fails(&["firn", "options", "services.ngnix"]);
    assert!(code == 1 && text.contains("help: there is 'services.nginx'"), "{text}");
}

#[test]
fn options_of_a_flake_with_modules() {
    let user = user();
    let place = fs::canonicalize(user.work()).unwrap();
    let wanted = format!(
        "services.thing.enable\n  Whether to enable things.\n  type      boolean\n  default   false\n  \
         example   true\n  declared  {place}/flake.nix:14\n\nservices.thing.names\n  Their\n  names.\n  \
         type      list of string\n  default   [ \"a\" ]\n  declared  {place}/flake.nix:15\n",
        place = place.display()
    );
    assert_eq!(user.run(&["firn", "options", "path:.", "services.thing"]), wanted);
    let (_, text) = user.fails(&["firn", "options", "path:.", "things"]);
    assert!(text.contains("'--descriptions' finds 1 that mention it"), "{text}");
    let found = user.run(&["firn", "options", "path:.", "-d", "things"]);
    assert!(found.starts_with("services.thing.enable\n"), "{found}");
}

const FUNCTION: &str = "\
lib.strings.hasPrefix
  Whether the second string begins with the first.
  type      hasPrefix :: String -> String -> Bool
  example   lib.hasPrefix \"foo\" \"foobar\"
            => true
  also      lib.hasPrefix
  declared  base/lib/strings/default.nix:";

#[test]
fn functions_of_base() {
    let user = User::new();
    let found = user.run(&["firn", "functions", "^lib.strings.hasPrefix$"]);
    assert!(found.starts_with(FUNCTION), "{found}");
    let manual = user.run(&["firn", "functions", "--manual", "^"]);
    assert!(manual.matches("\n### lib.").count() > 400, "{manual}");
    assert!(manual.contains("\n## lib.attrsets\n"), "{manual}");
    let (code, text) = user.fails(&["firn", "functions", "hasPrefx"]);
    assert_eq!(code, 1);
    assert!(
        text.contains("no function is described like that\nhelp: there is 'hasPrefix'"),
        "{text}"
    );
}

/// Old names warn when they are looked at, which is nobody's business here.
#[test]
fn functions_of_a_flake() {
    let user = User::new();
    let flake = "{ outputs = _: { lib = {\n/** Doubles.\n\n# Type\ntwice :: Int -> Int */\ntwice = x: x * 2;\n\
        old = builtins.warn \"old\" (x: x);\nbroken = throw \"no\";\ninner = {\n/** Adds one. */\nmore = builtins.add 1;\n};\n}; }; }";
    user.write("flake.nix", flake);
    let said = user.call(&["firn", "functions", "path:.", "^", "--json"]);
    assert_eq!(String::from_utf8_lossy(&said.stderr), "");
    let found: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(found["lib.twice"]["type"], "twice :: Int -> Int");
    assert_eq!(found["lib.inner.more"]["description"], "Adds one.");
    assert_eq!(found.as_object().unwrap().len(), 2, "{found}");
    let below = user.run(&["firn", "functions", "path:.#lib.inner", "adds"]);
    assert!(below.starts_with("lib.inner.more\n  Adds one.\n"), "{below}");
}
