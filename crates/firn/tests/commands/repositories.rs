//! Sources from repositories: Mercurial, large files of Git, signed commits. They need the programs `hg`,
//! `git` and `ssh-keygen`, which `.ci/run` installs.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use crate::user::User;

/// Runs a program in a folder of the user's.
fn run(user: &User, folder: &str, words: &[&str]) -> String {
    let output = Command::new(words[0])
        .args(&words[1..])
        .current_dir(user.work().join(folder))
        .env("HOME", user.home())
        .env("HGPLAIN", "")
        .env("HGUSER", "somebody")
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "somebody")))
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "somebody@host")))
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", words[0]));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn eval(user: &User, expr: &str) -> String {
    user.run(&["firn", "eval", "--impure", "--raw", "--expr", expr])
}

/// A user with a Mercurial repository of two revisions, and these.
fn mercurial() -> (User, [String; 2]) {
    let user = User::new();
    user.write("repo/hello", "first\n");
    run(&user, "repo", &["hg", "init"]);
    run(&user, "repo", &["hg", "add", "--quiet", "hello"]);
    run(&user, "repo", &["hg", "commit", "-m", "first"]);
    let first = run(&user, "repo", &["hg", "log", "-r", ".", "--template", "{node}"]);
    run(&user, "repo", &["hg", "branch", "--quiet", "dev"]);
    user.write("repo/hello", "second\n");
    run(&user, "repo", &["hg", "commit", "-m", "second"]);
    let second = run(&user, "repo", &["hg", "log", "-r", ".", "--template", "{node}"]);
    run(&user, "repo", &["hg", "update", "--quiet", "default"]);
    (user, [first, second])
}

#[test]
fn revisions_of_mercurial_are_fetched() {
    let (user, [first, second]) = mercurial();
    let repo = user.work().join("repo").canonicalize().unwrap();
    let about = |call: &str| {
        let expr = format!(
            "let t = {call}; in \"${{t.branch or \"-\"}} ${{t.rev}} ${{t.shortRev}} ${{toString t.revCount or \"-\"}} ${{builtins.readFile (t + \"/hello\")}}\""
        );
        eval(&user, &expr)
    };
    let url = format!("file://{}", repo.display());
    let wanted = format!("default {first} {} 0 first\n", &first[..12]);
    assert_eq!(about(&format!("builtins.fetchMercurial \"{url}\"")), wanted);
    assert_eq!(about(&format!("builtins.fetchMercurial {}", repo.display())), wanted);
    let named = format!("builtins.fetchMercurial {{ url = \"{url}\"; rev = \"dev\"; }}");
    let wanted = format!("dev {second} {} 1 second\n", &second[..12]);
    assert_eq!(about(&named), wanted);
    // As a tree, by its branch, and by its revision without the repository.
    let tree = |more: &str| {
        eval(
            &user,
            &format!("builtins.readFile (builtins.fetchTree \"hg+{url}?{more}\" + \"/hello\")"),
        )
    };
    assert_eq!(tree("ref=dev"), "second\n");
    fs::rename(&repo, user.work().join("away")).unwrap();
    assert_eq!(tree(&format!("rev={first}")), "first\n");
    let refused =
        user.call(&["firn", "eval", "--expr", &format!("builtins.fetchMercurial \"{url}\"")]);
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(text.contains("'fetchMercurial' requires a Mercurial revision"), "{text}");
}

#[test]
fn a_flake_in_mercurial_is_locked_and_its_changes_count() {
    let (user, [first, _]) = mercurial();
    let repo = user.work().join("repo").canonicalize().unwrap();
    let text = format!(
        "{{ inputs.x = {{ url = \"hg+file://{}\"; flake = false; }}; outputs = {{ self, x }}: {{ hello = builtins.readFile \"${{x}}/hello\"; commit = self.rev or \"none\"; }}; }}",
        repo.display()
    );
    user.write("flake/flake.nix", &text);
    run(&user, "flake", &["hg", "init"]);
    run(&user, "flake", &["hg", "add", "--quiet", "flake.nix"]);
    let flake = user.work().join("flake").canonicalize().unwrap();
    let get = |name: &str| {
        user.run(&["firn", "eval", "--raw", &format!("hg+file://{}#{name}", flake.display())])
    };
    assert_eq!(get("hello"), "first\n");
    assert_eq!(get("commit"), "none");
    let lock = fs::read_to_string(flake.join("flake.lock")).unwrap();
    assert!(lock.contains(&first) && lock.contains("\"type\": \"hg\""), "{lock}");
    // The new lock file is one of the repository's.
    run(&user, "flake", &["hg", "commit", "-m", "all"]);
    let rev = run(&user, "flake", &["hg", "log", "-r", ".", "--template", "{node}"]);
    assert_eq!(get("commit"), rev);
    assert_eq!(run(&user, "flake", &["hg", "status"]), "");
}

#[test]
fn without_mercurial_its_lack_is_named() {
    let user = User::new();
    let output = Command::new(env!("CARGO_BIN_EXE_firn"))
        .args(["eval", "--impure", "--expr", "builtins.fetchMercurial \"https://host/repo\""])
        .env_clear()
        .env("HOME", user.home())
        .env("NIX_REMOTE", user.home().join("root"))
        .env("PATH", user.home())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("cannot run 'hg'") && text.contains("has to be installed"), "{text}");
}

const LARGE: &str = "the content of a large file\n";

/// A server of large files: it knows one object, and wants the header that it named for it.
fn lfs_server(oid: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let own = address.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            lfs_answer(stream.unwrap(), &own, &oid);
        }
    });
    format!("http://{address}/repo")
}

fn lfs_answer(mut stream: TcpStream, address: &str, oid: &str) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&request);
        // A question ends with its JSON object, any other request with an empty line.
        if count == 0
            || text.ends_with("}")
            || (text.starts_with("GET") && text.ends_with("\r\n\r\n"))
        {
            break;
        }
    }
    let request = String::from_utf8_lossy(&request).to_lowercase();
    let answer = match request.lines().next().unwrap_or_default() {
        "post /repo.git/info/lfs/objects/batch http/1.1" if request.contains(oid) => format!(
            "{{\"objects\": [{{\"oid\": \"{oid}\", \"size\": {}, \"actions\": {{\"download\": {{\"href\": \
             \"http://{address}/object\", \"header\": {{\"X-Token\": \"secret\"}}}}}}}}]}}",
            LARGE.len()
        ),
        "get /object http/1.1" if request.contains("x-token: secret") => LARGE.to_owned(),
        _ => String::new(),
    };
    let status = if answer.is_empty() { "404 Not Found" } else { "200 OK" };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    stream.write_all(format!("{head}{answer}").as_bytes()).unwrap();
}

#[test]
fn large_files_of_git_come_from_their_server_and_from_the_repository() {
    let user = User::new();
    user.write("large", LARGE);
    let oid = user.run(&["firn", "hash", "file", "--type", "sha256", "--base16", "large"]);
    let oid = oid.trim();
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {}\n",
        LARGE.len()
    );
    user.write("repo/data.bin", &pointer);
    user.write("repo/.gitattributes", "*.bin filter=lfs -text\n");
    run(&user, "repo", &["git", "init", "--quiet"]);
    // The pointer itself is added: there is no program `git-lfs` here.
    run(
        &user,
        "repo",
        &["git", "-c", "filter.lfs.clean=cat", "-c", "filter.lfs.required=false", "add", "."],
    );
    run(&user, "repo", &["git", "commit", "--quiet", "-m", "all"]);
    let rev = run(&user, "repo", &["git", "rev-parse", "HEAD"]);
    let repo = user.work().join("repo").canonicalize().unwrap();
    let data = |lfs: bool| {
        let tree = format!(
            "builtins.fetchGit {{ url = \"file://{}\"; rev = \"{rev}\"; lfs = {lfs}; }}",
            repo.display()
        );
        user.call(&[
            "firn",
            "eval",
            "--raw",
            "--expr",
            &format!("builtins.readFile ({tree} + \"/data.bin\")"),
        ])
    };
    let said = |output: std::process::Output| String::from_utf8(output.stdout).unwrap();
    assert_eq!(said(data(false)), pointer);
    let nowhere = String::from_utf8(data(true).stderr).unwrap();
    assert!(nowhere.contains("are not on this machine"), "{nowhere}");
    // From a server.
    let server = lfs_server(oid.to_owned());
    run(&user, "repo", &["git", "config", "remote.origin.url", &server]);
    assert_eq!(said(data(true)), LARGE);
    // From the repository itself, by a user who has fetched nothing yet.
    let objects = format!("repo/.git/lfs/objects/{}/{}/{oid}", &oid[..2], &oid[2..4]);
    user.write(&objects, LARGE);
    run(&user, "repo", &["git", "config", "--unset", "remote.origin.url"]);
    fs::remove_dir_all(user.home().join(".cache")).unwrap();
    fs::remove_dir_all(user.home().join("root")).unwrap_or_default();
    assert_eq!(said(data(true)), LARGE);
    // A damaged object is refused.
    fs::remove_dir_all(user.home().join(".cache")).unwrap();
    user.write(&objects, "other");
    let other = user.call(&[
        "firn",
        "eval",
        "--raw",
        "--expr",
        &format!("(builtins.fetchGit {{ name = \"other\"; url = \"file://{}\"; rev = \"{rev}\"; lfs = true; }}).outPath", repo.display()),
    ]);
    let text = String::from_utf8(other.stderr).unwrap();
    assert!(text.contains("5 bytes, 28 are expected"), "{text}");
}

#[test]
fn signatures_of_commits_are_checked() {
    let user = User::new();
    user.write("repo/file", "signed\n");
    let keys = ["one", "two"].map(|name| {
        run(&user, "", &["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name]);
        let line = fs::read_to_string(user.work().join(format!("{name}.pub"))).unwrap();
        line.split(' ').nth(1).unwrap().to_owned()
    });
    run(&user, "repo", &["git", "init", "--quiet"]);
    run(&user, "repo", &["git", "add", "file"]);
    let key = user.work().join("one.pub");
    let key = format!("user.signingkey={}", key.display());
    run(
        &user,
        "repo",
        &["git", "-c", "gpg.format=ssh", "-c", &key, "commit", "--quiet", "-S", "-m", "signed"],
    );
    let repo = user.work().join("repo").canonicalize().unwrap();
    let fetch = |more: &str| {
        let tree = format!("builtins.fetchGit {{ url = \"file://{}\"; {more} }}", repo.display());
        let expr = format!("builtins.readFile ({tree} + \"/file\")");
        user.call(&["firn", "eval", "--impure", "--raw", "--expr", &expr])
    };
    let [one, two] = &keys;
    let both = format!(
        "publicKeys = [ {{ key = \"{two}\"; }} {{ type = \"ssh-ed25519\"; key = \"{one}\"; }} ];"
    );
    for good in [format!("publicKey = \"{one}\";"), both] {
        let output = fetch(&good);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "signed\n", "{output:?}");
    }
    for (bad, wanted) in [
        (format!("publicKey = \"{two}\";"), "Commit signature verification on commit"),
        ("verifyCommit = true;".to_owned(), "no key is given"),
        (format!("publicKey = \"{one}\"; keytype = \"rsa\";"), "Invalid SSH key type 'rsa'"),
        ("publicKey = \"?\";".to_owned(), "is not a public key"),
    ] {
        let text = String::from_utf8(fetch(&bad).stderr).unwrap();
        assert!(text.contains(wanted), "{bad}: {text}");
    }
    user.write("repo/file", "changed\n");
    let text = String::from_utf8(fetch(&format!("publicKey = \"{one}\";")).stderr).unwrap();
    assert!(text.contains("but it's dirty"), "{text}");
}
