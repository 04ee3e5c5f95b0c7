//! Hosts that lack something: room on the disk, user namespaces.

use std::process::Command;

use crate::program::{Program, Said, example};
use crate::server::Server;

/// Runs a shell script as root of a user namespace, where `firn` is the program with the given store.
fn inside(program: &Program, store: &str, script: &str) -> Said {
    let line =
        format!("firn() {{ {} \"$@\" --store {store}; }}\n{script}", env!("CARGO_BIN_EXE_firn"));
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--", "sh", "-c", &line])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", program.store().with_file_name("home"))
        .output();
    Said::of(output.unwrap())
}

#[test]
fn a_full_disk_is_named_and_the_store_stays_whole() {
    let Some(program) = Program::new() else { return };
    let folder = program.store().with_file_name("small");
    std::fs::create_dir_all(&folder).unwrap();
    let folder = folder.display();
    let server = Server::new(vec![b'x'; 50 << 20].leak());
    let script = format!(
        "mount -t tmpfs -o size=24M none {folder} || exit 3
         mkdir {folder}/in; echo one > {folder}/in/one; truncate -s 50M {folder}/in/large
         first=$(firn store add {folder}/in/one) || exit 4
         firn store add {folder}/in/large && exit 5
         firn build --no-link --impure --expr 'derivation {{ name = \"large\"; system = \"builtin\"; \
           builder = \"builtin:fetchurl\"; url = \"{}\"; outputHashMode = \"flat\"; \
           outputHash = \"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"; }}' && exit 6
         firn store verify --all || exit 7
         [ \"$(firn store add {folder}/in/one)\" = \"$first\" ] && echo the store is whole",
        server.url("large"),
    );
    let said = inside(&program, &folder.to_string(), &script);
    said.assert_success(&["No space left on device", "the store is whole"]);
    let help = format!("help: the disk is full that holds '{folder}");
    let helps = said.text.matches(&help).count();
    assert!(helps >= 2, "for adding and for building:\n{}", said.text);
    assert!(said.text.contains(" of 24.0 MiB are free)"), "{}", said.text);
}

#[test]
fn a_disk_that_packages_fill_up_is_the_last_thing_said() {
    let Some(program) = Program::new() else { return };
    let folder = program.store().with_file_name("smaller");
    std::fs::create_dir_all(&folder).unwrap();
    let folder = folder.display();
    let flake = program.flake("filling", &example("http-server"));
    // One that has no room for the program itself, and one where packages are fetched and unpacked side by side.
    for size in ["20M", "120M"] {
        let script = format!(
            "mount -t tmpfs -o size={size} none {folder} || exit 3
             firn flake check {flake} > {folder}.log 2>&1 && exit 4
             cat {folder}.log
             tail -n 1 {folder}.log | grep -q \"^help: the disk is full that holds '{folder}.*MiB are free\" || exit 5
             firn store gc > /dev/null 2>&1 || exit 6
             firn store verify --all || exit 7
             echo one > {folder}.one && firn store add {folder}.one || exit 8
             echo the store is whole"
        );
        let said = inside(&program, &folder.to_string(), &script);
        said.assert_success(&["No space left on device", "the store is whole"]);
        assert_eq!(said.text.matches("help: the disk is full").count(), 1, "{}", said.text);
    }
}

#[test]
fn missing_user_namespaces_are_named() {
    let Some(program) = Program::new() else { return };
    let flake = program.flake("confined", &example("http-server"));
    // The limit holds for namespaces inside this one, as it would for users of a host that forbids them.
    let script = format!(
        "echo 0 > /proc/sys/user/max_user_namespaces || exit 3
         firn flake check --rebuild {flake}"
    );
    let said = inside(&program, &program.store().display().to_string(), &script);
    said.assert_failure(&["user.max_user_namespaces = 0", "as root: sysctl -w"]);
}
