# Packages of Debian whose programs look for their parts in folders of /usr: wrappers tell them the folders of
# the store. In a system they find them in the merged `/usr` as well.
{
  lib,
  pkgs,
  groupOf,
}:
let
  # The shell's line for a variable: a path in the package, where the user has not set it; or folders, before those of
  # the user.
  line =
    raw: name: value:
    if builtins.isList value then
      let
        folders = lib.concatMapStringsSep ":" (path: "${raw}/${path}") value;
      in
      "export ${name}=${folders}\${${name}:+:\$${name}}"
    else
      "export ${name}=\"\${${name}-${raw}/${value}}\"";

  # A curated package that a script makes of a group.
  wrapped =
    raw: script:
    {
      pname,
      meta,
      ...
    }@variables:
    pkgs.runCommandLocal "${pname}-${raw.version}" (
      removeAttrs variables [ "pname" ]
      // {
        inherit meta;
        inherit (pkgs) runtimeShell;
        raw = "${raw}";
        passthru = {
          inherit pname;
          inherit (raw) version debianClosure;
        };
      }
    ) (builtins.readFile script);

  # A curated package whose programs in a language find the modules of its closure.
  withModules =
    language: group:
    {
      pname ? group,
      # Modules that it only uses where they are.
      modules ? [ ],
      meta,
    }:
    let
      raw = groupOf group;
    in
    wrapped raw ./programs-with-modules.sh (
      language
      // {
        inherit pname meta;
        modules = map (module: "${module}") (raw.debianClosure ++ modules);
      }
    );

  rubyFolders = [
    "lib/ruby/vendor_ruby"
    "lib/ruby/3.1.0"
    "lib/x86_64-linux-gnu/ruby/3.1.0"
  ];

  # Whether who builds with a library has to see a group that it needs: not what every build has anyway.
  isSeen =
    group:
    !builtins.elem group.groupName [
      "bash"
      "dash"
      "gcc"
      "glibc"
      "libc-dev"
      "perl"
      "perl-base"
      "python3"
    ];
in
{
  # withDev pkgs.zlib "zlib1g-dev": a library with the output `dev`. Who builds with it gets `devInputs`.
  withDev =
    package: name:
    let
      dev = groupOf name;
    in
    package
    // {
      inherit dev;
      devInputs = [ package ] ++ lib.filter isSeen dev.debianClosure;
    };

  # Debian's python and ruby look for modules in /usr, which a package in the store does not have.
  # fromDebianPython "borgbackup" { meta = { … }; }
  fromDebianPython = withModules {
    interpreter = "python3";
    searched = [ "PYTHONPATH=lib/python3/dist-packages" ];
  };
  fromDebianRuby = withModules {
    interpreter = "ruby";
    searched = map (folder: "RUBYLIB=${folder}") rubyFolders ++ [ "GEM_PATH=share/rubygems-integration/all" ];
  };
  inherit rubyFolders;

  # fromDebianWrapped "units" { UNITSFILE = "share/units/definitions.units"; } { meta = { … }; }
  fromDebianWrapped =
    group: variables:
    {
      pname ? group,
      meta,
    }:
    let
      raw = groupOf group;
    in
    wrapped raw ./programs-with-variables.sh {
      inherit pname meta;
      lines = lib.concatStringsSep "\n" (lib.mapAttrsToList (line raw) variables);
    };
}
