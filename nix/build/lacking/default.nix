# What nixpkgs has and `base` lacks, by name: a machine or shell that names such a package can be evaluated as
# far as that goes. Whoever asks for its store path is warned, and building it fails with its name (`builtin:lacking`).
#
# Facts about nixpkgs (of July 2026): `packages.json` has the names at the root, 0 for a package and 1 for
# a function that makes one; `sets/NAME.json` the same for a set of packages, `kernels.json` the names of kernels.
# `versions.json` has versions of packages at the root, which configurations compare.
#
# `linuxPackages` are the packages of the kernel that there is.
{
  lib,
  system,
  linuxPackages,
}:
let
  inherit (builtins)
    attrNames
    fromJSON
    isAttrs
    isFunction
    listToAttrs
    mapAttrs
    readDir
    readFile
    ;

  # One that looks like a package to modules and functions, whatever they change about it.
  # `extra` are attributes of its own.
  standIn =
    extra: pname: sentence:
    let
      drv = derivation {
        name = lib.strings.sanitizeDerivationName pname;
        inherit system;
        builder = "builtin:lacking";
        lacking = sentence;
        preferLocalBuild = true;
        allowSubstitutes = false;
      };
      # One warning, whichever is asked for first.
      told = lib.warn sentence drv;
      same = _: self;
      self = {
        type = "derivation";
        name = drv.name;
        inherit pname;
        version = "0";
        inherit system;
        outputs = [ "out" ];
        outputName = "out";
        drvPath = told.drvPath;
        outPath = told.outPath;
        all = [ self ];
        passthru = { };
        override = same;
        overrideAttrs = same;
        overrideDerivation = same;
        withPackages = same;
        withPlugins = same;
        withExtensions = same;
        # By which a search passes it over.
        isLacking = true;
        meta = {
          name = drv.name;
          description = "A package of nixpkgs that base lacks";
          mainProgram = pname;
          position = "base:0";
          outputsToInstall = [ "out" ];
          available = false;
          broken = false;
          insecure = false;
          unfree = false;
          unsupported = false;
          license = [ ];
          maintainers = [ ];
          platforms = lib.platforms.all;
        };
      }
      // lib.genAttrs [ "out" "bin" "dev" "lib" "man" "doc" "info" "debug" "unwrapped" "goModules" ] same
      // extra;
    in
    self;

  # Neovim's own Lua, of which configurations compute search paths.
  lua = self: {
    lua = self // {
      pkgs.luaLib = {
        genLuaPathAbsStr = packages: "${packages}/share/lua/5.1/?.lua";
        genLuaCPathAbsStr = packages: "${packages}/lib/lua/5.1/?.so";
      };
    };
  };

  # Read when somebody asks for a version.
  versions = fromJSON (readFile ./versions.json);
  version = path: name: { version = if path == "" then versions.${name} or "0" else "0"; };

  package =
    path: name:
    standIn (version path name // lib.optionalAttrs (name == "neovim-unwrapped") (lua (package "" "luajit"))) name "base has no package `${path}${name}': what needs it can't be built here. Use another package, leave it out, or take nixpkgs for it (`firn search base ${name}' looks for names that base has).";

  nameIn =
    fallback: args:
    if isFunction args then
      nameIn fallback (args (package "" fallback))
    else if isAttrs args then
      args.pname or (args.name or fallback)
    else
      fallback;
  # A builder: what it is called with names the package that it would make.
  function =
    path: name:
    let
      self = {
        __functor =
          _: args:
          let
            pname = lib.toString (nameIn name args);
            made =
              extra:
              standIn extra pname "base has no `${path}${name}', which makes `${pname}': that package can't be built here.";
          in
          # What wraps a package takes it before its other arguments.
          if args.type or null == "derivation" then
            made { __functor = _: more: made (said path name more); }
          else
            made (said path name args);
        override = _: self;
      };
    in
    self;

  # A machine with a kernel that is lacking is described as with the one there is; what can't be had is its files.
  kernel =
    name:
    linuxPackages
    // {
      kernel =
        linuxPackages.kernel
        // removeAttrs (package "" "linux_${name}") [
          "meta"
          "passthru"
          "version"
        ];
    };

  kernels = fromJSON (readFile ./kernels.json);
  kernelsBy =
    prefix: value:
    listToAttrs (
      map (name: {
        name = prefix + name;
        value = value (kernel name);
      }) kernels
    );

  # What others read of a result that its arguments say.
  said =
    path: name: args:
    if isFunction args then
      said path name (args (package "" name))
    else if !isAttrs args then
      { }
    else
      args.passthru or { }
      // lib.optionalAttrs (args ? version) { inherit (args) version; }
      // lib.optionalAttrs (lib.hasInfix "Neovim" name) {
        initRc = "";
        luaRcContent = "";
      }
      // lib.optionalAttrs (path == "dockerTools.") {
        imageName = args.name or "image";
        imageTag = if args.tag or null == null then "lacking" else args.tag;
      };

  members = path: mapAttrs (name: kind: (if kind == 1 then function else package) path name);
  sets = listToAttrs (
    map (
      file:
      let
        name = lib.removeSuffix ".json" file;
      in
      {
        inherit name;
        value = {
          isLacking = true;
        }
        // members "${name}." (fromJSON (readFile (./sets + "/${file}")));
      }
    ) (attrNames (readDir ./sets))
  );

  # A file of nixpkgs that is called as a package: whether it is one by its path, and what stands for it. Its folder's
  # name or its own tell which package.
  folders = "by-name|applications|build-support|data|desktops|development|games|misc|os-specific|servers|shells|tools";
  isFile =
    file:
    !isFunction file
    && (builtins.isPath file || builtins.isString file)
    && builtins.match ".*/pkgs/(${folders})/.*" (toString file) != null
    && !builtins.pathExists file;
  file =
    path:
    let
      parts = lib.splitString "/" (builtins.unsafeDiscardStringContext (toString path));
      own = lib.removeSuffix ".nix" (lib.last parts);
      folder = lib.last (lib.init parts);
      isFolder = own == lib.last parts;
      names =
        if isFolder then
          [ own ]
        else if own == "default" || own == "package" then
          [ folder ]
        else
          [ "${folder}-${own}" own folder ];
      known = builtins.filter (name: packages ? ${name}) names;
    in
    if known == [ ] then package "" (builtins.head names) else packages.${builtins.head known};

  packages =
    members "" (fromJSON (readFile ./packages.json))
    // sets
    // kernelsBy "linuxPackages_" (packages: packages)
    // {
      makeRustPlatform = _: sets.rustPlatform;
      emacsPackagesFor =
        emacs:
        let
          scope = sets.emacsPackages or { } // {
            inherit emacs;
            emacsWithPackages = _: emacs // { inherit emacs; };
            withPackages = scope.emacsWithPackages;
            overrideScope = _: scope;
          };
        in
        scope;
    };
in
{
  inherit file isFile packages sets;
  linuxKernel = {
    packages = kernelsBy "linux_" (packages: packages);
    kernels = kernelsBy "linux_" (packages: packages.kernel);
  };
}
