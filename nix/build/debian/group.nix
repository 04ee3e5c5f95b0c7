# One group of Debian packages as a derivation.
{
  lib,
  system,
  relocation,
}:
let
  upstream = import ./upstream.nix;

  # attrs: name, version (as Debian has it, for names of store paths), debianVersion, description, debs, debNames, dependencies, links, and optionally pname, meta, passthru
  mkGroup =
    attrs:
    present attrs (if system == platform then unpacked attrs else absent attrs);

  # Debian's packages here are those of one platform.
  platform = "x86_64-linux";
  absent =
    attrs:
    derivation {
      name = "${attrs.name}-${attrs.version}";
      inherit system;
      builder = "builtin:lacking";
      lacking = "base has no `${attrs.name}' for ${system}: its packages are Debian's for ${platform}. Build it for that platform, or take nixpkgs.";
      preferLocalBuild = true;
      allowSubstitutes = false;
    };
  unpacked =
    attrs:
    derivation {
      name = "${attrs.name}-${attrs.version}";
      inherit system relocation;
      inherit (attrs) debs links;
      builder = "builtin:debian";
      __structuredAttrs = true;
      dependencies = map (group: group.outPath) attrs.dependencies;
    };

  # What users of the package see, around its derivation.
  present =
    attrs@{
      name,
      debianVersion,
      description,
      dependencies,
      debNames,
      pname ? name,
      meta ? { },
      passthru ? { },
      ...
    }:
    base:
    let
      version = upstream debianVersion;
      package =
        base
        // {
          inherit pname version debianVersion passthru debNames;
          name = "${pname}-${version}";
          groupName = name;
          out = package;
          outputs = [ "out" ];
          outputName = "out";
          # Debian's packages hold everything in one output.
          dev = package;
          static = package;
          lib = package;
          bin = package;
          man = package;
          doc = package;
          all = [ package ];
          meta = {
            inherit description;
            name = "${pname}-${version}";
            platforms = [ "x86_64-linux" ];
            available = true;
            broken = false;
            unfree = false;
            unsupported = false;
            insecure = false;
            maintainers = [ ];
            outputsToInstall = [ "out" ];
          }
          // meta;
          # This store path and those that it may need, nearest first.
          debianClosure = [ package ] ++ dependencies;
          curate =
            more: present (attrs // more // { passthru = passthru // more.passthru or { }; }) base;
          override = _: package;
          overrideDerivation = package.overrideAttrs;
          overrideAttrs = f: mkGroup (attrs // (if lib.isFunction f then changes f attrs else f));
        }
        // passthru;
      # Both forms that nixpkgs knows: `old: { }` and `final: prev: { }`.
      changes =
        f: old:
        let
          result = f old;
        in
        if lib.isFunction result then f package old else result;
    in
    package;
in
mkGroup
