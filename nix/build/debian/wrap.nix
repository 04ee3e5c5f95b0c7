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
      "export ${name}=${folders}\${${name}:+:\$${name}}\n"
    else
      "export ${name}=\"\${${name}-${raw}/${value}}\"\n";

  # A curated package made of a group by wrap-programs.sh, which says what `how` may have.
  wrapped =
    how: group:
    {
      pname ? group,
      # Modules that it only uses where they are.
      modules ? [ ],
      meta,
    }:
    let
      raw = groupOf group;
    in
    pkgs.runCommandLocal "${pname}-${raw.version}" (
      {
        interpreter = "";
        searched = [ ];
        lines = "";
      }
      // how raw
      // {
        inherit meta;
        inherit (pkgs) runtimeShell;
        raw = "${raw}";
        modules = map (module: "${module}") (raw.debianClosure ++ modules);
        passthru = {
          inherit pname;
          inherit (raw) debianClosure debianVersion version;
        };
      }
    ) (builtins.readFile ./wrap-programs.sh);

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
  fromDebianPython = wrapped (_: {
    interpreter = "python3";
    searched = [ "PYTHONPATH=lib/python3/dist-packages" ];
  });
  fromDebianRuby = wrapped (_: {
    interpreter = "ruby";
    searched = map (folder: "RUBYLIB=${folder}") rubyFolders ++ [ "GEM_PATH=share/rubygems-integration/all" ];
  });
  inherit rubyFolders;

  # fromDebianWrapped "units" { UNITSFILE = "share/units/definitions.units"; } { meta = { … }; }
  fromDebianWrapped =
    group: variables:
    wrapped (raw: {
      lines = lib.concatStrings (lib.mapAttrsToList (line raw) variables);
    }) group;
}
