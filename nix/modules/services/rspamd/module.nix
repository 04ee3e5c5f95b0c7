# Rspamd: judges mail.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkDefault mkOption optional optionalString types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines maybe names text;
  cfg = config.services.rspamd;
  postfix = config.services.postfix;
  isUnix = lib.hasPrefix "/";
  short = name: if name == "rspamd_proxy" then "proxy" else name;

  socketModule =
    { config, ... }:
    {
      options = {
        socket = mkOption {
          type = types.str;
          example = "localhost:11333";
          description = "Address and port, or path.";
        };
        mode = text "0644" "Mode of a socket with a path.";
        owner = text cfg.user "Its owner.";
        group = text cfg.group "Its group.";
        rawEntry = mkOption {
          type = types.str;
          internal = true;
          description = "What stands in the configuration.";
        };
      };
      config.rawEntry = mkDefault (
        if isUnix config.socket then
          "${config.socket} mode=${config.mode} owner=${config.owner} group=${config.group}"
        else
          config.socket
      );
    };
  unixSocket = name: {
    socket = "/run/rspamd/${name}.sock";
    mode = "0660";
    owner = cfg.user;
    inherit (cfg) group;
  };
  # What kinds of workers have, unless something else is said.
  kinds = {
    normal = [ (unixSocket "rspamd") ];
    controller = [ "localhost:11334" ];
    fuzzy = [ ];
    rspamd_proxy = [ (unixSocket "proxy") ];
  };
  workerModule =
    { name, ... }:
    {
      options = {
        enable = maybe types.bool "Whether the worker runs; what Rspamd says itself, if unset.";
        name = mkOption {
          type = types.nullOr types.str;
          default = name;
          description = "Name.";
        };
        type = mkOption {
          type = types.nullOr (types.enum [ "normal" "controller" "fuzzy" "rspamd_proxy" "lua" "proxy" ]);
          description = "Kind.";
          apply = kind: if kind == "proxy" then lib.warn "services.rspamd.workers.${name}.type: `proxy` is called `rspamd_proxy` now." "rspamd_proxy" else kind;
        };
        bindSockets = mkOption {
          type = types.listOf (types.coercedTo types.str (socket: if isUnix socket then { inherit socket; rawEntry = socket; } else { inherit socket; }) (types.submodule socketModule));
          default = [ ];
          description = "Where it listens.";
        };
        count = maybe types.int "How many of them.";
        includes = names "Files that belong to its configuration.";
        extraConfig = lines "Lines of its configuration.";
      };
      config = lib.mkIf (kinds ? ${name}) {
        type = mkDefault name;
        includes = mkDefault [ "$CONFDIR/worker-${short name}.inc" ];
        bindSockets = mkDefault kinds.${name};
      };
    };
  fileModule =
    prefix:
    { name, config, ... }:
    {
      options = {
        enable = flag true "Whether the file is there.";
        text = maybe types.lines "Text of the file.";
        source = mkOption {
          type = types.path;
          description = "The file.";
        };
      };
      config.source = lib.mkIf (config.text != null) (mkDefault (pkgs.writeText "rspamd-${prefix}-${baseNameOf name}" config.text));
    };
  files =
    prefix:
    mkOption {
      type = types.attrsOf (types.submodule (fileModule prefix));
      default = { };
      description = "Files of the folder `${prefix}.d`.";
    };

  # Lines of the person's own that are missing are no mistake; those that were written here must be there.
  include = try: name: ''
    .include(try=true; priority=1,duplicate=merge) "$LOCAL_CONFDIR/local.d/${name}.inc"
    .include(try=${lib.boolToString try}; priority=10) "$LOCAL_CONFDIR/override.d/${name}.inc"
  '';
  workerText =
    name: worker:
    ''
      worker "${worker.type}" {
      type = "${worker.type}";
    ''
    + optionalString (worker.enable != null) "enabled = ${lib.boolToYesNo worker.enable};\n"
    + lib.concatMapStrings (socket: "bind_socket = \"${socket.rawEntry}\";\n") worker.bindSockets
    + optionalString (worker.count != null) "count = ${toString worker.count};\n"
    + lib.concatMapStrings (file: ".include \"${file}\"\n") worker.includes
    + include (worker.extraConfig == "") "worker-${short name}"
    + "}\n";
  main = pkgs.writeText "rspamd.conf" (
    ''
      .include "$CONFDIR/common.conf"
      options {
      pidfile = "$RUNDIR/rspamd.pid";
      .include "$CONFDIR/options.inc"
      ${include true "options"}}
      logging {
      type = "syslog";
      .include "$CONFDIR/logging.inc"
      ${include true "logging"}}
    ''
    + lib.concatStrings (lib.mapAttrsToList workerText cfg.workers)
    + optionalString (cfg.extraConfig != "") ".include(priority=10) \"$LOCAL_CONFDIR/override.d/extra-config.inc\"\n"
  );
  enabled = lib.filterAttrs (_: file: file.enable);
  place = folder: lib.concatStrings (lib.mapAttrsToList (name: file: ''
    mkdir -p "$(dirname "$out/${folder}/${name}")"
    ln -sf ${file.source} "$out/${folder}/${name}"
  '') (enabled (if folder == "local.d" then cfg.locals else cfg.overrides)));
  # Debian's Rspamd has one folder for what it brings and what is the machine's own.
  folder = pkgs.runCommandLocal "etc-rspamd" { } (
    ''
      mkdir $out
      for part in ${pkgs.rspamd}/etc/rspamd/*; do
        case "$part" in */local.d | */override.d | */rspamd.conf) ;; *) ln -s "$part" $out/ ;; esac
      done
      mkdir $out/local.d $out/override.d
      ln -s ${main} $out/rspamd.conf
    ''
    + optionalString (cfg.localLuaRules != null) "ln -s ${cfg.localLuaRules} $out/rspamd.local.lua\n"
    + place "local.d"
    + place "override.d"
  );
in
{
  imports = [
    (lib.mkRemovedOptionModule [ "services" "rspamd" "socketActivation" ] "It never worked, and is not there any more.")
    (lib.mkRenamedOptionModule [ "services" "rspamd" "bindSocket" ] [ "services" "rspamd" "workers" "normal" "bindSockets" ])
    (lib.mkRenamedOptionModule [ "services" "rspamd" "bindUISocket" ] [ "services" "rspamd" "workers" "controller" "bindSockets" ])
  ];
  options.services.rspamd = {
    enable = lib.mkEnableOption "Rspamd, which judges mail";
    debug = flag false "Whether it tells more.";
    user = text "rspamd" "User it runs as.";
    group = text "rspamd" "Group it runs as.";
    locals = files "local";
    overrides = files "override";
    localLuaRules = maybe types.path "File with rules of one's own, `rspamd.local.lua`.";
    workers = mkOption {
      type = types.attrsOf (types.submodule workerModule);
      default = {
        normal = { };
        controller = { };
      };
      description = "Workers by name.";
    };
    extraConfig = lines "Lines at the end of the configuration.";
    postfix = {
      enable = flag false "Whether Postfix asks it.";
      config = mkOption {
        type = types.attrsOf (types.oneOf [ types.bool types.str (types.listOf types.str) ]);
        default = {
          smtpd_milters = [ "unix:/run/rspamd/rspamd-milter.sock" ];
          non_smtpd_milters = [ "unix:/run/rspamd/rspamd-milter.sock" ];
        };
        description = "Postfix' settings for that.";
      };
    };
  };
  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (lib.mkIf cfg.postfix.enable {
        services.rspamd.workers = {
          controller = { };
          rspamd_proxy = {
            bindSockets = [
              {
                socket = "/run/rspamd/rspamd-milter.sock";
                mode = "0660";
                owner = cfg.user;
                inherit (postfix) group;
              }
            ];
            extraConfig = ''
              upstream "local" {
                default = yes;
                self_scan = yes;
              }
            '';
          };
        };
        services.postfix.settings.main = cfg.postfix.config;
        systemd.services.rspamd.serviceConfig.SupplementaryGroups = [ postfix.group ];
      })
      {
        services.rspamd.overrides =
          lib.mapAttrs' (name: worker: lib.nameValuePair "worker-${short name}.inc" { text = worker.extraConfig; }) (
            lib.filterAttrs (_: worker: worker.extraConfig != "") cfg.workers
          )
          // lib.optionalAttrs (cfg.extraConfig != "") { "extra-config.inc".text = cfg.extraConfig; };
        environment.systemPackages = [ pkgs.rspamd ];
        system.usrPackages = [ pkgs.rspamd ];
        environment.etc.rspamd.source = folder;
        users.users.${cfg.user} = {
          description = "rspamd daemon";
          isSystemUser = true;
          inherit (cfg) group;
        };
        users.groups.${cfg.group} = { };
        systemd.services.rspamd = {
          description = "Rspamd Service";
          wantedBy = [ "multi-user.target" ];
          after = [ "network.target" ];
          restartTriggers = [ folder ];
          serviceConfig = import ../../hardening.nix // {
            ExecStart = "${pkgs.rspamd}/bin/rspamd ${optionalString cfg.debug "-d"} -c /etc/rspamd/rspamd.conf -f";
            Restart = "always";
            User = cfg.user;
            Group = cfg.group;
            RuntimeDirectory = "rspamd";
            RuntimeDirectoryMode = "0755";
            StateDirectory = "rspamd";
            StateDirectoryMode = "0700";
            # Its rules are compiled as they run.
            MemoryDenyWriteExecute = false;
            PrivateDevices = true;
            ProtectSystem = "strict";
            UMask = "0077";
            AmbientCapabilities = [ ];
            CapabilityBoundingSet = "";
            DevicePolicy = "closed";
            PrivateUsers = false;
            ProcSubset = "all";
            ProtectClock = true;
            RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_UNIX" ];
          };
        };
      }
    ]
  );
}
