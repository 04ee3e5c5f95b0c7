# Looking at the file system while evaluating.
{ lib }:
let
  inherit (builtins)
    attrNames
    concatMap
    filter
    isString
    match
    pathExists
    readDir
    ;
  inherit (lib.strings) hasSuffix removeSuffix;

  # For evaluators that lack the builtin: the kind an entry has in its folder.
  readFileType =
    builtins.readFileType or (
      path:
      # The root has no entry anywhere.
      if dirOf path == path then
        "directory"
      else
        (readDir (dirOf path)).${baseNameOf path}
    );

  filesystem = {
    inherit (builtins)
      baseNameOf
      dirOf
      hashFile
      isPath
      readDir
      ;
    inherit readFileType;

    /**
      What a path is: `"regular"`, `"directory"`, `"symlink"` or `"unknown"`.

      # Type
      `pathType :: Path -> String`

      # Example
      lib.pathType /.
      => "directory"
    */
    pathType = readFileType;

    /**
      Whether a path exists and is a folder.

      # Type
      `pathIsDirectory :: Path -> Bool`

      # Example
      lib.pathIsDirectory /.
      => true
    */
    pathIsDirectory = path: pathExists path && readFileType path == "directory";

    /**
      Whether a path exists and is a regular file.

      # Type
      `pathIsRegularFile :: Path -> Bool`

      # Example
      lib.pathIsRegularFile /.
      => false
    */
    pathIsRegularFile = path: pathExists path && readFileType path == "regular";

    /**
      The sub-folders that hold a file `<name>.cabal`, by name.

      # Type
      `haskellPathsInDir :: Path -> { String = Path; }`

      # Example
      lib.filesystem.haskellPathsInDir ./teams
      => { }
    */
    haskellPathsInDir =
      root:
      lib.attrsets.filterAttrs (name: path: pathExists (path + "/${name}.cabal")) (
        builtins.mapAttrs (name: _: root + "/${name}") (readDir root)
      );

    /**
      The nearest folder, from a path upwards, with entries that match a regular expression:
      `{ path, matches }`, or `null`.

      # Type
      `locateDominatingFile :: String -> Path -> Nullable { path :: Path; matches :: [[String]]; }`

      # Example
      (lib.filesystem.locateDominatingFile "aliases\\.nix" ./teams).path
      => ./.
    */
    locateDominatingFile =
      pattern: start:
      let
        search =
          folder:
          let
            matches = filter (groups: groups != null) (map (match pattern) (attrNames (readDir folder)));
          in
          if matches != [ ] then
            {
              path = folder;
              inherit matches;
            }
          else if toString folder == "/" then
            null
          else
            search (dirOf folder);
        isFolder =
          toString start == "/" || (readDir (dirOf start)).${baseNameOf start} or null == "directory";
      in
      search (if isFolder then start else dirOf start);

    /**
      The paths of all files below a folder.

      # Type
      `listFilesRecursive :: Path -> [Path]`

      # Example
      lib.filesystem.listFilesRecursive ./teams
      => [ ./teams/default.nix ]
    */
    listFilesRecursive =
      folder:
      let
        entries = readDir folder;
        list =
          name:
          let
            path = folder + "/${name}";
          in
          if entries.${name} == "directory" then filesystem.listFilesRecursive path else [ path ];
      in
      concatMap list (attrNames entries);

    /**
      A set of packages from a folder: `name.nix` and `name/package.nix` are called and become `name`,
      other folders become sets. With `newScope` the packages of a set see each other.

      # Type
      `packagesFromDirectoryRecursive :: { callPackage, directory, newScope ? } -> AttrSet`

      # Example
      lib.filesystem.packagesFromDirectoryRecursive { callPackage = path: _: baseNameOf path; directory = ./teams; }
      => { default = "default.nix"; }
    */
    packagesFromDirectoryRecursive =
      {
        callPackage,
        directory,
        newScope ? null,
      }@args:
      let
        inFolder =
          callArgs:
          lib.attrsets.concatMapAttrs (
            name: kind:
            let
              path = directory + "/${name}";
            in
            if kind == "directory" then
              { ${name} = filesystem.packagesFromDirectoryRecursive (callArgs // { directory = path; }); }
            else if kind != "regular" then
              throw "lib.filesystem.packagesFromDirectoryRecursive: Unsupported file type ${kind} at path ${toString path}\n"
            else if hasSuffix ".nix" name then
              { ${removeSuffix ".nix" name} = callArgs.callPackage path { }; }
            else
              { }
          ) (readDir directory);
        package = directory + "/package.nix";
        inScope = self: inFolder (args // { inherit (self) callPackage newScope; });
      in
      if pathExists package then
        callPackage package { }
      else if args ? newScope then
        lib.attrsets.recurseIntoAttrs (lib.customisation.makeScope newScope inScope)
      else
        inFolder args;

    /**
      The file that `import` reads for a path: a folder's is its `default.nix`.

      # Type
      `resolveDefaultNix :: Path | String -> Path | String`

      # Example
      lib.filesystem.resolveDefaultNix "/no/such/folder/"
      => "/no/such/folder/default.nix"
    */
    resolveDefaultNix =
      path:
      if filesystem.pathIsDirectory path then
        path + "/default.nix"
      # Only a folder can be named with a slash at the end.
      else if isString path && hasSuffix "/" path then
        path + "default.nix"
      else
        path;
  };
in
filesystem
