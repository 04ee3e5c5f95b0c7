//! Fetching by hash, from files and from a web server of this test's own.

use std::fs;
use std::path::PathBuf;

use crate::server::Server;
use crate::user::User;

/// "hello\n", and what Nix 2.34 prints for it.
const HELLO: &[u8] = b"hello\n";
const SHA256: &str = "00xyyr3fi8l6hb839bv3f7yb86yjv7xi1cgh1xnhipym4asvb4aq";
const MD5: &str = "b1946ac92492d2347c6235b4d2611184";
const EXECUTABLE: &str = "1yhh619m3cy1mird7f0l7zsmiv9rayqn075zinda2g7rscwn0hv5";

/// Where a store path of this user is on disk.
fn place(user: &User, path: &str) -> PathBuf {
    user.home().join("root").join(path.trim().trim_start_matches('/'))
}

#[test]
fn hashes_are_printed_as_the_reference_prints_them() {
    let user = User::new();
    let server = Server::new(HELLO);
    let url = server.url("f.txt");
    let run = |words: &[&str]| {
        user.run(&[&["nix-prefetch-url"], words, &[&url]].concat()).trim_end().to_owned()
    };
    assert_eq!(run(&[]), SHA256);
    assert_eq!(run(&["--type", "sha256"]), SHA256);
    assert_eq!(run(&["--type", "md5"]), MD5);
    assert_eq!(run(&["--executable"]), EXECUTABLE);
    let path = "/nix/store/arsarpzhcvv7rqza3ii5ah1zx3sr09ii-foo.txt";
    assert_eq!(run(&["--name", "foo.txt", "--print-path"]), format!("{SHA256}\n{path}"));
    assert_eq!(fs::read(place(&user, path)).unwrap(), HELLO);
    let json = user.run(&["firn", "store", "prefetch-file", "--json", "--name", "foo.txt", &url]);
    assert_eq!(
        json,
        format!(
            "{{\"hash\":\"sha256-WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=\",\"storePath\":\"{path}\"}}\n"
        )
    );
}

#[test]
fn files_archives_and_expressions() {
    let user = User::new();
    user.write("d/in/y", "x\n");
    let tar = std::process::Command::new("tar")
        .args(["-czf", "a.tar.gz", "d"])
        .current_dir(user.work())
        .status();
    assert!(tar.unwrap().success());
    let url = format!("file://{}/a.tar.gz", user.work().display());
    let printed = user.run(&["nix-prefetch-url", "--unpack", "--print-path", &url]);
    let (hash, path) = printed.split_once('\n').unwrap();
    assert_eq!(hash, "0f7ifyxn9xwqx3axy8mj4hr7gskzkn2dilwlq0xyy4hmqz18s78x");
    assert_eq!(fs::read_to_string(place(&user, path).join("in/y")).unwrap(), "x\n");
    let expression = format!(
        "{{ x ? 1 }}: {{ src.a = {{ urls = [ \"{url}\" ]; outputHashMode = \"recursive\"; name = \"n\"; }}; }}"
    );
    user.write("default.nix", &expression);
    let printed = user.run(&["nix-prefetch-url", "--print-path", "-A", "src.a"]);
    assert!(printed.starts_with(hash) && printed.ends_with("-n\n"), "{printed}");
}

#[test]
fn what_the_store_has_needs_no_server() {
    let user = User::new();
    let server = Server::new(HELLO);
    user.run(&["nix-prefetch-url", &server.url("f.txt"), SHA256]);
    assert_eq!(server.requests(), 1);
    user.run(&["nix-prefetch-url", &server.url("f.txt"), SHA256]);
    let fetch = |url: &str| {
        format!(
            "builtins.readFile (builtins.fetchurl {{ url = \"{url}\"; sha256 = \"{SHA256}\"; }})"
        )
    };
    let there = user.run(&["firn", "eval", "--raw", "--expr", &fetch(&server.url("f.txt"))]);
    assert_eq!(there.as_bytes(), HELLO);
    assert_eq!(server.requests(), 1);
    // Nobody listens at this port, and nobody needs to.
    let gone = fetch("http://127.0.0.1:9/f.txt");
    assert_eq!(user.run(&["firn", "eval", "--raw", "--expr", &gone]).as_bytes(), HELLO);
}

#[test]
fn changed_files_and_missing_servers_are_named() {
    let user = User::new();
    let server = Server::new(b"changed\n");
    let url = server.url("f.txt");
    let wanted = "sha256-WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=";
    let got = user.run(&["firn", "store", "prefetch-file", "--json", &url]);
    let got = got.split('"').nth(3).unwrap().to_owned();
    let fetch =
        |url: &str| format!("builtins.fetchurl {{ url = \"{url}\"; sha256 = \"{SHA256}\"; }}");
    for words in [
        &["nix-prefetch-url", &url, SHA256][..],
        &["firn", "store", "prefetch-file", &url, "--expected-hash", wanted],
        &["firn", "eval", "--expr", &fetch(&url)],
    ] {
        let (code, text) = user.fails(words);
        assert!(code == 1 && text.contains(wanted) && text.contains(&got), "{words:?}: {text}");
    }
    let unreachable = "http://127.0.0.1:9/f.txt";
    for words in [
        &["nix-prefetch-url", "--download-attempts", "1", unreachable][..],
        &["firn", "eval", "--download-attempts", "1", "--expr", &fetch(unreachable)],
    ] {
        let (_, text) = user.fails(words);
        assert!(text.contains("'127.0.0.1' can't be reached"), "{words:?}: {text}");
    }
    for (words, part) in [
        (&["nix-prefetch-url"][..], "you must specify a URL"),
        (&["nix-prefetch-url", "http://127.0.0.1:9/"], "cannot figure out file name"),
        (&["nix-prefetch-url", "--type", "crc", "x"], "unknown hash algorithm 'crc'"),
        (&["nix-prefetch-url", "file:///nothing/here"], "/nothing/here"),
        (&["nix-prefetch-url", "file:///a%2Fb+c/.x~"], "'.x~' was extracted from URL"),
    ] {
        let (_, text) = user.fails(words);
        assert!(text.contains(part), "{words:?}: {text}");
    }
}
