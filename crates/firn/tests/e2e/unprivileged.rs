//! The same as a user without rights, in a store of that user's own, from nothing.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::program::{Program, Said, example};

/// The user `nobody` of every Linux system.
const NOBODY: u32 = 65534;

#[test]
fn a_user_without_rights_runs_the_test() {
    let Some(_program) = Program::new() else { return };
    if !rustix::process::geteuid().is_root() {
        // The other tests already run as such a user.
        return;
    }
    let home = tempfile::tempdir().unwrap();
    std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let program = home.path().join("firn");
    std::fs::copy(env!("CARGO_BIN_EXE_firn"), &program).unwrap();
    let folder = home.path().join("flake");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("flake.nix"), example("http-server")).unwrap();
    for path in [home.path(), &folder, &folder.join("flake.nix")] {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let output = Command::new(&program)
        .args(["flake", "check"])
        .arg(format!("path:{}", folder.display()))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    Said::of(output).assert_success(&["test http-server passed"]);
}
