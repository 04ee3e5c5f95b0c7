# Folders of links.
{
  pkgs,
  lib,
  system,
}:
let
  # One tree with the files of many packages; see `nix-env`'s profiles.
  buildEnv =
    lib.makeOverridable (
      {
        name ? null,
        pname ? null,
        version ? null,
        paths,
        pathsToLink ? [ "/" ],
        extraOutputsToInstall ? [ ],
        includeClosures ? false,
        extraPrefix ? "",
        ignoreCollisions ? false,
        checkCollisionContents ? true,
        ignoreSingleFileOutputs ? false,
        manifest ? "",
        postBuild ? "",
        nativeBuildInputs ? [ ],
        buildInputs ? [ ],
        passthru ? { },
        meta ? { },
        derivationArgs ? { },
      }:
      let
        outputsOf =
          package:
          if !lib.isAttrs package then
            [ package ]
          else
            let
              chosen =
                if !package ? outputSpecified || !package.outputSpecified then
                  map (output: package.${output}) (package.meta.outputsToInstall or [ "out" ])
                else
                  [ package ];
              extra = lib.filter (output: output != null) (
                map (output: package.${output} or null) extraOutputsToInstall
              );
            in
            chosen ++ extra;
        chosen = map (package: {
          paths = map (output: "${output}") (lib.unique (outputsOf package));
          priority = package.meta.priority or lib.meta.defaultPriority or 5;
        }) (lib.filter (package: package != null) paths);
      in
      pkgs.runCommand
        (
          if name != null then
            name
          else if pname != null && version != null then
            "${pname}-${version}"
          else
            throw "buildEnv: a name is needed"
        )
        (
          {
            inherit
              pathsToLink
              extraPrefix
              postBuild
              nativeBuildInputs
              buildInputs
              passthru
              meta
              manifest
              ;
            ignoreCollisions = if lib.isInt ignoreCollisions then ignoreCollisions else if ignoreCollisions then 1 else 0;
            checkCollisionContents = if checkCollisionContents then 1 else 0;
            links = lib.concatMapStringsSep "\n" (
              item: lib.concatMapStringsSep "\n" (path: "${toString item.priority} ${path}") item.paths
            ) chosen;
            passAsFile = [ "links" ];
            preferLocalBuild = true;
            allowSubstitutes = false;
          }
          // derivationArgs
        )
        ''
          . ${./build-env.sh}
          eval "$postBuild"
        ''
    );
in
{
  inherit buildEnv;

  # symlinkJoin { name; paths; postBuild; }: like buildEnv, first path wins.
  symlinkJoin =
    args@{
      name ?
        if args ? pname && args ? version then
          "${args.pname}-${args.version}"
        else
          throw "symlinkJoin: a name is needed",
      paths,
      stripPrefix ? "",
      preferLocalBuild ? true,
      allowSubstitutes ? false,
      postBuild ? "",
      failOnMissing ? stripPrefix == "",
      meta ? { },
      passthru ? { },
      ...
    }:
    pkgs.runCommand name
      (
        removeAttrs args [ "name" "postBuild" "stripPrefix" "paths" "failOnMissing" ]
        // {
          inherit preferLocalBuild allowSubstitutes meta;
          passthru = passthru // { inherit paths; };
          joined = map (path: "${path}${stripPrefix}") (lib.filter (path: path != null) paths);
          passAsFile = [ "joined" ];
        }
      )
      ''
        mkdir -p $out
        for path in $(cat $joinedPath); do
          if [ -d "$path" ]; then
            # Folders are made anew, so that later paths and `postBuild` may add to them.
            (cd "$path" && find . -type d -printf '%P\0' | sed -z '/^$/d') | (cd $out && xargs -0r mkdir -p --)
            (cd "$path" && find . ! -type d -printf '%P\0') | while IFS= read -r -d "" file; do
              [ -e "$out/$file" ] || [ -L "$out/$file" ] || ln -s "$path/$file" "$out/$file"
            done
          ${lib.optionalString failOnMissing ''
            elif ! [ -e "$path" ]; then
              echo "error: $path does not exist" >&2
              exit 1
          ''}
          fi
        done
        ${postBuild}
      '';

  # linkFarm NAME { "place" = path; … } or [ { name; path; } … ]
  linkFarm =
    name: entries:
    let
      list =
        if lib.isAttrs entries then
          lib.mapAttrsToList (name: path: { inherit name path; }) entries
        else
          entries;
    in
    import ../tree.nix {
      inherit system name;
      entries = {
        "".folder = true;
      }
      // builtins.listToAttrs (
        map (entry: {
          inherit (entry) name;
          value.link = "${entry.path}";
        }) list
      );
    }
    // {
      passthru.entries = builtins.listToAttrs (
        map (entry: {
          inherit (entry) name;
          value = entry.path;
        }) list
      );
    };
  linkFarmFromDrvs =
    name: drvs:
    pkgs.linkFarm name (
      map (drv: {
        inherit (drv) name;
        path = drv;
      }) drvs
    );
  onlyBin =
    drv:
    pkgs.runCommandLocal "${lib.getName drv}-only-bin" { } ''
      mkdir -p $out
      ln -s ${lib.getBin drv}/bin $out/bin
    '';
  copyPathToStore = builtins.filterSource (_: _: true);
  copyPathsToStore = map (builtins.filterSource (_: _: true));
  emptyFile = pkgs.runCommandLocal "empty-file" {
    outputHash = "sha256-d6xi4mKdjkX2JFicDIv5niSzpyI0m/Hnm8GGAIU04kY=";
    outputHashMode = "recursive";
  } "touch $out";
  emptyDirectory = pkgs.runCommandLocal "empty-directory" {
    outputHash = "sha256-pQpattmS9VmO3ZIQUFn66az8GSmB4IvYhTTCFn6SUmo=";
    outputHashMode = "recursive";
  } "mkdir $out";
}
