# BorgBackup: backups as jobs, and repositories for others' backups.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.borgbackup;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines maybe names text;
  isLocal = repo: lib.hasPrefix "/" repo;
  jobOptions =
    { name, config, ... }:
    {
      options = {
        paths = mkOption {
          type = types.nullOr (types.coercedTo types.str lib.singleton (types.listOf types.str));
          default = null;
          description = "What is backed up.";
        };
        dumpCommand = maybe types.path "A program whose output is backed up instead.";
        createCommand = mkOption {
          type = types.enum [ "create" "import-tar" ];
          default = "create";
          description = "Borg's command that makes archives.";
        };
        repo = mkOption {
          type = types.str;
          description = "The repository.";
        };
        removableDevice = flag false "Whether the repository is on a device that is not always there.";
        archiveBaseName = mkOption {
          type = types.nullOr types.str;
          default = "${systemName}-${name}";
          description = "What names of archives begin with.";
        };
        dateFormat = text "+%Y-%m-%dT%H:%M:%S" "How their date is written.";
        startAt = mkOption {
          type = types.either types.str (types.listOf types.str);
          default = "daily";
          description = "When the job runs.";
        };
        persistentTimer = flag false "Whether a missed run is made up for.";
        inhibitsSleep = flag false "Whether the machine stays awake meanwhile.";
        user = text "root" "User it runs as.";
        group = text "root" "Group it runs as.";
        wrapper = maybe types.str "Name of a program that calls Borg for this repository.";
        encryption.mode = mkOption {
          type = types.enum [ "repokey" "keyfile" "repokey-blake2" "keyfile-blake2" "authenticated" "authenticated-blake2" "none" ];
          description = "How the repository is encrypted.";
        };
        encryption.passCommand = maybe types.str "A command that prints the passphrase.";
        encryption.passphrase = maybe types.str "The passphrase, readable in the store.";
        compression = text "lz4" "How archives are compressed.";
        exclude = names "Patterns of what is left out.";
        patterns = names "Patterns of what is taken and left out.";
        readWritePaths = mkOption {
          type = types.listOf types.path;
          default = [ ];
          description = "Folders that the job may write to.";
        };
        privateTmp = flag true "Whether `/tmp` is its own.";
        failOnWarnings = flag true "Whether a warning is a failure.";
        doInit = flag true "Whether a missing repository is made.";
        appendFailedSuffix = flag true "Whether archives of failed runs are named `.failed`.";
        prune.keep = mkOption {
          type = types.attrsOf (types.either types.int types.str);
          default = { };
          description = "How many archives are kept.";
        };
        prune.prefix = mkOption {
          type = types.nullOr types.str;
          default = config.archiveBaseName;
          description = "Archives that are looked at.";
        };
        environment = mkOption {
          type = types.attrsOf types.str;
          default = { };
          description = "Variables.";
        };
        preHook = lines "Commands before.";
        postInit = lines "Commands after the repository was made.";
        postCreate = lines "Commands after the archive was made.";
        postPrune = lines "Commands after old archives were removed.";
        postHook = lines "Commands at the end, with `$exitStatus`.";
      }
      // lib.genAttrs [ "extraArgs" "extraInitArgs" "extraCreateArgs" "extraPruneArgs" "extraCompactArgs" ] (
        _:
        mkOption {
          type = types.coercedTo types.str (text: lib.filter (word: word != "") (lib.splitString " " text)) (types.listOf types.str);
          default = [ ];
          description = "Further arguments.";
        }
      );
    };
  systemName = config.networking.hostName;
  words = lib.concatStringsSep " ";
  keep = job: lib.concatStrings (lib.mapAttrsToList (unit: n: " --keep-${unit}=${toString n}") job.prune.keep);
  secret = job:
    lib.optionalAttrs (job.encryption.passCommand != null) { BORG_PASSCOMMAND = job.encryption.passCommand; }
    // lib.optionalAttrs (job.encryption.passphrase != null) { BORG_PASSPHRASE = job.encryption.passphrase; };
  borg = "borg";
  script = job:
    ''
      on_exit()
      {
        exitStatus=$?
        ${lib.optionalString (job.postHook != "") "# The commands at the end see how it went."}
        ${job.postHook}
        exit $exitStatus
      }
      trap on_exit EXIT
      borgWrapper () {
        local result
        ${borg} "$@" && result=$? || result=$?
        if [[ -z "${lib.optionalString job.failOnWarnings "1"}" ]] && [[ "$result" == 1 || ("$result" -ge 100 && "$result" -le 127) ]]; then
          echo "ignoring warning return value $result"
          return 0
        else
          return "$result"
        fi
      }
      archiveName="${lib.optionalString (job.archiveBaseName != null) "${job.archiveBaseName}-"}$(date ${job.dateFormat})"
      archiveSuffix="${lib.optionalString job.appendFailedSuffix ".failed"}"
      ${job.preHook}
    ''
    + lib.optionalString job.doInit ''
      if ! ${borg} list ${words job.extraArgs} > /dev/null; then
        borgWrapper init ${words job.extraArgs} --encryption ${job.encryption.mode} ${words job.extraInitArgs}
        ${job.postInit}
      fi
    ''
    + ''
      (
        set -o pipefail
        ${lib.optionalString (job.dumpCommand != null) "${lib.escapeShellArg job.dumpCommand} |"} \
        borgWrapper ${job.createCommand} ${words job.extraArgs} \
          --compression ${job.compression} \
          ${lib.concatMapStringsSep " " (p: "--exclude ${lib.escapeShellArg p}") job.exclude} \
          ${lib.concatMapStringsSep " " (p: "--pattern ${lib.escapeShellArg p}") job.patterns} \
          ${words job.extraCreateArgs} \
          "::$archiveName$archiveSuffix" \
          ${if job.paths == null then "-" else lib.escapeShellArgs job.paths}
      )
    ''
    + lib.optionalString job.appendFailedSuffix ''
      borgWrapper rename ${words job.extraArgs} "::$archiveName$archiveSuffix" "$archiveName"
    ''
    + job.postCreate
    + lib.optionalString (job.prune.keep != { }) ''
      borgWrapper prune ${words job.extraArgs} ${keep job} \
        ${lib.optionalString (job.prune.prefix != null) "--glob-archives ${lib.escapeShellArg "${job.prune.prefix}*"}"} ${words job.extraPruneArgs}
      borgWrapper compact ${words job.extraArgs} ${words job.extraCompactArgs}
      ${job.postPrune}
    '';
  service = name: job:
    lib.nameValuePair "borgbackup-job-${name}" {
      description = "BorgBackup job ${name}";
      path = [ cfg.package pkgs.openssh ];
      script = "exec " + lib.optionalString job.inhibitsSleep "${pkgs.systemd}/bin/systemd-inhibit --who=borgbackup --what=sleep --why='Scheduled backup' " + "${pkgs.writeShellScript "borgbackup-job-${name}" ("set -e\n" + script job)}";
      unitConfig = lib.optionalAttrs (isLocal job.repo) { RequiresMountsFor = [ job.repo ]; };
      serviceConfig = {
        User = job.user;
        Group = job.group;
        CPUSchedulingPolicy = "idle";
        IOSchedulingClass = "idle";
        ProtectSystem = "strict";
        PrivateTmp = job.privateTmp;
        ReadWritePaths = [ "${config.users.users.${job.user}.home}/.config/borg" "${config.users.users.${job.user}.home}/.cache/borg" ] ++ job.readWritePaths
          ++ lib.optional (isLocal job.repo && !job.removableDevice) job.repo;
      };
      environment = {
        BORG_REPO = job.repo;
      }
      // secret job
      // job.environment;
    };
  timer = name: job:
    lib.nameValuePair "borgbackup-job-${name}" {
      description = "BorgBackup job ${name} timer";
      wantedBy = [ "timers.target" ];
      timerConfig = {
        Persistent = job.persistentTimer;
        OnCalendar = job.startAt;
      };
      after = lib.optional (job.persistentTimer && !isLocal job.repo) "network-online.target";
    };
  folders = name: job:
    let
      home = config.users.users.${job.user}.home;
    in
    [
      "d ${home}/.config 0700 ${job.user} ${job.group} -"
      "d ${home}/.config/borg 0700 ${job.user} ${job.group} -"
      "d ${home}/.cache 0700 ${job.user} ${job.group} -"
      "d ${home}/.cache/borg 0700 ${job.user} ${job.group} -"
    ]
    ++ lib.optional (isLocal job.repo && !job.removableDevice) "d \"${job.repo}\" 0700 ${job.user} ${job.group} -";
  wrapper = name: job: pkgs.writeShellScriptBin job.wrapper ''
    export BORG_REPO=${lib.escapeShellArg job.repo}
    ${lib.concatStrings (lib.mapAttrsToList (n: v: "export ${n}=${lib.escapeShellArg v}\n") (secret job // job.environment))}
    exec ${cfg.package}/bin/borg "$@"
  '';
  repoOptions.options = {
    path = mkOption {
      type = types.path;
      default = "/var/lib/borgbackup";
      description = "Folder of the backups.";
    };
    user = text "borg" "User that owns them.";
    group = text "borg" "Group that owns them.";
    authorizedKeys = names "Keys of those who may do everything.";
    authorizedKeysAppendOnly = names "Keys of those who may only add.";
    allowSubRepos = flag false "Whether repositories may lie below the folder.";
    quota = maybe types.str "How large a repository may be.";
  };
  serve = repo: appendOnly: key:
    ''command="cd ${lib.escapeShellArg repo.path} && borg serve ${lib.optionalString appendOnly "--append-only"} --restrict-to-${if repo.allowSubRepos then "path" else "repository"} . ${lib.optionalString (repo.quota != null) "--storage-quota ${repo.quota}"}",restrict ${key}'';
  repos = lib.attrValues cfg.repos;
in
{
  options.services.borgbackup = {
    package = lib.mkPackageOption pkgs "borgbackup" { };
    jobs = mkOption {
      type = types.attrsOf (types.submodule jobOptions);
      default = { };
      description = "Backups by name.";
    };
    repos = mkOption {
      type = types.attrsOf (types.submodule repoOptions);
      default = { };
      description = "Repositories for others' backups.";
    };
  };
  config = lib.mkIf (cfg.jobs != { } || cfg.repos != { }) {
    assertions = lib.concatLists (
      lib.mapAttrsToList (name: job: [
        {
          assertion = job.encryption.mode == "none" || job.encryption.passCommand != null || job.encryption.passphrase != null;
          message = "services.borgbackup.jobs.${name}.encryption: give passCommand or passphrase, or set mode = \"none\".";
        }
        {
          assertion = (job.paths == null) != (job.dumpCommand == null);
          message = "services.borgbackup.jobs.${name}: exactly one of paths and dumpCommand must be set.";
        }
      ]) cfg.jobs
    );
    environment.systemPackages = [ cfg.package ] ++ lib.mapAttrsToList wrapper (lib.filterAttrs (_: job: job.wrapper != null) cfg.jobs);
    systemd.services = lib.mapAttrs' service cfg.jobs
      // lib.mapAttrs' (name: repo: lib.nameValuePair "borgbackup-repo-${name}" {
        description = "Create BorgBackup repository ${name} directory";
        wantedBy = [ "multi-user.target" ];
        script = ''
          mkdir -p ${lib.escapeShellArg repo.path}
          chown ${repo.user}:${repo.group} ${lib.escapeShellArg repo.path}
        '';
        serviceConfig.Type = "oneshot";
      }) cfg.repos;
    systemd.timers = lib.mapAttrs' timer (lib.filterAttrs (_: job: job.startAt != [ ]) cfg.jobs);
    systemd.tmpfiles.rules = lib.unique (lib.concatLists (lib.mapAttrsToList folders cfg.jobs));
    users.users = lib.mkMerge (
      map (repo: {
        ${repo.user} = {
          openssh.authorizedKeys.keys = map (serve repo false) repo.authorizedKeys ++ map (serve repo true) repo.authorizedKeysAppendOnly;
          useDefaultShell = true;
          group = repo.group;
          isSystemUser = true;
        };
      }) repos
    );
    users.groups = lib.listToAttrs (map (repo: lib.nameValuePair repo.group { }) repos);
  };
}
