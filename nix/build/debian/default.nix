# Debian's packages in the store.
#
#   debian          every package of lock.json by Debian's name; several may be one store path
#   debianMore      those of more.json
#   debianGroups    the store paths of lock.json by name of the group
#   fromDebian      a curated package from a group
#   wrapDebian      a curated package made around a group, of links and wrappers
#   fromDebianPython, fromDebianRuby, fromDebianWrapped   a curated package whose programs find their parts in the store: see wrap.nix
#   withDev         a library with what is needed to build with it
#   mergedUsr       the merged `/usr` tree of a system
{
  pkgs,
  lib,
  system,
}:
let
  lock = builtins.fromJSON (builtins.readFile ../../pkgs/debian/lock.json);
  # What no machine needs is read only if somebody asks for it.
  more = builtins.fromJSON (builtins.readFile ../../pkgs/debian/more.json);

  # Version of the builders' behaviour, see `RELOCATION` in crates/firn-debian.
  relocation = "2";

  # A .deb by hash. The host that serves it is chosen when it is fetched.
  fetchDeb =
    deb:
    let
      path = builtins.elemAt deb 2;
      url = "mirror://debian/${path}";
    in
    derivation {
      name = builtins.replaceStrings [ "~" "%3a" ] [ "-" "-" ] (baseNameOf path);
      system = "builtin";
      builder = "builtin:fetchurl";
      inherit url;
      urls = [ url ];
      outputHashMode = "flat";
      outputHashAlgo = "sha256";
      outputHash = builtins.elemAt deb 3;
      executable = false;
      unpack = false;
      preferLocalBuild = true;
    };

  # Groups that any other may use without declaring it, and which of them a group gets: none
  # that needs the group itself.
  implicitClosure = closureOf lock.implicit (name: lock.groups.${name}.needs);
  before =
    name: names:
    if names == [ ] || builtins.head names == name then
      [ ]
    else
      [ (builtins.head names) ] ++ before name (builtins.tail names);
  implicitFor =
    name:
    if !builtins.elem name implicitClosure then
      lock.implicit
    else if builtins.elem name lock.implicit then
      before name lock.implicit
    else
      [ ];
  withImplicit = builtins.mapAttrs (name: group: group.needs ++ implicitFor name);
  coreNeeds = withImplicit lock.groups;
  moreNeeds = withImplicit more.groups;
  needsOf = name: coreNeeds.${name} or moreNeeds.${name};

  # Names reached from `roots`, nearest first.
  closureOf =
    roots: needs:
    map (item: item.key) (
      builtins.genericClosure {
        startSet = map (key: { inherit key; }) roots;
        operator = item: map (key: { inherit key; }) (needs item.key);
      }
    );

  # Debian's version of a group: that of the package it is named after, else of its first.
  versionOf =
    name: group:
    let
      named = builtins.filter (deb: builtins.head deb == name) group.debs;
    in
    builtins.elemAt (builtins.head (named ++ group.debs)) 1;

  mkGroup = import ./group.nix { inherit lib system relocation; };

  mkGroups = builtins.mapAttrs (
    name: group:
    mkGroup {
      inherit name;
      inherit (group) version description;
      debianVersion = versionOf name group;
      links = group.links or { };
      debs = map fetchDeb group.debs;
      debNames = map builtins.head group.debs;
      dependencies = map groupOf (closureOf (needsOf name) needsOf);
    }
  );
  debianGroups = mkGroups lock.groups;
  moreGroups = mkGroups more.groups;
  groupOf = name: debianGroups.${name} or moreGroups.${name};

  # Every package of a lock by its own name.
  packagesOf =
    groups: made:
    builtins.listToAttrs (
      builtins.concatMap (
        name:
        map (deb: {
          name = builtins.head deb;
          value = made.${name};
        }) groups.${name}.debs
      ) (builtins.attrNames groups)
    );

  # The Debian groups that a package consists of and needs, for a merged tree.
  # A package of another kind stands for itself.
  groupsOf =
    package:
    package.debianClosure or [
      {
        groupName = package.outPath;
        outPath = package.outPath;
      }
    ];
in
import ./wrap.nix { inherit lib pkgs groupOf; }
// {
  inherit debianGroups;

  debian = packagesOf lock.groups debianGroups;
  debianMore = packagesOf more.groups moreGroups;

  # fromDebian "coreutils" { pname = "…"; meta = { … }; passthru = { … }; }
  fromDebian =
    group: attrs:
    (groupOf group).curate (
      {
        pname = group;
      }
      // attrs
    );

  # wrapDebian debianGroups.git { meta = { … }; } "mkdir -p $out/bin …"
  wrapDebian =
    group:
    {
      pname,
      meta,
      passthru ? { },
    }:
    pkgs.runCommandLocal "${pname}-${group.version}" {
      inherit meta;
      passthru = {
        inherit pname;
        inherit (group) debianClosure debianVersion version;
      }
      // passthru;
    };

  # The merged `/usr` of a system that has `packages`, with all Debian groups which they need.
  # `wrappers` names the programs that are run through /run/wrappers because they need rights
  # which no file in the store can have.
  mergedUsr =
    {
      name ? "usr",
      packages,
      wrappers ? [
        "su"
        "mount"
        "umount"
        "newgrp"
        "passwd"
        "chsh"
        "chfn"
        "gpasswd"
        "chage"
        "expiry"
        "sudo"
        "ping"
        "unix_chkpwd"
      ],
      osRelease ? null,
      # Links to add, by place in the tree.
      links ? { },
      # Groups left out, by name, though others depend on them.
      without ? [ ],
    }:
    derivation {
      inherit name system relocation links;
      builder = "builtin:debian-usr";
      __structuredAttrs = true;
      paths = map (item: item.path) (
        builtins.genericClosure {
          startSet = map (group: {
            key = builtins.unsafeDiscardStringContext group.groupName;
            path = group.outPath;
          }) (builtins.filter (group: !builtins.elem group.groupName without) (builtins.concatMap groupsOf packages));
          operator = _: [ ];
        }
      );
      inherit wrappers;
      osRelease = if osRelease == null then "" else osRelease;
      preferLocalBuild = true;
      allowSubstitutes = false;
    };
}
