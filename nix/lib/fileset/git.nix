# The files that git tracks, as a set.
{ lib }:
let
  inherit (builtins)
    isPath
    mapAttrs
    pathExists
    readDir
    typeOf
    ;
  inherit (lib.filesystem) pathType;

  tree = import ./tree.nix { inherit lib; };

  # The set below one path of the files there are below another.
  mirror =
    local: stored:
    let
      folder =
        path:
        mapAttrs (name: type: if type == "directory" then folder (path + "/${name}") else type) (
          readDir path
        );
    in
    tree.create local (folder stored);

  # Without the folder `.git`, git had a part in copying the tree: everything there is tracked.
  inStore =
    function: argument: path:
    if pathExists (path + "/.git") then
      throw ''
        lib.fileset.${function}: The ${argument} (${toString path}) is a store path within a working tree of a Git repository.
            This indicates that a source directory was imported into the store using a method such as `import "''${./.}"` or `path:.`.
            This function currently does not support such a use case, since it currently relies on `builtins.fetchGit`.
            You could make this work by using a fetcher such as `fetchGit` instead of copying the whole repository.
            If you can't avoid copying the repo to the store, see https://github.com/NixOS/nix/issues/9292.''
    else
      tree.ofPath path;

  # Only by fetching does the language know what git tracks.
  inWorkTree =
    function: argument: path: options:
    let
      fetched = builtins.fetchGit (
        {
          url = path;
          shallow = true;
        }
        // options
      );
    in
    if pathExists (path + "/.git") then
      mirror path fetched.outPath
    else
      throw "lib.fileset.${function}: Expected the ${argument} (${toString path}) to point to a local working tree of a Git repository, but it's not.";
in
{
  tracked =
    function: argument: path: options:
    if !isPath path then
      throw "lib.fileset.${function}: Expected the ${argument} to be a path, but it's a ${typeOf path} instead."
    else if pathType path != "directory" then
      throw "lib.fileset.${function}: Expected the ${argument} (${toString path}) to be a directory, but it's a file instead."
    else if lib.path.hasStorePathPrefix path then
      inStore function argument path
    else
      inWorkTree function argument path options;
}
