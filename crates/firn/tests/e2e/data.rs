//! Files that packages take from a server by their hash.

use crate::program::{Program, Said};
use crate::server::Server;

/// Of the file that the server has: "hello\n".
const HASH: &str = "sha256-WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=";
/// Of another one.
const OTHER: &str = "sha256-n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";

/// Builds a file that is fetched by `pkgs.fetchurl`, under a name that no other test has.
fn fetch(program: &Program, name: &str, url: &str, hash: &str) -> Said {
    let expression = format!(
        "(import <nixpkgs> {{ }}).fetchurl {{ name = \"{name}\"; url = \"{url}\"; hash = \"{hash}\"; }}"
    );
    let words = ["build", "--no-link", "--print-out-paths", "--impure"];
    let more = ["--download-attempts", "1", "--expr", &expression, ""];
    program.run(&[&words[..], &more[..]].concat())
}

#[test]
fn files_come_from_a_server_by_their_hash() {
    let Some(program) = Program::new() else { return };
    let server = Server::new(b"hello\n");
    // The store of these tests lasts, and what it has is not fetched again.
    let fresh = format!("fetched-{}", std::process::id());
    let url = server.url("file");
    fetch(&program, &fresh, &url, HASH).assert_success(&["/nix/store/", &fresh]);
    assert_eq!(server.requests(), 1);
    fetch(&program, &fresh, "http://127.0.0.1:9/file", HASH).assert_success(&[&fresh]);
    assert_eq!(server.requests(), 1);
}

#[test]
fn another_file_and_a_silent_server_are_named() {
    let Some(program) = Program::new() else { return };
    let server = Server::new(b"hello\n");
    let said = fetch(&program, "changed", &server.url("file"), OTHER);
    said.assert_failure(&["hash mismatch", OTHER, HASH]);
    let said = fetch(&program, "silent", "http://127.0.0.1:9/file", OTHER);
    said.assert_failure(&["http://127.0.0.1:9/file", "can't be reached"]);
}
