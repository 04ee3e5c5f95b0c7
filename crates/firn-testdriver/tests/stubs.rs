//! The types by which scripts are checked are those of the tables of methods.
#![allow(clippy::unwrap_used, missing_docs)]

use firn_testdriver::api::machine_methods;
use std::path::Path;

/// A parameter of the tables as Python's type annotations write it.
fn typed(parameter: &str) -> String {
    let (head, default) = match parameter.split_once(" = ") {
        Some((head, default)) => (head, format!(" = {default}")),
        None => (parameter, String::new()),
    };
    let (name, kind) = head.split_once(": ").unwrap();
    let plain = match kind.trim_end_matches('?') {
        "duration" => "Duration",
        "port" => "Port",
        "function" => "Callable[..., Any]",
        "any" => "Any",
        other => other,
    };
    let optional = if kind.ends_with('?') { " | None" } else { "" };
    format!("{name}: {plain}{optional}{default}")
}

#[test]
fn every_method_has_its_types() {
    let file = "../../nix/testing/script/stubs/firn_test.pyi";
    let stubs = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let missing: Vec<String> = machine_methods()
        .map(|method| {
            let parameters = method.signature.split(", ").filter(|part| !part.is_empty());
            let words: String = parameters.map(|part| format!(", {}", typed(part))).collect();
            format!("    def {}(self{words}) -> ", method.name)
        })
        .filter(|line| !stubs.contains(line))
        .collect();
    assert!(missing.is_empty(), "not in {file}:\n{}", missing.join("\n"));
}
