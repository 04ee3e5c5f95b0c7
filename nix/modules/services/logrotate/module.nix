# logrotate: logs that grow are put aside, packed and removed in time.
{ config, lib, pkgs, utils, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag maybe names;
  cfg = config.services.logrotate;

  ours = [ "enable" "files" "global" "priority" ];
  scripts = [ "firstaction" "lastaction" "postrotate" "preremove" "prerotate" ];
  line =
    name: value:
    if name == "frequency" then
      value
    else if lib.elem name scripts then
      "${name}\n    ${value}\n  endscript"
    else if builtins.isBool value then
      (if value then name else "no${name}")
    else
      "${name} ${toString value}";
  linesOf = values: lib.mapAttrsToList line (lib.filterAttrs (name: value: value != null && !lib.elem name ours) values);
  sectionOf =
    values:
    if values.global or false then
      lib.concatLines (linesOf values)
    else
      lib.concatMapStringsSep "\n" (name: "\"${name}\"") (lib.toList values.files)
      + " {\n"
      + lib.concatMapStrings (text: "  ${text}\n") (linesOf values)
      + "}\n";
  # What every machine writes.
  logins = lib.mapAttrs (files: mode: {
    inherit files;
    priority = 1000;
    frequency = "monthly";
    rotate = 1;
    create = "${mode} root utmp";
    minsize = "1M";
  }) { "/var/log/btmp" = "0660"; "/var/log/wtmp" = "0664"; };
  header = {
    missingok = true;
    notifempty = true;
    frequency = "weekly";
    rotate = 4;
  }
  // cfg.settings.header or { }
  // {
    global = true;
    priority = 100;
  };
  sections = lib.sortOn (values: values.priority) (
    lib.filter (values: values.enable or true) (lib.attrValues (logins // cfg.settings // { inherit header; }))
  );
  plainFile = pkgs.writeText "logrotate.conf" (lib.concatMapStringsSep "\n" sectionOf sections);
  # Users and files are not there while this is built.
  checkedFile = pkgs.runCommandLocal "logrotate.conf" { } ''
    sed -E -e "s/\bsu\s.*/su $(id -un) $(id -gn)/" \
      -e "s/\b((create|createolddir)\b(\s+[0-9]+)?).*/\1 $(id -un) $(id -gn)/" \
      -e 1imissingok -e "s/\bnomissingok\b//" ${plainFile} > logrotate.conf
    chmod 644 logrotate.conf
    if ! ${pkgs.logrotate}/bin/logrotate -s status --debug logrotate.conf > log 2>&1 || grep -q error: log; then
      echo "logrotate refuses the configuration below: (services.logrotate.checkConfig = false leaves this check out)"
      cat logrotate.conf
      grep error: log
      exit 1
    fi
    cp ${plainFile} $out
  '';
  sendsMail = lib.any (values: !lib.elem (values.mail or false) [ false null ]) (lib.attrValues cfg.settings);
  # It takes root's own files only, and in a container the store may be somebody else's.
  ofRoot = pkgs.writeShellScript "logrotate-of-root" ''
    cp --no-preserve=ownership,mode "''${@: -1}" /run/logrotate.conf
    exec ${pkgs.logrotate}/bin/logrotate "''${@:1:$#-1}" /run/logrotate.conf
  '';
  program = if config.boot.isContainer then "${ofRoot}" else "${pkgs.logrotate}/bin/logrotate";
  arguments = utils.escapeSystemdExecArgs cfg.extraArgs;
in
{
  imports = map (name: lib.mkRemovedOptionModule [ "services" "logrotate" name ] "Use `services.logrotate.settings`.") [ "config" "extraConfig" "paths" ];

  options.services.logrotate = {
    enable = lib.mkEnableOption "logrotate, which puts old logs aside" // {
      default = lib.any (values: values.enable) (lib.attrValues cfg.settings);
      defaultText = lib.literalMD "whether `settings` says something";
    };
    allowNetworking = lib.mkEnableOption "the network for logrotate, as for mail";
    settings = mkOption {
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            freeformType = types.attrsOf (types.nullOr (types.oneOf [ types.int types.bool types.str ]));
            options = {
              enable = flag true "Whether this section counts.";
              global = flag false "Whether these settings are for all sections that follow.";
              files = mkOption {
                type = types.either types.str (types.listOf types.str);
                default = name;
                defaultText = lib.literalMD "the section's name";
                description = "Files or patterns.";
              };
              frequency = maybe types.str "How often, such as `weekly`.";
              priority = mkOption {
                type = types.int;
                default = 1000;
                description = "Where it stands among others: smaller comes first.";
              };
            };
          }
        )
      );
      default = { };
      example."/var/log/app.log" = {
        frequency = "daily";
        rotate = 3;
      };
      description = "Sections of the configuration, by file; `header` is for all of them.";
    };
    configFile = mkOption {
      type = types.path;
      default = if cfg.checkConfig then checkedFile else plainFile;
      defaultText = lib.literalMD "made from `settings`";
      description = "The configuration.";
    };
    checkConfig = flag true "Whether the configuration is checked when the machine is built.";
    extraArgs = names "Further arguments.";
  };

  config = lib.mkIf cfg.enable {
    systemd.services.logrotate = {
      description = "Logrotate Service";
      documentation = [ "man:logrotate(8)" "man:logrotate(5)" ];
      startAt = "hourly";
      serviceConfig =
        import ../../hardening.nix
        // {
          Type = "oneshot";
          ExecStart = lib.concatStringsSep " " (
            [ program ]
            ++ lib.optional (cfg.extraArgs != [ ]) arguments
            ++ lib.optional sendsMail "--mail=/run/wrappers/bin/sendmail"
            ++ [ "${cfg.configFile}" ]
          );
          StateDirectory = "logrotate";
          Nice = 19;
          IOSchedulingClass = "best-effort";
          IOSchedulingPriority = 7;
          CapabilityBoundingSet = [ "CAP_CHOWN" "CAP_DAC_OVERRIDE" "CAP_FOWNER" "CAP_KILL" "CAP_SETUID" "CAP_SETGID" ];
          DevicePolicy = "closed";
          PrivateDevices = true;
          ProtectClock = true;
          ProtectSystem = "full";
          # Folders with the group's bit are made.
          RestrictSUIDSGID = false;
          SystemCallFilter = [ "@system-service" "~@privileged @resources" "@chown @setuid" ];
          UMask = "0027";
        }
        // lib.optionalAttrs (!cfg.allowNetworking) {
          PrivateNetwork = true;
          RestrictAddressFamilies = [ "AF_UNIX" ];
        };
    };
    systemd.services.logrotate-checkconf = {
      description = "Logrotate configuration check";
      wantedBy = [ "multi-user.target" ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${program} ${arguments} --debug ${cfg.configFile}";
      };
    };
  };
}
