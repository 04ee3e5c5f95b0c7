#![allow(clippy::unwrap_used)]
use super::install::Place;
use super::*;
use std::fs;
use std::os::unix::fs::symlink;

const KERNEL: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-linux-6.1";
const INITRD: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-initrd";

/// A store with a system that has one specialisation.
pub(super) fn machine(root: &Path) -> PathBuf {
    let store = root.join("nix/store");
    for (folder, file, text) in
        [(KERNEL, "bzImage", "K"), (INITRD, "initrd", "I..."), ("loader", "boot.efi", "L")]
    {
        fs::create_dir_all(store.join(folder)).unwrap();
        fs::write(store.join(folder).join(file), text).unwrap();
    }
    fs::write(root.join("key"), "SECRET").unwrap();
    let system = |name: &str, params: &str, secrets: serde_json::Value| {
        let path = store.join(name);
        fs::create_dir_all(&path).unwrap();
        symlink(store.join(KERNEL).join("bzImage"), path.join("kernel")).unwrap();
        symlink(store.join(INITRD).join("initrd"), path.join("initrd")).unwrap();
        fs::write(path.join("kernel-params"), params).unwrap();
        fs::write(path.join("nixos-version"), "26.05").unwrap();
        let plan = serde_json::json!({ "bootLoader": {
            "kind": "systemd-boot", "timeout": 5, "title": "NixOS", "consoleMode": "keep",
            "editor": true, "loader": store.join("loader/boot.efi"), "secrets": secrets } });
        fs::write(path.join("activation.json"), plan.to_string()).unwrap();
        path
    };
    let child = system("child", "quiet root=x", serde_json::json!({}));
    let own = system("own", "quiet", serde_json::json!({}));
    fs::create_dir(own.join("specialisation")).unwrap();
    symlink(&child, own.join("specialisation/luks")).unwrap();
    own.canonicalize().unwrap()
}

fn at(esp: &Path) -> Place<'_> {
    Place { esp, boot: None }
}

fn read(path: PathBuf) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn entries_are_those_of_nixos() {
    let scratch = tempfile::tempdir().unwrap();
    let system = machine(scratch.path());
    let esp = scratch.path().join("esp");
    let profiles = scratch.path().join("profiles");
    fs::create_dir(&profiles).unwrap();
    symlink(&system, profiles.join("system-7-link")).unwrap();
    symlink("system-7-link", profiles.join("system")).unwrap();
    let found = generations(&profiles).unwrap();
    assert_eq!(found, [Generation { number: 7, system: system.clone() }]);
    let loader = settings(&system).unwrap().unwrap();
    assert!(install(&loader, at(&esp), &found, &system, false).unwrap().len() == 2);

    assert_eq!(
        read(esp.join("loader/loader.conf")),
        "timeout 5\ndefault nixos-generation-7.conf\nconsole-mode keep\n"
    );
    let entry = format!(
        "title NixOS\nsort-key nixos\nversion Generation 7 NixOS 26.05\n\
         linux /EFI/nixos/{KERNEL}-bzImage.efi\ninitrd /EFI/nixos/{INITRD}-initrd.efi\n\
         options init={}/init quiet\n",
        system.display()
    );
    assert_eq!(read(esp.join("loader/entries/nixos-generation-7.conf")), entry);
    let variant = read(esp.join("loader/entries/nixos-generation-7-specialisation-luks.conf"));
    assert!(variant.starts_with("title NixOS (luks)\n"), "{variant}");
    assert!(variant.ends_with("/child/init quiet root=x\n"), "{variant}");
    assert_eq!(read(esp.join(format!("EFI/nixos/{KERNEL}-bzImage.efi"))), "K");
    assert_eq!(read(esp.join("EFI/BOOT/BOOTX64.EFI")), "L");
}

#[test]
fn what_is_gone_is_removed_and_what_is_others_stays() {
    let scratch = tempfile::tempdir().unwrap();
    let system = machine(scratch.path());
    let esp = scratch.path().join("esp");
    let loader = settings(&system).unwrap().unwrap();
    let generation = |number| Generation { number, system: system.clone() };
    install(&loader, at(&esp), &[generation(1), generation(2)], &system, false).unwrap();
    fs::write(esp.join("loader/entries/other.conf"), "").unwrap();
    fs::write(esp.join("EFI/nixos/old.efi"), "").unwrap();
    install(&loader, at(&esp), &[generation(2)], &system, false).unwrap();
    let names: Vec<_> = files::entries(&esp.join("loader/entries")).unwrap();
    let names: Vec<_> = names.iter().map(|e| e.file_name().into_string().unwrap()).collect();
    assert_eq!(
        names,
        ["nixos-generation-2-specialisation-luks.conf", "nixos-generation-2.conf", "other.conf"]
    );
    assert!(!esp.join("EFI/nixos/old.efi").exists());
}

#[test]
fn secrets_are_behind_the_initial_file_system() {
    let scratch = tempfile::tempdir().unwrap();
    let system = machine(scratch.path());
    let key = scratch.path().join("key");
    let wanted = BTreeMap::from([("/etc/ssh/key".to_owned(), key.clone())]);
    let bytes = secrets::appended(&system.join("initrd"), &wanted).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.starts_with("I...070701"), "{text}");
    for part in ["etc/ssh\0", "etc/ssh/key\0", "SECRET", "000081000000"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    fs::remove_file(key).unwrap();
    let missing = secrets::appended(&system.join("initrd"), &wanted).unwrap_err();
    assert!(missing.to_string().contains("read the secret"), "{missing}");
}
