//! Mistakes in files and what the program says about them: `spec/diagnostics/program`.
//!
//! The texts begin with the message; the steps that led there depend on the library's own lines.
//! `FIRN_BLESS=1` writes what the program says.

use std::fs;
use std::path::Path;

use crate::user::User;

#[test]
fn mistakes_are_named_and_mended() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/diagnostics/program");
    let user = User::new();
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".nix") {
            user.write(&name, &fs::read_to_string(Path::new(folder).join(&name)).unwrap());
            names.push(name);
        }
    }
    names.retain(|name| !name.ends_with(".module.nix"));
    assert!(!names.is_empty());
    for name in names {
        let (code, said) = user.fails(&["firn", "eval", "--file", &name]);
        assert_eq!(code, 1, "{name}");
        let message = said.rsplit("\n       error: ").next().unwrap();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let message = message.replace(&format!("{}/", user.work().display()), "");
        let expected = Path::new(folder).join(name.replace(".nix", ".txt"));
        if std::env::var_os("FIRN_BLESS").is_some() {
            fs::write(&expected, &message).unwrap();
        }
        assert_eq!(message, fs::read_to_string(&expected).unwrap_or_default(), "{name}");
    }
}

#[test]
fn programs_that_compare_get_the_texts_of_the_reference() {
    let user = User::new();
    user.write("default.nix", "[ 1, 2 ]");
    let (_, said) = user.fails(&["nix-build"]);
    assert!(said.contains("help: write `[ 1 2 ]`"), "{said}");
    let (_, said) = user.fails(&["nix-instantiate", "--eval"]);
    assert!(said.contains("unexpected ','") && !said.contains("help:"), "{said}");
}

#[test]
fn colours_of_thrown_texts_reach_terminals_only() {
    let bold = r#"builtins.fromJSON "\"\\u001b[1mloud\\u001b[0m\"""#;
    let (_, text) = User::new().fails(&["firn", "eval", "--expr", &format!("throw ({bold})")]);
    assert!(text.contains("error: loud"), "{text:?}");
    let output =
        User::new().call(&["firn", "eval", "--expr", &format!("builtins.trace ({bold}) 1")]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "trace: loud\n");
}
