#![allow(clippy::unwrap_used)]
use super::*;
use crate::bootloader::tests::machine;
use places::Place;
use std::fs;

/// A machine with one generation and a specialisation, whose first entry is the system itself.
#[test]
fn the_menu_is_that_of_nixos() {
    let scratch = tempfile::tempdir().unwrap();
    let system = machine(scratch.path());
    let generations = [Generation { number: 7, system: system.clone() }];
    let settings = Settings { title: "NixOS".into(), timeout: Some(5), ..Settings::default() };
    let look = Look {
        entry_options: "--class nixos --unrestricted".into(),
        sub_entry_options: "--class nixos".into(),
        extra_config: "serial\n".into(),
        extra_entries: "menuentry \"other\" { chainloader @bootRoot@/x }\n".into(),
        ..Look::default()
    };
    let user = |password: &str| User { password: Some(password.into()), ..User::default() };
    let grub = Grub {
        default: "0".into(),
        timeout_style: "menu".into(),
        users: BTreeMap::from([("alice".to_owned(), user("secret"))]),
        look,
        ..Grub::default()
    };
    let folder = scratch.path().join("boot");
    fs::create_dir_all(folder.join("kernels")).unwrap();
    fs::write(folder.join("kernels/old"), "").unwrap();
    let boot = Place::on("--label nixos", "/boot", 1);
    let at = folder::At { folder: &folder, extra: &folder, boot, store: None };
    let work = folder::Work { settings: &settings, grub: &grub, at, generations: &generations };
    let said = work.fill(&system).unwrap();
    assert!(said.len() == 1 && said[0].contains("kernels/old"), "{said:?}");

    let text = fs::read_to_string(folder.join("grub/grub.cfg")).unwrap();
    let store = scratch.path().canonicalize().unwrap().join("nix/store");
    let text = text.replace(&*store.to_string_lossy(), "STORE");
    // When a link was made depends on the day of the test.
    let date = text.find("(luks - ").map(|at| text[at + 8..at + 18].to_owned()).unwrap();
    let text = text.replace(&date, "DATE");
    assert_eq!(text, include_str!("menu.golden"), "{text}");
    let mut kernels: Vec<_> = files_in(&folder.join("kernels"));
    kernels.sort();
    assert_eq!(
        kernels,
        [
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-linux-6.1-bzImage",
            "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-initrd-initrd",
        ]
    );
}

fn files_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn users_need_a_password() {
    let scratch = tempfile::tempdir().unwrap();
    let system = machine(scratch.path());
    let settings = Settings::default();
    let with = |user: User| {
        let grub = Grub { users: BTreeMap::from([("a".to_owned(), user)]), ..Grub::default() };
        let at = folder::At {
            folder: scratch.path(),
            extra: scratch.path(),
            boot: Place::on("", "/boot", 1),
            store: None,
        };
        let work = folder::Work { settings: &settings, grub: &grub, at, generations: &[] };
        work.fill(&system).map_err(|err| err.to_string())
    };
    let hash = |text: &str| User { hashed_password: Some(text.into()), ..User::default() };
    assert!(with(User::default()).unwrap_err().contains("has no password"));
    assert!(with(hash("$6$x")).unwrap_err().contains("grub-mkpasswd-pbkdf2"));
    with(hash("grub.pbkdf2.sha512.1.2")).unwrap();
    let text = fs::read_to_string(scratch.path().join("grub/grub.cfg")).unwrap();
    assert!(
        text.contains("password_pbkdf2 a grub.pbkdf2.sha512.1.2\nset superusers=\"a\"\n"),
        "{text}"
    );
}

#[test]
fn what_was_installed_is_noted_in_nixos_form() {
    let grub = Grub { bios: true, version: "2.06".into(), package: "/g".into(), ..Grub::default() };
    let boot = Boot {
        devices: vec!["/dev/a".into(), "/dev/b".into()],
        efi: "/boot".into(),
        ..Boot::default()
    };
    assert_eq!(
        program::note(&grub, &boot),
        "grub\n2.06\nno\n/dev/a,/dev/b\n/boot\n{\"extraGrubInstallArgs\":[],\"grub\":\"/g\",\"grubEfi\":\"\"}\n"
    );
}

#[test]
fn settings_are_read_as_the_module_writes_them() {
    let text = r#"{"boots":[{"path":"/boot","efi":"/boot","identifier":"NixOS-boot","devices":["/dev/sda"]}],
        "extraEntriesBeforeNixOS":true,"splashMode":"stretch","fsIdentifier":"uuid","bios":true,
        "users":{"root":{"hashedPasswordFile":null,"password":"x","passwordFile":null,"hashedPassword":null}}}"#;
    let grub: Grub = serde_json::from_str(text).unwrap();
    assert!(grub.look.extra_entries_first && grub.bios && grub.look.splash_mode == "stretch");
    assert_eq!(grub.users["root"].password.as_deref(), Some("x"));
    assert_eq!(grub.boots[0].devices, ["/dev/sda"]);
}
