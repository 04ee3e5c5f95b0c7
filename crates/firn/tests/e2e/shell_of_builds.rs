//! `/bin/sh` in the sandboxes of derivations that bring nothing of the distribution with them.

use std::path::Path;

use crate::program::{Program, Said};

/// Builds a derivation whose builder is `/bin/sh`, a new one each time, into a store.
fn build(program: &Program, store: &Path, name: &str, more: &[&str]) -> Said {
    let expr = format!(
        "derivation {{ name = \"{name}\"; system = \"x86_64-linux\"; builder = \"/bin/sh\"; \
         args = [ \"-c\" \"echo written > $out; echo called $0\" ]; time = builtins.currentTime; }}"
    );
    let mut arguments = vec!["build", "--no-link", "-L", "--impure", "--expr", &expr, "."];
    arguments.extend(more);
    Said::of(program.command_first(&arguments).env("NIX_REMOTE", store).output().unwrap())
}

#[test]
fn is_the_distributions_own() {
    let Some(program) = Program::new() else { return };
    build(&program, &program.store(), "by-shell", &[]).assert_success(&["called sh"]);
}

#[test]
fn is_that_of_the_settings() {
    let Some(program) = Program::new() else { return };
    let more = ["--option", "sandbox-paths", "/bin/sh=/no/such"];
    let said = build(&program, &program.store(), "by-own-shell", &more);
    said.assert_failure(&["/no/such"]);
}

#[test]
fn is_missed_by_name_where_it_cannot_be_had() {
    let Some(program) = Program::new() else { return };
    let store = program.store().with_file_name("without-shell");
    let more = ["--debian-mirrors", "http://127.0.0.1:9/debian", "--download-attempts", "1"];
    let said = build(&program, &store, "without-shell", &more);
    said.assert_failure(&["builds find no '/bin/sh'", "127.0.0.1:9", "'sandbox-paths'"]);
}
