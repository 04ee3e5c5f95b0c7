# Groups of maintainers. Those of nixpkgs are there by name (as of July 2026), for published packages say
# `meta.teams = [ lib.teams.… ]`; who is in them is not known here.
{ lib }:
let
  names = "
    acme agda android apparmor bazel beam blockchains budgie buildbot c categorization ci cinnamon
    cockpit coq cosmic cosmopolitan cuda danklinux darwin dhall docker docs dotnet electron emacs
    enlightenment feel-co flutter forgejo formatter freedesktop gcc geospatial gitlab gnome
    gnome-circle golang graalvm-ce haskell home-assistant hyprland infisical java jetbrains jitsi
    jupyter k3s kodi kubernetes libretro linux-kernel lisp lix llvm lomiri loongarch64 lua lumina
    lxc lxqt marketing mate matrix minimal-bootstrap module-system neovim nextcloud ngi nim nix
    nixos-rebuild node ocaml octodns openstack pantheon perl php podman postgres python qt-kde r
    radicle redis rocm rust sage sdl security-review stdenv steam swift systemd test-driver tts
    windows xen xfce zig
  ";
  named = name: {
    inherit name;
    value = {
      members = [ ];
      scope = "";
      shortName = name;
    };
  };
in
builtins.listToAttrs (map named (builtins.filter (name: builtins.isString name && name != "") (builtins.split "[[:space:]]+" names)))
// {
  firn = {
    members = [ lib.maintainers.firn ];
    scope = "Everything in this distribution.";
    shortName = "firn";
  };
}
