//! Machines that boot as real ones do: firmware, boot loader, initial file system by systemd, with encrypted
//! disks and ssh; from end to end.

use crate::program::{Program, Said, examples};

#[test]
fn a_client_unlocks_both_disks() {
    let Some(program) = Program::beside() else { return };
    let flake = format!("path:{}", examples().join("remote-unlock").display());
    let said = program.run(&["flake", "check", "--rebuild", "--no-update-lock-file", "-L", &flake]);
    said.assert_success(&[
        "machine booted (vm",
        "Loaded initrd from LINUX_EFI_INITRD_MEDIA_GUID",
        "Accepted publickey for root",
        "test remote-unlock passed",
    ]);
    program.assert_nothing_left();
}

/// Evaluates a machine with the example's module.
fn evaluate(program: &Program, settings: &str) -> Said {
    let module = examples().join("remote-unlock/module.nix");
    let machine = format!(
        "((builtins.getFlake \"base\").lib.nixosSystem {{ modules = [ {} {{
           nixpkgs.hostPlatform = \"x86_64-linux\";
           boot.initrd.remoteUnlock = {{ enable = true; {settings} }};
           boot.loader.systemd-boot.enable = true;
           fileSystems.\"/\".device = \"/dev/vda\";
         }} ]; }}).config.system.build.toplevel.drvPath",
        module.display()
    );
    program.run(&["eval", "--impure", "--expr", &machine])
}

#[test]
fn a_machine_that_nobody_could_unlock_is_refused() {
    let Some(program) = Program::beside() else { return };
    let refused = "boot.initrd.remoteUnlock.authorizedKeys must not be empty";
    evaluate(&program, "").assert_failure(&[refused]);
    let keys = "authorizedKeys = [ \"ssh-ed25519 A\" ]; hostKeys.host = \"/etc/secrets/host\";";
    evaluate(&program, keys).assert_success(&[".drv"]);
    let refused = "boot.initrd.remoteUnlock.network.address is needed without DHCP";
    evaluate(&program, &format!("{keys} network.useDHCP = false;")).assert_failure(&[refused]);
}

#[test]
fn the_boot_loader_starts_what_was_chosen() {
    machine_test_passes("boot-loader");
}

#[test]
fn disks_are_formatted_once_and_outlive_a_crash() {
    machine_test_passes("disks");
}

#[test]
fn services_of_laptops_run() {
    machine_test_passes("laptop");
}

#[test]
fn units_of_users_are_switched() {
    machine_test_passes("user-units");
}

/// Runs one of base's own tests.
fn machine_test_passes(name: &str) {
    let Some(program) = Program::beside() else { return };
    let test = examples().join("../nix/tests").join(name).join("machine-test.nix");
    let test = test.canonicalize().unwrap();
    let said = program.run(&["build", "--no-link", "-L", "-f", &test.to_string_lossy()]);
    said.assert_success(&[]);
    program.assert_nothing_left();
}
