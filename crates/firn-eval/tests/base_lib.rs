//! The library of `base` under this evaluator: its own tests, the examples in its doc comments, and
//! the messages of its module system in `spec/diagnostics/modules`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use firn_eval::{Coerce, Machine, Pos, Settings};
use firn_source::Origin;

#[path = "support/host.rs"]
mod host;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The string an expression gives, or the text of its error.
fn evaluate(text: &str) -> Result<String, String> {
    evaluate_with(Settings::default(), text)
}

/// The same with the help that the evaluator has for modules, and without.
fn evaluate_both_ways(text: &str) -> [Result<String, String>; 2] {
    [true, false].map(|helpers| evaluate_with(Settings { helpers, ..Settings::default() }, text))
}

fn evaluate_with(settings: Settings, text: &str) -> Result<String, String> {
    firn_eval::stack::run(|| {
        let mut m = Machine::new(Rc::new(host::FileHost), settings, &[]);
        // Examples name files of the library.
        let base = root().join("nix/lib").display().to_string();
        let value = m.eval_text(Origin::String, text.as_bytes(), &base);
        let how = Coerce { more: true, copy: false };
        match value.and_then(|value| m.coerce(value, how, Pos::NONE, "the result")) {
            Ok(string) => Ok(string.to_text().into_owned()),
            Err(raised) => {
                let error = m.take_error(raised);
                Err(m.render_error(&error, false))
            }
        }
    })
    .unwrap()
}

fn nix_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            nix_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "nix") {
            found.push(path);
        }
    }
}

/// The pairs `expression`, `=> result` below `# Example` in the doc comments of a file.
fn examples(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for comment in text.split("/**").skip(1).filter_map(|rest| rest.split("*/").next()) {
        let Some((_, below)) = comment.split_once("# Example") else { continue };
        let lines: Vec<&str> = below.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        for pair in lines.windows(2) {
            if let Some(result) = pair[1].strip_prefix("=> ") {
                found.push((pair[0].to_owned(), result.to_owned()));
            }
        }
    }
    found
}

#[test]
fn the_tests_of_the_library_pass() {
    let lib = root().join("nix/lib");
    for failed in
        evaluate_both_ways(&format!("builtins.toJSON (import {}/tests.nix)", lib.display()))
    {
        assert_eq!(failed, Ok("[]".to_owned()));
    }
}

#[test]
fn modules_give_the_same_with_help_of_the_evaluator_and_without() {
    let lib = root().join("nix/lib");
    let many =
        format!("import {0}/bench/modules.nix {{ lib = import {0}; count = 200; }}", lib.display());
    let [with, without] = evaluate_both_ways(&many);
    assert!(with.is_ok(), "{with:?}");
    assert_eq!(with, without);
}

#[test]
fn the_tests_of_the_formats_pass() {
    let file = root().join("nix/build/formats/tests.nix");
    let failed = evaluate(&format!("builtins.toJSON (import {} {{ }})", file.display()));
    assert_eq!(failed, Ok("[]".to_owned()));
}

#[test]
fn programs_have_their_own_versions() {
    let file = root().join("nix/build/debian/tests.nix");
    let failed = evaluate(&format!("builtins.toJSON (import {} {{ }})", file.display()));
    assert_eq!(failed, Ok("[]".to_owned()));
}

#[test]
fn the_tests_of_what_base_lacks_pass() {
    let file = root().join("nix/build/lacking/tests.nix");
    let failed = evaluate(&format!("builtins.toJSON (import {} {{ }})", file.display()));
    assert_eq!(failed, Ok("[]".to_owned()));
}

#[test]
fn no_example_is_without_a_result() {
    let mut files = Vec::new();
    nix_files(&root().join("nix/lib"), &mut files);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for comment in text.split("/**").skip(1).filter_map(|rest| rest.split("*/").next()) {
            let shown = examples(&format!("/**{comment}*/")).len();
            let results = comment.lines().filter(|line| line.trim().starts_with("=>")).count();
            let has = comment.contains("# Example");
            assert!(!has || shown > 0 && shown == results, "{}: {comment}", file.display());
        }
    }
}

#[test]
fn the_examples_in_doc_comments_are_true() {
    let lib = root().join("nix/lib");
    let mut files = Vec::new();
    nix_files(&lib, &mut files);
    let cases: Vec<(String, String)> =
        files.iter().flat_map(|file| examples(&fs::read_to_string(file).unwrap())).collect();
    let cases: Vec<_> = cases.into_iter().filter(|(example, _)| !needs_a_store(example)).collect();
    assert!(cases.len() > 300, "only {} examples found", cases.len());
    let mut text = format!("let lib = import {}; in toString [\n", lib.display());
    for (at, (expression, result)) in cases.iter().enumerate() {
        text += &format!("(if ({expression}) == ({result}) then [ ] else [ {at} ])\n");
    }
    text += "]";
    let wrong = evaluate(&text).unwrap();
    let shown: Vec<_> =
        wrong.split_whitespace().map(|at| &cases[at.parse::<usize>().unwrap()]).collect();
    assert!(shown.is_empty(), "wrong examples: {shown:#?}");
}

#[test]
fn the_messages_of_the_module_system_are_as_specified() {
    let lib = root().join("nix/lib");
    let folder = root().join("spec/diagnostics/modules");
    let prefix = format!("{}/", folder.display());
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let expected = entry.unwrap().path();
        if expected.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let case = expected.with_extension("nix");
        let text = format!(
            "import {prefix}run.nix {{ lib = import {}; case = {}; }}",
            lib.display(),
            case.display()
        );
        let both = evaluate_both_ways(&text);
        for (message, helped) in both.into_iter().zip([true, false]) {
            if !helped && NEED_HELP.iter().any(|name| case.ends_with(name)) {
                continue;
            }
            let message = words(&strip_colours(&message.unwrap_err()).replace(&prefix, ""));
            // The library alone does not know the lines of all definitions.
            let message = if helped { message } else { without_lines(&message) };
            for line in fs::read_to_string(&expected).unwrap().lines() {
                let line = if helped { line.to_owned() } else { without_lines(line) };
                assert!(
                    message.contains(&words(&line)),
                    "{}: `{line}` is not in\n{message}",
                    expected.display()
                );
            }
        }
        count += 1;
    }
    assert!(count >= 20, "only {count} cases found");
}

/// Cases that are wrong in ways that the language cannot see.
const NEED_HELP: [&str; 4] = [
    "closed-pattern.nix",
    "imports-folder.nix",
    "unknown-option-bad-value.nix",
    "unknown-option-of-no-file.nix",
];

/// A text without numbers that follow a colon: lines and columns.
fn without_lines(text: &str) -> String {
    let mut parts = text.split(':');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() == part.len() {
            plain.push(':');
        }
        plain += rest;
    }
    plain
}

/// Examples with a store, or a git repository `./project`: `examples_with_a_store_are_true` of `firn`
/// looks at them.
fn needs_a_store(example: &str) -> bool {
    ["builtins.toFile", "derivation {", "./project"].iter().any(|what| example.contains(what))
}

/// Whether a doc comment with an example stands before what is called `name`.
fn has_example(text: &str, name: &str) -> bool {
    text.split("/**").skip(1).filter_map(|rest| rest.split_once("*/")).any(|(comment, code)| {
        let mut lines =
            code.lines().map(str::trim).skip_while(|l| l.is_empty() || l.starts_with('#'));
        let named = lines.next().and_then(|line| line.strip_prefix("inherit ").or(Some(line)));
        let named = named.map(|line| line.split([' ', ';', '=']).next().unwrap_or_default());
        named.map(|quoted| quoted.trim_matches('"')) == Some(name) && comment.contains("# Example")
    })
}

/// `spec/lib/names.txt` has the names in nixpkgs' `lib` of June 2026, as far as a user reaches them by
/// up to three names (with `/` between them: some have dots).
#[test]
fn every_name_of_nixpkgs_lib_is_there() {
    let names = fs::read_to_string(root().join("spec/lib/names.txt")).unwrap();
    let quoted = |name: &str| name.split('/').map(|part| format!("{part:?} ")).collect::<String>();
    let paths: String = names.lines().map(|name| format!("[ {} ]\n", quoted(name))).collect();
    let missing = evaluate(&format!(
        "let lib = import {}; in builtins.concatStringsSep \" \" (
          map (builtins.concatStringsSep \".\") (
            builtins.filter (path: !(lib.hasAttrByPath path lib)) [ {paths} ]
          )
        )",
        root().join("nix/lib").display()
    ));
    assert!(names.lines().count() > 1000);
    assert_eq!(missing, Ok(String::new()));
}

#[test]
fn every_function_has_a_comment_with_an_example() {
    let lib = root().join("nix/lib");
    // Builtins are documented by the evaluator; what has no position is deprecated as a whole.
    let list = format!(
        "let
          lib = import {};
          # Builtins of other crates, which are not here.
          foreign = [ \"filterSource\" \"flakeRefToString\" \"parseFlakeRef\" ];
          try = v: (builtins.tryEval v).value;
          # Functions of a set by the names that lead to it; of sets inside too, but for licences, people and examples.
          of = section: names: set: builtins.concatMap (
            name:
            let value = set.${{name}}; path = names ++ [ name ]; in
            if builtins ? ${{name}} || builtins.elem name foreign || builtins.unsafeGetAttrPos name set == null then
              [ ]
            else if try (lib.isFunction value) then
              [ \"${{section}} ${{builtins.concatStringsSep \".\" path}}\" ]
            else if builtins.length path < 3 && try (isPlainSet value) && !builtins.elem name ([ section ] ++ data) then
              of section path value
            else
              [ ]
          ) (builtins.attrNames set);
          data = [ \"lib\" \"mergeAttrBy\" \"licenses\" \"licensesSpdx\" \"maintainers\" \"teams\" \"examples\" ];
          isPlainSet = v: builtins.isAttrs v && !(v ? _type || v ? type);
          sections = builtins.filter (name: !builtins.elem name data && builtins.isAttrs lib.${{name}} or null) [ {} ];
        in builtins.concatStringsSep \"\\n\" (
          builtins.concatMap (name: of name [ ] lib.${{name}}) sections
        )",
        lib.display(),
        fs::read_dir(&lib)
            .unwrap()
            .map(|entry| format!("{:?} ", entry.unwrap().file_name().to_string_lossy()))
            .collect::<String>()
    );
    let list = evaluate(&list).unwrap();
    let mut lacking = Vec::new();
    for line in list.lines() {
        let (section, name) = line.split_once(' ').unwrap();
        let mut files = Vec::new();
        nix_files(&lib.join(section), &mut files);
        let last = name.rsplit('.').next().unwrap();
        let found = files.iter().any(|file| has_example(&fs::read_to_string(file).unwrap(), last));
        if !found {
            lacking.push(line);
        }
    }
    assert!(list.lines().count() > 400, "{}", list.lines().count());
    assert!(lacking.is_empty(), "{lacking:#?}");
}

fn strip_colours(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain += part.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain
}
