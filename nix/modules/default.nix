# The module set of `base`: every folder with a `module.nix` in one of the categories below.
# A leading underscore hides work in progress; `expect` folders hold golden files.
let
  hidden = name: builtins.substring 0 1 name == "_" || name == "expect";
  walk =
    dir:
    let
      entries = builtins.readDir dir;
      folders = builtins.filter (name: entries.${name} == "directory" && !hidden name) (
        builtins.attrNames entries
      );
    in
    (if entries ? "module.nix" then [ (dir + "/module.nix") ] else [ ])
    ++ builtins.concatMap (name: walk (dir + "/${name}")) folders;
in
# A category without a module yet is not there, as git keeps no empty folders.
builtins.concatMap walk (
  builtins.filter builtins.pathExists [
    ./core
    ./filesystems
    ./hardware
    ./known
    ./programs
    ./services
    ./virtualisation
  ]
)
