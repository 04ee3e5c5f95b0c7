//! The modules of `base`, evaluated by the program that has it inside.

use std::path::Path;

use crate::user::User;

#[test]
fn machines_get_the_files_that_are_expected() {
    let user = User::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nix/modules/expect");
    let run = folder.join("run.nix").display().to_string();
    let mut count = 0;
    for entry in std::fs::read_dir(folder.join("cases")).unwrap() {
        let expected = entry.unwrap().path();
        if expected.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let name = expected.file_stem().unwrap().to_string_lossy().into_owned();
        let words =
            ["nix-instantiate", "--eval", "--raw", "--read-write-mode", run.as_str(), "-A", &name];
        let shown = user.run(&words);
        let expected = std::fs::read_to_string(&expected).unwrap();
        let (shown, expected) = (shown.trim_end(), expected.trim_end());
        for (at, (shown, expected)) in shown.lines().zip(expected.lines()).enumerate() {
            assert_eq!(shown, expected, "{name}, line {}", at + 1);
        }
        assert_eq!(shown.lines().count(), expected.lines().count(), "{name}");
        count += 1;
    }
    assert!(count >= 3);
}

/// Options of tests and of virtual machines, by what they change; no machine is started.
#[test]
fn options_of_tests_have_their_meaning() {
    let user = User::new();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/nixos-tests/options.nix");
    let cases = format!("import {} {{ }}", cases.display());
    let words =
        ["nix-instantiate", "--eval", "--strict", "--read-write-mode", "--expr", cases.as_str()];
    let failed = user.run(&words);
    assert_eq!(failed.trim_end(), "[ ]", "cases that do not hold");
}

/// What published code reads of nixpkgs' tree is there and evaluates.
#[test]
fn files_of_nixpkgs_are_where_they_are_expected() {
    let user = User::new();
    user.write(
        "machine.nix",
        r#"
        let
          pkgs = import <nixpkgs> { };
          profiles = [ "qemu-guest" "minimal" "headless" "base" "perlless" ];
          machine = import (pkgs.path + "/nixos/lib/eval-config.nix") {
            modules = [
              ({ modulesPath, ... }: {
                imports = map (name: modulesPath + "/profiles/${name}.nix") profiles ++ [
                  (modulesPath + "/installer/scan/not-detected.nix")
                ];
                nixpkgs.hostPlatform = "x86_64-linux";
                fileSystems."/".device = "/dev/vda";
              })
            ];
          };
          alone = pkgs.lib.evalModules {
            modules = [
              (pkgs.path + "/nixos/modules/misc/assertions.nix")
              (pkgs.path + "/nixos/modules/misc/meta.nix")
              { meta.maintainers = with pkgs.lib.maintainers; [ rycee ]; }
            ];
          };
          keys = import "${pkgs.path}/nixos/tests/ssh-keys.nix" pkgs;
          called = import <nixpkgs/nixos> {
            configuration = { fileSystems."/".device = "/dev/vda"; };
          };
        in
        builtins.toJSON [
          (machine.config.system.build.toplevel ? drvPath)
          alone.config.assertions
          alone.config.meta.maintainers
          (builtins.substring 0 19 keys.snakeOilPublicKey)
          (called.system ? drvPath)
        ]
        "#,
    );
    let words = ["nix-instantiate", "--eval", "--raw", "--read-write-mode", "machine.nix"];
    assert_eq!(
        user.run(&words),
        r#"[true,[],[{"github":"rycee","name":"rycee"}],"ecdsa-sha2-nistp256",true]"#
    );
}

/// Packages have their programs' versions and names, as nixpkgs' have; packages of other platforms are evaluated, linkers
/// are wrapped by files of nixpkgs, and a missing one stands for its package.
#[test]
fn packages_are_what_published_code_takes_them_for() {
    let user = User::new();
    user.write(
        "packages.nix",
        r#"
        let
          pkgs = import <nixpkgs> { };
          inherit (pkgs) lib;
          other = import <nixpkgs> { system = "aarch64-linux"; };
          text = name: builtins.readFile (pkgs.path + "/pkgs/build-support/${name}");
          wrappers = map text [
            "wrapper-common/utils.bash"
            "bintools-wrapper/add-flags.sh"
            "bintools-wrapper/add-hardening.sh"
            "bintools-wrapper/ld-wrapper.sh"
          ];
          file = pkgs.fetchurl { url = "http://example.org/a.tar"; hash = lib.fakeHash; };
          changed = file.overrideAttrs { __structuredAttrs = true; };
          renamed = file.overrideAttrs (old: { name = old.name + ".x"; url = "http://example.org/b"; });
          machine = import (pkgs.path + "/nixos/lib/eval-config.nix") {
            system = null;
            modules = [ { nixpkgs.hostPlatform = "x86_64-linux"; } ];
          };
          missing = pkgs.callPackage (pkgs.path + "/pkgs/by-name/nu/nushell/package.nix") { };
        in
        builtins.toJSON [
          pkgs.hello.name
          (lib.getVersion pkgs.hello)
          pkgs.hello.debianVersion
          pkgs.radicale.name
          (map (lib.versionAtLeast pkgs.nginx.version) [ "1.22.1" "1.22.2" ])
          [ (other.hello ? drvPath) other.hello.system (other.hello.drvPath != pkgs.hello.drvPath) ]
          (builtins.all (text: builtins.stringLength text > 50) wrappers)
          (lib.versionAtLeast missing.version "0.100")
          [ (changed.outPath == file.outPath) (changed.drvPath != file.drvPath) renamed.name renamed.url ]
          machine.config.nixpkgs.hostPlatform.isLinux
          (pkgs.pass.withExtensions (_: [ ])).name
        ]
        "#,
    );
    let words = ["nix-instantiate", "--eval", "--raw", "--read-write-mode", "packages.nix"];
    assert_eq!(
        user.run(&words),
        r#"["hello-2.10","2.10","2.10-3","radicale-3.1.8",[true,false],[true,"aarch64-linux",true],true,true,[true,true,"a.tar.x","http://example.org/b"],true,"pass-1.7.4"]"#
    );
}

/// What a configuration sets without effect is told with its option and file, and what `base` lacks with its name.
#[test]
fn what_has_no_effect_is_told() {
    let user = User::new();
    user.write(
        "services.nix",
        r#"{ lib, ... }: {
          services.gnome.games.enable = lib.mkIf false true;
          services.grafana = { enable = true; settings.server.http_port = 3000; };
          programs.wireshark.enable = true;
          services.jellyfin.enable = false;
          services.openssh = { enable = true; permitRootLogin = "no"; };
        }"#,
    );
    user.write(
        "machine.nix",
        r#"
        let
          machine = import <nixpkgs/nixos/lib/eval-config.nix> {
            system = "x86_64-linux";
            modules = [
              ({ modulesPath, ... }: {
                imports = [
                  ./services.nix
                  "${modulesPath}/installer/sd-card/sd-image-aarch64.nix"
                  "${modulesPath}/installer/sd-card/sd-image.nix"
                  "${modulesPath}/profiles/hardened.nix"
                ];
                sdImage.compressImage = false;
              })
            ];
          };
          inherit (machine) config;
        in
        builtins.concatStringsSep "\n" config.warnings
        + "\nroot: ${config.fileSystems."/".device}, ssh: ${config.services.openssh.settings.PermitRootLogin}"
        + "\nimage: ${builtins.toJSON (builtins.tryEval config.system.build.sdImage).success}\n"
        "#,
    );
    let words = ["nix-instantiate", "--eval", "--raw", "--read-write-mode", "machine.nix"];
    let shown = user.run(&words);
    let services = user.work().join("services.nix");
    for line in [
        format!("- services.grafana, set in {}", services.display()),
        format!("- programs.wireshark, set in {}", services.display()),
        "base has no hardened profile: the machine is made without.".to_owned(),
        "root: /dev/disk/by-label/NIXOS_SD, ssh: no".to_owned(),
        "image: false".to_owned(),
    ] {
        assert!(shown.lines().any(|shown| shown == line), "`{line}` is not in\n{shown}");
    }
    assert_eq!(shown.matches("base has no images of SD cards").count(), 1, "{shown}");
    assert!(shown.contains("`services.openssh.permitRootLogin' defined in"), "{shown}");
    assert!(!shown.contains("jellyfin") && !shown.contains("gnome"), "{shown}");
}

/// The machines of `spec/machines` give the derivation of a system.
#[test]
fn machines_as_people_write_them_are_evaluated() {
    let user = User::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/machines");
    for entry in std::fs::read_dir(folder).unwrap() {
        let module = std::fs::canonicalize(entry.unwrap().path()).unwrap();
        if module.extension().is_none_or(|extension| extension != "nix") {
            continue;
        }
        let expression = format!(
            "(import <nixpkgs/nixos> {{ configuration = {{ imports = [ {} ]; \
             fileSystems.\"/\".device = \"/dev/vda\"; }}; }}).system.drvPath",
            module.display()
        );
        let words = ["nix-instantiate", "--eval", "--raw", "--read-write-mode", "--expr"];
        let shown = user.run(&[&words[..], &[&expression]].concat());
        assert!(shown.ends_with(".drv"), "{}: {shown}", module.display());
    }
}

/// Accounts of services that `base` lacks are there when these are enabled, unless somebody chose other ones.
#[test]
fn accounts_of_lacking_services_are_made() {
    let user = User::new();
    user.write(
        "machine.nix",
        r#"
        let
          machine = import <nixpkgs/nixos> {
            configuration = {
              fileSystems."/".device = "/dev/vda";
              users.users.telegraf.extraGroups = [ "disk" ];
              services = {
                telegraf.enable = true;
                hydra.enable = true;
                forgejo.enable = true;
                headscale = { enable = true; user = "own"; };
                gitea.enable = false;
              };
            };
          };
          inherit (machine.config.users) users groups;
        in
        builtins.toJSON [
          (machine.system ? drvPath)
          [ users.telegraf.uid users.telegraf.group users.telegraf.extraGroups ]
          [ users.hydra-www.group groups.hydra.gid users.forgejo.isSystemUser ]
          [ (users ? headscale) (users ? gitea) ]
        ]
        "#,
    );
    let words = ["nix-instantiate", "--eval", "--raw", "--read-write-mode", "machine.nix"];
    assert_eq!(
        user.run(&words),
        r#"[true,[256,"telegraf",["disk"]],["hydra",122,true],[false,false]]"#
    );
}

/// A machine with packages that `base` lacks is evaluated, with a warning for each; building one fails with its name.
#[test]
fn what_is_lacking_is_told_when_it_is_needed() {
    let user = User::new();
    user.write(
        "machine.nix",
        r#"
        let
          config = { pkgs, ... }: {
            fileSystems."/".device = "/dev/vda";
            environment.systemPackages = with pkgs; [ nushell (ripgrep.override { withPCRE2 = true; }) ];
            fonts.packages = [ pkgs.nerd-fonts.hack ];
          };
          machine = import <nixpkgs/nixos> { configuration = config; };
        in
        builtins.isString machine.system.drvPath
        "#,
    );
    let words = ["nix-instantiate", "--eval", "--read-write-mode", "machine.nix"];
    let output = user.call(&words);
    let shown = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "true\n", "{shown}");
    assert_eq!(shown.matches("base has no package `nushell'").count(), 1, "{shown}");
    assert!(shown.contains("`withPCRE2' given to `ripgrep.override' has no effect"), "{shown}");
    let (_, shown) = user.fails(&["nix-build", "--no-out-link", "<nixpkgs>", "-A", "nushell"]);
    assert!(
        shown.contains("Builder failed: base has no package `nushell'")
            || shown.matches("base has no package `nushell'").count() > 1,
        "{shown}"
    );
}

/// What the doc comments of the library show of a store and of git, where `./project` is a repository
/// with `tracked.txt` in it, and another file that is not.
#[test]
fn examples_with_a_store_are_true() {
    let user = User::new();
    user.write("project/tracked.txt", "");
    let project = user.work().join("project");
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    for words in [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "--message=one"]]
    {
        let mut git = std::process::Command::new("git");
        let git = git.args(identity).args(words).current_dir(&project);
        assert!(git.status().unwrap().success(), "git {words:?}");
    }
    user.write("project/other.txt", "");
    let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nix/lib");
    let mut count = 0;
    for file in ["attrsets/outputs", "customisation/default", "fileset/default", "sources/git"] {
        let text = std::fs::read_to_string(lib.join(file).with_extension("nix")).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for pair in lines.windows(2) {
            let (example, Some(result)) = (pair[0], pair[1].strip_prefix("=> ")) else { continue };
            let needed = ["builtins.toFile", "derivation {", "./project"];
            if needed.iter().any(|what| example.contains(what)) {
                let text = format!("let lib = import <nixpkgs/lib>; in ({example}) == {result}");
                user.write("example.nix", &text);
                let words = ["nix-instantiate", "--eval", "--read-write-mode", "example.nix"];
                assert_eq!(user.run(&words).trim(), "true", "{example}");
                count += 1;
            }
        }
    }
    assert_eq!(count, 5);
}
