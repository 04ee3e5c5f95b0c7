# Images of containers, as nixpkgs' `dockerTools` makes them; nothing of the machine's own is asked for.
{ pkgs, lib }:
let
  inherit (pkgs) runCommand runCommandLocal writeText;

  # What of the arguments the image says of itself.
  settingsOf =
    {
      name,
      tag ? null,
      config ? null,
      created ? "1970-01-01T00:00:01Z",
      architecture ? "amd64",
      uid ? 0,
      gid ? 0,
      maxLayers ? 100,
      ...
    }:
    {
      inherit
        created
        architecture
        uid
        gid
        maxLayers
        ;
      name = lib.toLower name;
      tag = toString tag;
      config = if config == null then { } else config;
    };

  # What `base` has not: an image below, commands as root of a machine.
  checked =
    args:
    let
      unknown = lib.filter (name: args.${name} or null != null && args.${name} or "" != "") [
        "fromImage"
        "runAsRoot"
      ];
    in
    if unknown == [ ] then
      args
    else
      throw "dockerTools: base makes images from nothing: `${lib.head unknown}' of `${args.name}' can't be used here; put what the image needs into `contents'";

  # The folder of the top layer: contents, and what commands make of them.
  topOf =
    args:
    let
      contents = lib.toList (
        if args.copyToRoot or null != null then args.copyToRoot else args.contents or [ ]
      );
    in
    runCommand "${args.name}-top"
      {
        tree = pkgs.symlinkJoin {
          name = "${args.name}-contents";
          paths = lib.filter (path: path != null) contents;
        };
        extraCommands = args.extraCommands or "";
        fakeRootCommands = args.fakeRootCommands or "";
        passAsFile = [
          "extraCommands"
          "fakeRootCommands"
        ];
        preferLocalBuild = true;
      }
      ''
        mkdir $out
        cp -a "$tree"/. $out/
        chmod -R u+w $out
        cd $out
        . "$extraCommandsPath"
        . "$fakeRootCommandsPath"
      '';

  # The script that writes the image to standard output.
  streamLayeredImage =
    given:
    let
      args = checked given;
      settings = settingsOf args;
      top = topOf args;
      described = writeText "${args.name}-image.json" (builtins.toJSON (settings // { tag = imageTag; }));
      # As in nixpkgs, an image without a tag has that of its content.
      imageTag =
        if settings.tag != "" then
          settings.tag
        else
          lib.head (lib.splitString "-" (baseNameOf "${top}"));
      closure = pkgs.closureInfo {
        rootPaths = [
          top
          (writeText "${args.name}-config.json" (builtins.toJSON settings.config))
        ];
      };
      paths = if args.includeStorePaths or true then "${closure}/store-paths" else "/dev/null";
    in
    runCommandLocal "stream-${args.name}"
      {
        passthru = {
          imageName = settings.name;
          inherit imageTag;
          isExe = true;
        };
        meta.mainProgram = "stream-${args.name}";
      }
      ''
        {
          echo '#!${pkgs.runtimeShell}'
          echo 'exec ${lib.getExe pkgs.python3} ${./image.py} ${described} ${paths} ${top} "$@"'
        } > $out
        chmod +x $out
      '';

  buildLayeredImage =
    args:
    let
      stream = streamLayeredImage args;
    in
    runCommandLocal "${baseNameOf args.name}.tar.gz" {
      passthru = {
        inherit (stream) imageName imageTag;
        inherit stream;
      };
    } "${stream} | gzip -n > $out";

  link =
    name: place: target:
    runCommandLocal name { } ''
      mkdir -p $out/${dirOf place}
      ln -s ${target} $out/${place}
    '';
in
{
  inherit streamLayeredImage buildLayeredImage;
  # Layers are of no matter for what is built at once.
  buildImage = args: buildLayeredImage ({ maxLayers = 2; } // args);

  binSh = link "bin-sh" "bin/sh" "${pkgs.bashInteractive}/bin/bash";
  usrBinEnv = link "usr-bin-env" "usr/bin/env" "${pkgs.coreutils}/bin/env";
  caCertificates = runCommandLocal "ca-certificates" { } ''
    mkdir -p $out/etc/ssl/certs $out/etc/pki/tls/certs
    for place in ssl/certs/ca-bundle.crt ssl/certs/ca-certificates.crt pki/tls/certs/ca-bundle.crt; do
      ln -s ${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt $out/etc/$place
    done
  '';
  fakeNss = pkgs.symlinkJoin {
    name = "fake-nss";
    paths = [
      (pkgs.writeTextDir "etc/passwd" ''
        root:x:0:0:root user:/var/empty:/bin/sh
        nobody:x:65534:65534:nobody:/var/empty:/bin/sh
      '')
      (pkgs.writeTextDir "etc/group" ''
        root:x:0:
        nobody:x:65534:
      '')
      (pkgs.writeTextDir "etc/nsswitch.conf" ''
        hosts: files dns
      '')
    ];
  };
}
