//! Inputs that are not there, inputs from elsewhere, and flakes with mistakes.

use crate::program::{Program, example};
use crate::server::Server;

#[test]
fn nixpkgs_can_be_base() {
    let Some(program) = Program::new() else { return };
    let flake = program.flake("nixpkgs", &example("nixpkgs-by-name"));
    let said = program.run(&["flake", "check", "--override-input", "nixpkgs", "base", &flake]);
    said.assert_success(&[]);
}

#[test]
fn without_a_network_the_override_is_named() {
    let Some(program) = Program::new() else { return };
    let flake = program.flake("nixpkgs", &example("nixpkgs-by-name"));
    let said = Program::command(&program, &["flake", "check", &flake, "--download-attempts", "1"])
        .env("https_proxy", "http://127.0.0.1:9")
        .output();
    let said = crate::program::Said::of(said.unwrap());
    said.assert_failure(&["'nixpkgs'", "can't be reached", "--override-input nixpkgs base"]);
}

#[test]
fn mistakes_are_named() {
    let Some(program) = Program::new() else { return };
    let cases = [
        ("{ outputs = _: { checks = ; }; }", &["syntax error", "flake.nix:1"][..]),
        ("{ }", &["lacks attribute 'outputs'"]),
        ("{ inputs.a.url = 1 + 1; outputs = _: { }; }", &["'url' must be a string"]),
        ("{ description = \"x\"; foo = 1; outputs = _: { }; }", &["unsupported attribute 'foo'"]),
        (
            "{ outputs = _: { checks.x86_64-linux.a = 1; }; }",
            &["checks.x86_64-linux.a", "is not a derivation"],
        ),
    ];
    for (text, wanted) in cases {
        let flake = program.flake("mistake", text);
        program.run(&["flake", "check", &flake]).assert_failure(wanted);
    }
    let said = program.run(&[
        "flake",
        "check",
        &program.flake("odd", "{ outputs = _: { foobar = 1; }; }"),
    ]);
    said.assert_success(&["warning: unknown flake output 'foobar'"]);
}

#[test]
fn mistakes_in_machines_are_named() {
    let Some(program) = Program::new() else { return };
    let machine = |body: &str| {
        format!(
            "{{ inputs.nixpkgs.url = \"base\"; outputs = {{ nixpkgs, ... }}: let pkgs = nixpkgs.legacyPackages.x86_64-linux; in {{
               checks.x86_64-linux.default = pkgs.nixosTest {{ name = \"t\"; nodes.m = {{ {body} }}; testScript = \"m.start()\"; }}; }}; }}"
        )
    };
    let cases = [
        ("networking.frewall.enable = true;", &["networking.frewall", "does not exist"][..]),
        ("networking.hostName = 7;", &["networking.hostName", "is not of type"]),
        ("environment.systemPackages = [ pkgs.no-such-package ];", &["no-such-package"]),
    ];
    for (body, wanted) in cases {
        let flake = program.flake("machine", &machine(body));
        program.run(&["flake", "check", &flake]).assert_failure(wanted);
    }
}

/// Builds a fixed-output derivation that fetches a url.
fn fetch(program: &Program, url: &str, more: &[&str]) -> crate::program::Said {
    let hash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let expr = format!(
        "derivation {{ name = \"fetched\"; system = \"builtin\"; builder = \"builtin:fetchurl\"; url = \"{url}\"; \
         outputHash = \"{hash}\"; outputHashMode = \"flat\"; }}"
    );
    let mut arguments = vec!["build", "--no-link", "--impure", "--expr", &expr, "."];
    arguments.extend(more);
    program.run(&arguments)
}

#[test]
fn an_unreachable_mirror_is_named() {
    let Some(program) = Program::new() else { return };
    let more = ["--debian-mirrors", "http://127.0.0.1:9/debian", "--download-attempts", "1"];
    let said = fetch(&program, "mirror://debian/pool/main/n/none.deb", &more);
    said.assert_failure(&["127.0.0.1:9"]);
}

#[test]
fn another_hash_is_shown_beside_the_wanted_one() {
    let Some(program) = Program::new() else { return };
    let server = Server::new(b"not what was locked");
    let said = fetch(&program, &server.url("file"), &[]);
    said.assert_failure(&["hash mismatch", "sha256-AAAAAAA", "got:"]);
}
