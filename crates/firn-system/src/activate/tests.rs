//! From a plan to the resulting files, in a folder of their own.
#![allow(clippy::unwrap_used)]

use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;

struct Machine {
    scratch: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { scratch: tempfile::tempdir().unwrap() };
        fs::create_dir_all(machine.root()).unwrap();
        machine
    }

    fn root(&self) -> PathBuf {
        self.scratch.path().join("root")
    }

    /// A system folder with this plan and these static files.
    fn system(&self, name: &str, etc: &[(&str, &str)], plan: serde_json::Value) -> PathBuf {
        let top = self.scratch.path().join(name);
        let source = top.join("etc");
        for (place, text) in etc {
            let path = source.join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match text.strip_prefix("-> ") {
                Some(target) => std::os::unix::fs::symlink(target, &path).unwrap(),
                None => fs::write(&path, text).unwrap(),
            }
        }
        fs::create_dir_all(&source).unwrap();
        let mut all = serde_json::json!({
            "version": 1, "usr": "/store/usr", "shell": "/bin/bash", "path": "/bin:/usr/bin",
            "etc": { "source": source },
            "users": { "mutable": true, "users": [], "groups": [] },
            "steps": [
                { "builtin": "usr" }, { "builtin": "var" }, { "builtin": "users" },
                { "builtin": "etc" },
            ],
        });
        merge(&mut all, plan);
        fs::write(top.join("activation.json"), all.to_string()).unwrap();
        top
    }

    fn activate(&self, top: &Path) {
        let activation = Activation::new(top, &self.root(), Action::Boot).unwrap();
        let failures = activation.run();
        assert!(failures.is_empty(), "{failures:?}");
    }

    fn read(&self, place: &str) -> String {
        fs::read_to_string(self.root().join(place)).unwrap()
    }

    fn link(&self, place: &str) -> String {
        fs::read_link(self.root().join(place)).unwrap().display().to_string()
    }

    fn there(&self, place: &str) -> bool {
        self.root().join(place).symlink_metadata().is_ok()
    }
}

fn merge(into: &mut serde_json::Value, from: serde_json::Value) {
    match (into, from) {
        (serde_json::Value::Object(into), serde_json::Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

#[test]
fn etc_has_links_copies_and_nothing_stale() {
    let machine = Machine::new();
    let copies = serde_json::json!({ "etc": { "copies": [
        { "path": "secret", "mode": "0400", "user": "+0", "group": "+0" }] } });
    let first = machine.system(
        "first",
        &[("hosts", "h"), ("app/conf", "1"), ("app/sub/x", "x"), ("secret", "s"), ("gone/y", "y")],
        copies,
    );
    fs::create_dir_all(machine.root().join("etc")).unwrap();
    fs::write(machine.root().join("etc/mine"), "kept").unwrap();
    machine.activate(&first);
    machine.activate(&first);
    assert_eq!(machine.link("etc/hosts"), "/etc/static/hosts");
    assert_eq!(machine.link("etc/app/sub/x"), "/etc/static/app/sub/x");
    assert_eq!(machine.read("etc/secret"), "s");
    let mode = fs::metadata(machine.root().join("etc/secret")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o400);

    let second = machine.system(
        "second",
        &[("hosts", "h"), ("app", "-> /store/app"), ("zone", "-> /store/zone")],
        serde_json::json!({ "etc": { "direct": ["zone"] } }),
    );
    machine.activate(&second);
    assert_eq!(machine.link("etc/app"), "/etc/static/app");
    assert_eq!(machine.link("etc/zone"), "/store/zone");
    assert_eq!(machine.read("etc/mine"), "kept");
    assert!(!machine.there("etc/secret"), "an old copy is removed");
    assert!(!machine.there("etc/gone"), "a folder that lost its files is removed");
    machine.activate(&first);
    assert_eq!(machine.link("etc/app/conf"), "/etc/static/app/conf");
}

#[test]
fn root_has_its_shape() {
    let machine = Machine::new();
    let top = machine.system("top", &[], serde_json::json!({}));
    machine.activate(&top);
    assert_eq!(machine.link("usr"), "/store/usr");
    assert_eq!(machine.link("bin"), "usr/bin");
    assert_eq!(machine.link("var/run"), "/run");
    assert_eq!(machine.link("run/current-system"), top.display().to_string());
    assert_eq!(machine.link("run/booted-system"), top.display().to_string());
    let id = machine.read("etc/machine-id");
    assert_eq!(id.trim().len(), 32);
    machine.activate(&top);
    assert_eq!(machine.read("etc/machine-id"), id, "the identity stays");
    let mode = fs::metadata(machine.root().join("tmp")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o1777);
}

fn user(name: &str, more: serde_json::Value) -> serde_json::Value {
    let mut user = serde_json::json!({ "name": name, "group": name, "home": "/var/empty",
        "shell": "/bin/sh", "isSystem": true });
    merge(&mut user, more);
    user
}

#[test]
fn accounts_keep_ids_and_passwords() {
    let machine = Machine::new();
    let groups = |names: &[&str]| -> Vec<serde_json::Value> {
        names.iter().map(|name| serde_json::json!({ "name": name })).collect()
    };
    let first = machine.system(
        "first",
        &[],
        serde_json::json!({ "users": {
            "users": [
                user("root", serde_json::json!({ "uid": 0,
                    "passwords": { "hashedPassword": "" } })),
                user("web", serde_json::json!({})),
                user("alice", serde_json::json!({ "isSystem": false, "createHome": true,
                    "home": "/home/alice", "homeMode": "700",
                    "passwords": { "password": "secret" } })),
            ],
            "groups": [{ "name": "root", "gid": 0 }, { "name": "web" },
                { "name": "alice", "members": ["web"] }],
        }}),
    );
    machine.activate(&first);
    assert_eq!(
        machine.read("etc/passwd"),
        "root:x:0:0::/var/empty:/bin/sh\nweb:x:999:999::/var/empty:/bin/sh\n\
         alice:x:1000:998::/home/alice:/bin/sh\n"
    );
    assert_eq!(machine.read("etc/group"), "root:x:0:\nalice:x:998:web\nweb:x:999:\n");
    assert!(machine.root().join("home/alice").is_dir());
    let shadow = machine.read("etc/shadow");
    assert!(shadow.starts_with("root::1::::::\n"), "{shadow}");
    assert!(shadow.contains("\nalice:$6$"), "{shadow}");
    assert!(shadow.contains("\nweb:!:1::::::\n"), "{shadow}");
    machine.activate(&first);
    assert_eq!(machine.read("etc/shadow"), shadow, "passwords of a mutable machine stay");

    // A user made by hand stays, one that was declared goes, and a new one gets no used id.
    let passwd = machine.read("etc/passwd") + "bob:x:1001:100::/home/bob:/bin/sh\n";
    fs::write(machine.root().join("etc/passwd"), passwd).unwrap();
    let second = machine.system(
        "second",
        &[],
        serde_json::json!({ "users": {
            "users": [user("root", serde_json::json!({ "uid": 0 })),
                user("db", serde_json::json!({}))],
            "groups": [{ "name": "root", "gid": 0 }, groups(&["db"])[0]],
        }}),
    );
    machine.activate(&second);
    assert_eq!(
        machine.read("etc/passwd"),
        "root:x:0:0::/var/empty:/bin/sh\ndb:x:998:997::/var/empty:/bin/sh\n\
         bob:x:1001:100::/home/bob:/bin/sh\n"
    );
    machine.activate(&first);
    assert!(machine.read("etc/passwd").contains("web:x:999:999:"), "an old name gets its old id");
}

#[test]
fn of_several_passwords_one_counts() {
    let names = ["a", "b", "c", "d", "e"];
    let groups = names.map(|name| serde_json::json!({ "name": name }));
    let given = serde_json::json!([
        { "initialHashedPassword": "a", "initialPassword": "b", "hashedPassword": "c" },
        { "hashedPassword": "c", "password": "d" },
        { "initialHashedPassword": "a", "hashedPassword": "c" },
        { "initialHashedPassword": "a" },
        {},
    ]);
    let users: Vec<_> = given
        .as_array()
        .unwrap()
        .iter()
        .zip(names)
        .map(|(passwords, name)| user(name, serde_json::json!({ "passwords": passwords })))
        .collect();
    let hashes = |mutable: bool| -> Vec<String> {
        let machine = Machine::new();
        let plan = serde_json::json!({ "users": { "mutable": mutable, "users": users, "groups": groups } });
        let system = machine.system("system", &[], plan);
        // The second time accounts are there.
        machine.activate(&system);
        machine.activate(&system);
        let shadow = machine.read("etc/shadow");
        let hash = |line: &str| line.split(':').nth(1).unwrap().chars().take(3).collect();
        let mut lines: Vec<_> = shadow.lines().collect();
        lines.sort_unstable();
        lines.into_iter().map(hash).collect()
    };
    assert_eq!(hashes(true), ["c", "$6$", "c", "a", "!"]);
    assert_eq!(hashes(false), ["$6$", "$6$", "c", "a", "!"]);
}

#[test]
fn snippets_run_in_order_and_a_failure_is_named() {
    let machine = Machine::new();
    let file = machine.scratch.path().join("log");
    let snippet = |name: &str, text: String| serde_json::json!({ "name": name, "text": text });
    let plan = serde_json::json!({ "steps": [
        snippet("one", format!("echo one >> {}", file.display())),
        snippet("bad", "false".into()),
        snippet("two", format!("echo two >> {}", file.display())),
    ]});
    let top = machine.system("top", &[], plan);
    let failures = Activation::new(&top, &machine.root(), Action::Boot).unwrap().run();
    assert_eq!(failures.len(), 1);
    assert_eq!(fs::read_to_string(file).unwrap(), "one\ntwo\n");
}

#[test]
fn a_plan_of_another_version_is_refused() {
    let text = r#"{"version": 9, "usr": "", "shell": "", "etc": {"source": ""}, "steps": [],
        "users": {"mutable": true, "users": [], "groups": []}}"#;
    let message = Plan::parse(text).unwrap_err().to_string();
    assert!(message.contains("version 9"), "{message}");
}
