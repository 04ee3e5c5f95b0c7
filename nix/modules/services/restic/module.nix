# restic: backups as jobs.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.restic.backups;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag maybe names;
  backupOptions =
    { name, ... }:
    {
      options = {
        package = lib.mkPackageOption pkgs "restic" { };
        passwordFile = maybe types.str "File of the repository's password.";
        environmentFile = maybe types.str "File of variables.";
        rcloneOptions = maybe (types.attrsOf (types.oneOf [ types.str types.bool ])) "Options of rclone.";
        rcloneConfig = maybe (types.attrsOf (types.oneOf [ types.str types.bool ])) "rclone's settings of the remote.";
        rcloneConfigFile = maybe types.path "File of rclone's settings.";
        inhibitsSleep = flag false "Whether the machine stays awake meanwhile.";
        repository = maybe types.str "The repository.";
        repositoryFile = maybe types.path "File that names it.";
        paths = mkOption {
          type = types.nullOr (types.listOf types.str);
          default = [ ];
          description = "What is backed up.";
        };
        command = names "A program whose output is backed up.";
        exclude = names "Patterns of what is left out.";
        timerConfig = mkOption {
          type = types.nullOr (types.attrsOf types.unspecified);
          default = {
            OnCalendar = "daily";
            Persistent = true;
          };
          description = "When the job runs.";
        };
        user = mkOption {
          type = types.str;
          default = "root";
          description = "User it runs as.";
        };
        extraBackupArgs = names "Further arguments of `restic backup`.";
        extraOptions = names "Further options of restic.";
        initialize = flag false "Whether a missing repository is made.";
        pruneOpts = names "What is kept of older backups.";
        runCheck = mkOption {
          type = types.bool;
          default = false;
          description = "Whether the repository is checked.";
        };
        checkOpts = names "Arguments of that check.";
        dynamicFilesFrom = maybe types.str "A script that prints what is backed up.";
        backupPrepareCommand = maybe types.str "A script that runs before.";
        backupCleanupCommand = maybe types.str "A script that runs after.";
        createWrapper = mkOption {
          type = types.bool;
          default = true;
          description = "Whether there is a program `restic-${name}`.";
        };
        progressFps = maybe types.number "How often progress is printed.";
      };
    };
  upper = name: lib.toUpper (lib.replaceStrings [ "-" ] [ "_" ] name);
  remote = repository: if repository == null then "" else lib.elemAt (lib.splitString ":" repository ++ [ "" ]) 1;
  value = v: if lib.isBool v then lib.boolToString v else v;
  variables = name: b:
    lib.filterAttrs (_: v: v != null) {
      RESTIC_CACHE_DIR = "/var/cache/restic-backups-${name}";
      RESTIC_PASSWORD_FILE = b.passwordFile;
      RESTIC_REPOSITORY = b.repository;
      RESTIC_REPOSITORY_FILE = if b.repositoryFile == null then null else "${b.repositoryFile}";
      RESTIC_PROGRESS_FPS = if b.progressFps == null then null else toString b.progressFps;
      RCLONE_CONFIG = if b.rcloneConfigFile == null then null else "${b.rcloneConfigFile}";
    }
    // lib.optionalAttrs (b.rcloneOptions != null) (
      lib.mapAttrs' (n: v: lib.nameValuePair "RCLONE_${upper n}" (value v)) b.rcloneOptions
    )
    // lib.optionalAttrs (b.rcloneConfig != null) (
      lib.mapAttrs' (n: v: lib.nameValuePair "RCLONE_CONFIG_${lib.toUpper (remote b.repository)}_${upper n}" (value v)) b.rcloneConfig
    );
  restic = b: "${b.package}/bin/restic${lib.concatMapStrings (o: " -o ${o}") b.extraOptions}";
  filesFrom = name: "/run/restic-backups-${name}/includes";
  service = name: b:
    let
      hasFiles = b.dynamicFilesFrom != null || (b.paths != null && b.paths != [ ]);
      doesBackup = hasFiles || b.command != [ ];
      excludes = lib.optional (b.exclude != [ ]) "--exclude-file=${pkgs.writeText "exclude-patterns" (lib.concatLines b.exclude)}";
      inhibit = lib.optionalString b.inhibitsSleep "${pkgs.systemd}/bin/systemd-inhibit --mode=block --who=restic --what=idle --why='Scheduled backup ${name}' ";
      backup =
        if b.command != [ ] then
          "${inhibit}${restic b} backup ${lib.concatStringsSep " " (b.extraBackupArgs ++ [ "--stdin-from-command=true" "--" ] ++ b.command)}"
        else
          "${inhibit}${restic b} backup ${lib.concatStringsSep " " (b.extraBackupArgs ++ excludes)} --files-from=${filesFrom name}";
    in
    lib.nameValuePair "restic-backups-${name}" {
      path = [ config.programs.ssh.package pkgs.rclone ];
      environment = variables name b;
      restartIfChanged = false;
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      serviceConfig = {
        Type = "oneshot";
        ExecStart =
          lib.optional doesBackup backup
          ++ lib.optionals (b.pruneOpts != [ ]) [
            "${restic b} unlock"
            "${restic b} forget --prune ${lib.concatStringsSep " " b.pruneOpts}"
          ]
          ++ lib.optional (b.runCheck || b.checkOpts != [ ]) "${restic b} check ${lib.concatStringsSep " " b.checkOpts}";
        User = b.user;
        RuntimeDirectory = "restic-backups-${name}";
        CacheDirectory = "restic-backups-${name}";
        CacheDirectoryMode = "0700";
        PrivateTmp = true;
        EnvironmentFile = lib.mkIf (b.environmentFile != null) b.environmentFile;
      };
      preStart =
        lib.optionalString (b.backupPrepareCommand != null) "${pkgs.writeScript "backup-prepare" b.backupPrepareCommand}\n"
        + lib.optionalString b.initialize "${restic b} cat config > /dev/null || ${restic b} init\n"
        + lib.optionalString (b.paths != null && b.paths != [ ]) "cat ${pkgs.writeText "static-paths" (lib.concatLines b.paths)} >> ${filesFrom name}\n"
        + lib.optionalString (b.dynamicFilesFrom != null) "${pkgs.writeScript "dynamic-files-from" b.dynamicFilesFrom} >> ${filesFrom name}\n";
      postStop =
        lib.optionalString (b.backupCleanupCommand != null) "${pkgs.writeScript "backup-cleanup" b.backupCleanupCommand}\n"
        + lib.optionalString hasFiles "rm -f ${filesFrom name}\n";
    };
  wrapper = name: b: pkgs.writeShellScriptBin "restic-${name}" ''
    set -a
    ${lib.optionalString (b.environmentFile != null) "source ${b.environmentFile}"}
    ${lib.concatStrings (lib.mapAttrsToList (n: v: "${n}=${lib.escapeShellArg v}\n") (variables name b))}
    PATH=${pkgs.openssh}/bin:${pkgs.rclone}/bin:$PATH
    exec ${restic b} "$@"
  '';
in
{
  options.services.restic.backups = mkOption {
    type = types.attrsOf (types.submodule backupOptions);
    default = { };
    description = "Backups by name.";
  };
  config = lib.mkIf (cfg != { }) {
    assertions = lib.mapAttrsToList (name: b: {
      assertion = (b.repository == null) != (b.repositoryFile == null) || b.environmentFile != null;
      message = "services.restic.backups.${name}: exactly one of repository and repositoryFile must be set.";
    }) cfg;
    systemd.services = lib.mapAttrs' service cfg;
    systemd.timers = lib.mapAttrs' (
      name: b:
      lib.nameValuePair "restic-backups-${name}" {
        wantedBy = [ "timers.target" ];
        timerConfig = b.timerConfig;
      }
    ) (lib.filterAttrs (_: b: b.timerConfig != null) cfg);
    environment.systemPackages = lib.mapAttrsToList wrapper (lib.filterAttrs (_: b: b.createWrapper) cfg);
  };
}
