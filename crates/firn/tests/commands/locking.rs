//! Lock files and metadata against `spec/flakes/locking.toml`, byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::user::User;

/// A flake and the lock file that it gets.
struct Case {
    name: String,
    files: BTreeMap<String, String>,
    lock: String,
}

fn cases() -> Vec<Case> {
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/flakes/locking.toml");
    let table: toml::Table = fs::read_to_string(place).unwrap().parse().unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let cases = table["case"].as_array().unwrap().iter();
    cases
        .map(|case| Case {
            name: text(&case["name"]),
            files: case["files"]
                .as_table()
                .unwrap()
                .iter()
                .map(|(name, content)| (name.clone(), text(content)))
                .collect(),
            lock: text(&case["lock"]),
        })
        .collect()
}

/// The moment at which everything was changed.
fn moment() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// Makes a tree look as if it had been changed at that moment.
fn set_times(path: &Path) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            set_times(&entry.unwrap().path());
        }
    }
    fs::File::open(path).unwrap().set_modified(moment()).unwrap();
}

fn run(program: &str, folder: &Path, words: &[&str]) {
    let status = Command::new(program)
        .args(words)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .envs(["AUTHOR", "COMMITTER"].iter().flat_map(|who| {
            [
                (format!("GIT_{who}_NAME"), "a"),
                (format!("GIT_{who}_EMAIL"), "a@example.org"),
                (format!("GIT_{who}_DATE"), "1700000000 +0000"),
            ]
        }))
        .status();
    assert!(status.unwrap().success(), "{program} {words:?}");
}

/// A user with the repository, the archive and the file that cases name.
fn user() -> User {
    let user = User::new();
    let home = user.home();
    let repository = home.join("repo");
    fs::create_dir(&repository).unwrap();
    fs::write(repository.join("flake.nix"), "{ outputs = _: { }; }\n").unwrap();
    run("git", &repository, &["init", "--quiet", "--initial-branch=main"]);
    run("git", &repository, &["add", "."]);
    run("git", &repository, &["commit", "--quiet", "--message", "one"]);
    fs::write(repository.join("f"), "x\n").unwrap();
    run("git", &repository, &["add", "."]);
    run("git", &repository, &["commit", "--quiet", "--message", "two"]);
    fs::create_dir(home.join("t")).unwrap();
    fs::write(home.join("t/flake.nix"), "{ outputs = _: { }; }\n").unwrap();
    run("tar", home, &["--mtime=@1700000000", "-czf", "t.tar.gz", "t"]);
    fs::write(home.join("plain.txt"), "plain\n").unwrap();
    user
}

#[test]
fn lock_files_are_those_of_the_reference() {
    let user = user();
    let home = user.home().to_string_lossy().into_owned();
    for case in cases() {
        let root = format!("{home}/work");
        fs::remove_dir_all(&root).unwrap();
        fs::create_dir(&root).unwrap();
        let real = |text: &str| {
            text.replace("@REPO@", &format!("{home}/repo"))
                .replace("@ARCHIVE@", &format!("{home}/t.tar.gz"))
                .replace("@PLAIN@", &format!("{home}/plain.txt"))
                .replace("@ROOT@", &root)
        };
        for (name, content) in &case.files {
            user.write(name, &real(content));
        }
        set_times(Path::new(&root));
        user.run(&["firn", "flake", "lock", &format!("path:{root}")]);
        let written = fs::read_to_string(format!("{root}/flake.lock")).unwrap();
        assert_eq!(written, real(&case.lock), "{}", case.name);
    }
}

/// The fingerprints are those that Nix 2.34 prints.
#[test]
fn metadata_is_that_of_the_reference() {
    let user = user();
    let repository = user.home().join("repo");
    let url = format!("git+file://{}", repository.display());
    let metadata = || -> serde_json::Value {
        let json = user.run(&["firn", "flake", "metadata", "--json", &url]);
        serde_json::from_str(&json).unwrap()
    };
    let clean = metadata();
    let keys: Vec<_> = clean.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        keys.join(" "),
        "fingerprint lastModified locked locks original originalUrl path resolved resolvedUrl revCount revision url"
    );
    let rev = "3ea3f170e58cc4ce9fe2521b0180fc0897dfee73";
    assert_eq!(clean["url"], format!("{url}?ref=refs/heads/main&rev={rev}"));
    assert_eq!(clean["locked"]["__final"], true);
    assert_eq!(
        clean["fingerprint"],
        "8f624cbf6848612151bbe30df80583641d02e145405de306f5a95464595bacb2"
    );
    fs::write(repository.join("f"), "x\ny\n").unwrap();
    let changed = metadata();
    assert_eq!(changed["dirtyRevision"], format!("{rev}-dirty"));
    assert_eq!(
        changed["fingerprint"],
        "d80c4ca2ffb5878b25f71f1c8514d45a7dc18522d7cce219e861f785c15f1e9f"
    );
    fs::remove_file(repository.join("f")).unwrap();
    assert_eq!(
        metadata()["fingerprint"],
        "ad0b42e591a30bba8c12a9ee35fdd66c88c50f2d895f136c96eabf84c6db2e79"
    );
    let shown = user.run(&["nix", "flake", "metadata", &url]);
    assert!(shown.starts_with("\u{1b}[1mResolved URL:\u{1b}[0m  git+file://"), "{shown:?}");
    assert!(shown.contains("Last modified:\u{1b}[0m 2023-11-14 22:13:20\n"), "{shown:?}");
}

#[test]
fn flakes_are_archived_and_cloned() {
    let user = user();
    let repository = format!("git+file://{}", user.home().join("repo").display());
    user.write(
        "flake.nix",
        &format!(
            "{{ inputs.a.url = \"{repository}\"; inputs.b.url = \"./b\"; outputs = _: {{ }}; }}"
        ),
    );
    user.write("b/flake.nix", "{ outputs = _: { }; }");
    let json = user.run(&["firn", "flake", "archive", "--json", "path:."]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let tree = json["inputs"]["a"]["path"].as_str().unwrap();
    assert!(user.home().join("root").join(&tree[1..]).join("flake.nix").exists(), "{tree}");
    assert_eq!(json["inputs"]["b"], serde_json::json!({ "inputs": {} }));
    user.run(&["firn", "flake", "clone", &repository, "--dest", "cloned"]);
    assert!(user.work().join("cloned/.git").exists() && user.work().join("cloned/f").exists());
    let without_authority = repository.replace("file://", "file:");
    user.run(&["firn", "flake", "clone", &without_authority, "--dest", "cloned-again"]);
    assert!(user.work().join("cloned-again/.git").exists());
    let archive = format!("file://{}/t.tar.gz", user.home().display());
    user.run(&["firn", "flake", "clone", &archive, "--dest", "copied"]);
    assert!(user.work().join("copied/flake.nix").exists());
    let (_, text) = user.fails(&["firn", "flake", "clone", &archive, "--dest", "copied"]);
    assert!(text.contains("existing path 'copied'"), "{text}");
}

#[test]
fn lock_files_that_can_not_last_are_refused() {
    let user = user();
    let repository = user.home().join("repo");
    user.write(
        "flake.nix",
        &format!(
            "{{ inputs.a.url = \"git+file://{}\"; outputs = _: {{ }}; }}",
            repository.display()
        ),
    );
    fs::write(repository.join("f"), "changed\n").unwrap();
    let (code, text) = user.fails(&["firn", "flake", "lock", "path:."]);
    assert!(code == 1 && text.contains("has an unlocked input"), "{text}");
    let updated = user.call(&["firn", "flake", "update", "--flake", "path:."]);
    let text = String::from_utf8_lossy(&updated.stderr);
    assert!(updated.status.success() && text.contains("not writing lock file"), "{text}");
    user.run(&["firn", "flake", "lock", "--allow-dirty-locks", "path:."]);
    let used = user.call(&["firn", "flake", "metadata", "path:."]);
    assert!(
        String::from_utf8_lossy(&used.stderr).contains("is unlocked (e.g. lacks a Git revision)")
    );
    for (words, part) in [
        (
            &["firn", "flake", "lock", "--override-input", "", "."][..],
            "--override-input was passed a zero-length input path",
        ),
        (&["firn", "flake", "update", ""], "input path to be updated cannot be zero-length"),
    ] {
        let (_, text) = user.fails(words);
        assert!(text.contains(part), "{text}");
    }
}
