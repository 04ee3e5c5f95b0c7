//! Machines that boot as real ones do: firmware, boot loader, initial file system by systemd, with encrypted
//! disks and ssh; from end to end.

use crate::program::{Program, Said, examples};
use crate::pty::Terminal;

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
fn bios_starts_what_was_chosen_in_grub() {
    machine_test_passes("grub");
}

#[test]
fn uefi_starts_what_was_chosen_in_grub() {
    machine_test_passes("grub-uefi");
}

#[test]
fn images_made_by_repart_are_started() {
    machine_test_passes("image");
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

#[test]
fn memory_is_swapped_to_files_encrypted_devices_and_memory() {
    machine_test_passes("swap");
}

#[test]
fn the_host_serves_its_store() {
    machine_test_passes("host-store");
}

const VM: &str = r#"{
  inputs.nixpkgs.url = "base";
  outputs = { nixpkgs, ... }: {
    nixosConfigurations.x = nixpkgs.lib.nixosSystem {
      system = "x86_64-linux";
      modules = [ {
        networking.hostName = "x";
        # What the machine itself boots by is not used.
        fileSystems."/".device = "/dev/disk/by-label/own";
        boot.loader.systemd-boot.enable = true;
        services.getty.autologinUser = "root";
        virtualisation.vmVariant.virtualisation.graphics = false;
      } ];
    };
  };
}"#;

#[test]
fn a_script_starts_the_machine() {
    let Some(program) = Program::beside() else { return };
    let flake = program.flake("vm", VM);
    let folder = tempfile::tempdir().unwrap();
    let (shared, disk) = (folder.path().join("shared"), folder.path().join("disk.qcow2"));
    std::fs::create_dir_all(&shared).unwrap();
    std::fs::write(shared.join("note"), "from the host").unwrap();
    let script = format!("{flake}#nixosConfigurations.x.config.system.build.vm");
    let mut command = program.command_first(&["run", &script]);
    command
        .env("SHARED_DIR", &shared)
        .env("NIX_DISK_IMAGE", &disk)
        .env("QEMU_KERNEL_PARAMS", "said=42")
        .env("TERM", "dumb");
    let mut at = Terminal::new(command, "root (automatic login)");
    at.wait_for("root@x");
    at.keys("cat /tmp/shared/note\n", "from the host");
    at.keys("findmnt -n -o FSTYPE /nix/.ro-store\n", "9p");
    at.keys("findmnt -n -o FSTYPE /\n", "ext4");
    at.keys("grep -o said=.. /proc/cmdline\n", "said=42");
    at.keys("echo back > /tmp/shared/answer; sync; echo $((6 * 7)) done\n", "42 done");
    assert!(at.last_keys("poweroff\n").success());
    assert_eq!(std::fs::read_to_string(shared.join("answer")).unwrap(), "back\n");
    assert!(disk.exists());
}

/// What is started without its loader above, here by GRUB on its disk, which the BIOS finds.
#[test]
fn a_script_starts_the_machine_by_its_loader() {
    let Some(program) = Program::beside() else { return };
    let own = "systemd-boot.enable = true";
    assert!(VM.contains(own));
    let text = VM
        .replace(own, "grub.device = \"/dev/vda\"")
        .replace("vmVariant.", "vmVariantWithBootLoader.");
    let flake = program.flake("vm-loader", &text);
    let folder = tempfile::tempdir().unwrap();
    let script = format!("{flake}#nixosConfigurations.x.config.system.build.vmWithBootLoader");
    let mut command = program.command_first(&["run", &script]);
    command.env("NIX_DISK_IMAGE", folder.path().join("disk.qcow2")).env("TERM", "dumb");
    let mut at = Terminal::new(command, "root (automatic login)");
    at.wait_for("root@x");
    at.keys("grep -o BOOT_IMAGE=.*/kernels/ /proc/cmdline\n", "/boot/kernels/");
    at.keys("ls -d /sys/firmware/efi\n", "No such file");
    at.keys("cat /boot/grub/grub.cfg | grep -c menuentry; echo $((6 * 7)) done\n", "42 done");
    assert!(at.last_keys("poweroff\n").success());
    program.assert_nothing_left();
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
