//! What programs around Nix read: records of all that happens, a line each.

use serde_json::Value;

use crate::user::User;

const BUILD: &str = "derivation { name = \"built\"; system = \"builtin\"; builder = \"builtin:fetchurl\"; \
     url = \"file:///etc/passwd\"; outputHash = \"\"; outputHashAlgo = \"sha256\"; }";

/// The records of standard error, which holds nothing else.
fn records(text: &[u8]) -> Vec<Value> {
    let lines = std::str::from_utf8(text).unwrap().lines();
    lines.map(|line| serde_json::from_str(line.strip_prefix("@nix ").unwrap()).unwrap()).collect()
}

#[test]
fn standard_error_holds_records_alone() {
    let user = User::new();
    let trace = "builtins.trace \"seen\" (builtins.warn \"odd\" 1)";
    let said = user.call(&["firn", "eval", "--log-format", "internal-json", "--expr", trace]);
    assert_eq!(said.stdout, b"1\n");
    let messages: Vec<_> = records(&said.stderr).iter().map(|r| r["msg"].to_string()).collect();
    assert!(messages[0].contains("trace: seen"), "{messages:?}");
    assert!(messages[1].contains("odd"), "{messages:?}");
    for program in ["firn", "nix-instantiate"] {
        let eval = if program == "firn" { "eval" } else { "--eval" };
        let words = [program, eval, "--log-format", "internal-json", "--expr", "throw \"no\""];
        let failed = user.call(&words);
        let last = records(&failed.stderr).pop().unwrap();
        assert_eq!((&last["action"], &last["level"]), (&"msg".into(), &0.into()), "{last}");
        assert!(last["raw_msg"].as_str().unwrap().contains("no"), "{last}");
        assert!(!failed.status.success());
    }
}

#[test]
fn a_file_gets_records_beside_the_text_for_people() {
    let user = User::new();
    let file = user.work().join("log.json");
    let words = ["firn", "build", "--no-link", "--impure", "--json-log-path", "log.json"];
    // The hash is wrong, which is not what this is about.
    let said = user.call(&[&words[..], &["-vv", "--expr", BUILD]].concat());
    assert!(!said.stderr.starts_with(b"@nix"));
    let text = std::fs::read_to_string(file).unwrap();
    let all: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = all.iter().map(|record| record["type"].as_u64()).collect();
    assert!(kinds.contains(&Some(104)), "all builds together: {text}");
    assert!(text.contains("\"msg\":\"executing builder 'builtin:fetchurl'\""), "{text}");
    let started = all.iter().filter(|record| record["action"] == "start").count();
    let stopped = all.iter().filter(|record| record["action"] == "stop").count();
    assert!(started >= 2 && stopped + 1 >= started, "{text}");
}
