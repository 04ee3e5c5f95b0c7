# Evaluates the cases of this folder with stub packages and shows what a machine would get: its
# units, its files in `/etc` and the plan of its activation; or the same of its initial file system, where
# systemd makes that. A case is `cases/NAME.nix`, a module;
# what it must give is `cases/NAME.txt`.
#
#   nix-instantiate --eval --json --strict run.nix -A NAME
{
  lib ? import ../../lib,
}:
let
  pkgs = import ./stub-pkgs.nix { inherit lib; };
  evaluate =
    module:
    (import ../eval-config.nix {
      inherit lib pkgs;
      system = "x86_64-linux";
      modules = [ module ];
    }).config;

  # Hashes change with every detail of a builder; what matters here is which file is meant.
  withoutHashes =
    text:
    lib.concatMapStrings (part: if lib.isList part then "/nix/store/…-" else part) (
      builtins.split "/nix/store/[0-9a-z]{32}-" (builtins.unsafeDiscardStringContext text)
    );
  section = name: text: "== ${name}\n${lib.removeSuffix "\n" text}\n\n";

  unit =
    name: u:
    let
      links = lib.concatMapStrings (x: "(wanted by ${x})\n") u.wantedBy
        + lib.concatMapStrings (x: "(required by ${x})\n") u.requiredBy
        + lib.concatMapStrings (x: "(alias ${x})\n") u.aliases;
    in
    section "unit ${name}" (
      (if u.enable then u.text else "(masked)\n") + links
    );
  file =
    entry:
    section "etc ${entry.target}${lib.optionalString (entry.mode != "symlink") " (${entry.mode})"}" (
      entry.content.text or "-> ${entry.content.link}"
    );
  # Masked generators and udev rules are the same everywhere.
  interesting = entry: entry.enable && (entry.content.link or "") != "/dev/null";

  # An initial file system made by systemd, and what the boot loader is told. Its machine is like others.
  initrd = config: config.boot.initrd.systemd;
  showInitrd =
    config:
    withoutHashes (
      lib.concatStrings (
        lib.mapAttrsToList (name: unit ("initrd ${name}")) (
          lib.filterAttrs (_: u: u.text != "" || u.wantedBy != [ ]) (initrd config).units
        )
      )
      + lib.concatStrings (
        lib.mapAttrsToList (
          place: entry:
          section "initrd file ${place}" (if entry.text != null then entry.text else "-> ${entry.source}")
        ) (lib.filterAttrs (_: entry: entry.enable) (initrd config).contents)
      )
      + section "initrd links" (
        lib.concatStrings (
          lib.mapAttrsToList (place: target: "${place} -> ${target}\n") (initrd config).archive.links
        )
      )
      + section "initrd modules" (
        lib.concatMapStrings (name: name + "\n") config.system.build.initrdPlan.modules
      )
      + section "boot loader" (builtins.toJSON config.system.activationPlan.bootLoader)
    );

  showMachine =
    config:
    withoutHashes (
      lib.concatStrings (lib.mapAttrsToList unit config.systemd.units)
      + lib.concatMapStrings file (lib.filter interesting (lib.attrValues config.environment.etc))
      + section "users" (
        lib.concatMapStrings (
          user: "${user.name} ${toString user.uid} ${user.group} ${user.home} ${user.shell}\n"
        ) config.system.activationPlan.users.users
      )
      + section "steps" (
        lib.concatMapStrings (
          step: (step.builtin or "${step.name} (snippet)") + "\n"
        ) config.system.activationPlan.steps
      )
    );
  show = config: (if (initrd config).enable then showInitrd else showMachine) config;
  names = map (lib.removeSuffix ".nix") (
    lib.filter (lib.hasSuffix ".nix") (lib.attrNames (builtins.readDir ./cases))
  );
in
lib.genAttrs names (name: show (evaluate (./cases + "/${name}.nix")))
