# Users and groups.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption mkIf mkDefault types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag maybe;
  cfg = config.users;
  older = cfg.likeIn2020;
  defaults = import ./defaults.nix;

  idRange =
    kind:
    types.submodule {
      options = {
        "start${kind}" = mkOption {
          type = types.int;
          description = "First id of the range.";
        };
        count = mkOption {
          type = types.int;
          default = 1;
          description = "How many ids.";
        };
      };
    };

  userModule =
    { name, config, ... }:
    {
      options = {
        enable = mkOption {
          type = types.bool;
          default = true;
          description = "Whether the user exists.";
        };
        name = mkOption {
          type = types.passwdEntry types.str;
          default = name;
          description = "Name of the account.";
        };
        description = mkOption {
          type = types.passwdEntry types.str;
          default = "";
          example = "Alice Q. User";
          description = "Who or what it is, in a few words.";
        };
        uid = maybe types.int "User id; null lets the machine choose one when it first meets the user.";
        isSystemUser = flag false "Whether it is the account of a service: its id is below 1000.";
        isNormalUser = flag false "Whether it is the account of a person: home folder, login shell, group `users`.";
        group = mkOption {
          type = types.str;
          default = "";
          apply = group: if group != "" then group else if config.isNormalUser then "users" else if older then "nogroup" else group;
          description = "The primary group.";
        };
        extraGroups = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "Further groups.";
        };
        home = mkOption {
          type = types.passwdEntry types.path;
          default = "/var/empty";
          description = "Home folder.";
        };
        homeMode = mkOption {
          type = types.strMatching "[0-7]{1,5}";
          default = "700";
          description = "Access mode of the home folder when it is made.";
        };
        createHome = flag false "Whether the home folder is made at activation.";
        useDefaultShell = flag false "Whether the shell is `users.defaultUserShell`.";
        shell = mkOption {
          type = types.nullOr (types.either types.shellPackage (types.passwdEntry types.path));
          default = "/usr/sbin/nologin";
          description = "Login shell.";
        };
        ignoreShellProgramCheck = flag false "Whether a shell that no option enables is accepted.";
        cryptHomeLuks = maybe types.str "Encrypted device which pam_mount opens at login.";
        pamMount = mkOption {
          type = types.attrsOf types.str;
          default = { };
          description = "Volume which pam_mount mounts at login.";
        };
        subUidRanges = mkOption {
          type = types.listOf (idRange "Uid");
          default = [ ];
          description = "User ids which the user may use in namespaces.";
        };
        subGidRanges = mkOption {
          type = types.listOf (idRange "Gid");
          default = [ ];
          description = "Group ids which the user may use in namespaces.";
        };
        autoSubUidGidRange = flag false "Whether a range of ids for namespaces is chosen for the user.";
        hashedPassword = maybe (types.passwdEntry types.str) "Hash of the password, as `mkpasswd` prints it.";
        password = maybe types.str "The password in clear text, readable by everyone in the store: for tests.";
        hashedPasswordFile = maybe types.str "File on the machine that holds the password's hash.";
        passwordFile = maybe types.str "Older name of `hashedPasswordFile`.";
        initialHashedPassword = maybe (types.passwdEntry types.str) "Hash of the password the account gets when it is made.";
        initialPassword = maybe types.str "Password the account gets when it is made, readable by everyone in the store.";
        packages = mkOption {
          type = types.listOf types.package;
          default = [ ];
          description = "Packages which only this user finds.";
        };
        expires = maybe (types.strMatching "[[:digit:]]{4}-[[:digit:]]{2}-[[:digit:]]{2}") "Day on which the account expires.";
        linger = mkOption {
          type = types.nullOr types.bool;
          default = null;
          description = "Whether the user's services run without a session; null leaves that to `loginctl`.";
        };
        openssh.authorizedKeys = {
          keys = mkOption {
            type = types.listOf types.singleLineStr;
            default = [ ];
            description = "Public keys that may log in by ssh.";
          };
          keyFiles = mkOption {
            type = types.listOf types.path;
            default = [ ];
            description = "Files of public keys that may log in by ssh.";
          };
        };
      };
      config = lib.mkMerge [
        (mkIf config.isNormalUser {
          createHome = mkDefault true;
          home = mkDefault "${cfg.defaultUserHome}/${config.name}";
          useDefaultShell = mkDefault true;
        })
        (mkIf config.useDefaultShell { shell = lib.mkOverride 900 cfg.defaultUserShell; })
        (mkIf (config.passwordFile != null) { hashedPasswordFile = mkDefault config.passwordFile; })
      ];
    };
  groupModule =
    { name, ... }:
    {
      options = {
        name = mkOption {
          type = types.passwdEntry types.str;
          default = name;
          description = "Name of the group.";
        };
        gid = maybe types.int "Group id; null lets the machine choose one when it first meets the group.";
        members = mkOption {
          type = types.listOf (types.passwdEntry types.str);
          default = [ ];
          description = "Users in the group, besides those that name it.";
        };
      };
    };

  users = lib.filter (user: user.enable) (lib.attrValues cfg.users);
  groups = lib.attrValues cfg.groups;

  userData = user: {
    inherit (user) name uid group home description createHome homeMode expires;
    shell = if user.shell == null then "/usr/sbin/nologin" else utils.toShellPath user.shell;
    isSystem = user.isSystemUser;
    passwords = lib.filterAttrs (_: value: value != null) {
      inherit (user)
        password
        hashedPassword
        hashedPasswordFile
        initialPassword
        initialHashedPassword
        ;
    };
    subUids = map (r: [ r.startUid r.count ]) user.subUidRanges;
    subGids = map (r: [ r.startGid r.count ]) user.subGidRanges;
    autoSubIds = user.autoSubUidGidRange;
  };
  membersOf = lib.foldl' (
    all: user: lib.foldl' (all': group: all' // { ${group} = (all'.${group} or [ ]) ++ [ user.name ]; }) all user.extraGroups
  ) { } users;
  groupData = group: {
    inherit (group) name gid;
    members = lib.unique (group.members ++ membersOf.${group.name} or [ ]);
  };

  duplicates =
    ids: lib.attrNames (lib.filterAttrs (_: same: lib.length same > 1) (lib.groupBy toString ids));
  uidsTwice = duplicates (lib.filter (id: id != null) (map (user: user.uid) users));
  gidsTwice = duplicates (lib.filter (id: id != null) (map (group: group.gid) groups));
  withPackages = lib.filter (user: user.packages != [ ]) users;
in
{
  options.users = {
    likeIn2020 = mkOption {
      type = types.bool;
      default = false;
      internal = true;
      description = "Whether users need no group and no kind, as before NixOS 21.11; for tests that were written then.";
    };
    mutableUsers = mkOption {
      type = types.bool;
      default = true;
      description = "Whether accounts made and passwords changed on the machine are kept; otherwise the configuration decides alone.";
    };
    enforceIdUniqueness = mkOption {
      type = types.bool;
      default = true;
      description = "Whether no two users or groups may have the same id.";
    };
    users = mkOption {
      type = types.attrsOf (types.submodule userModule);
      default = { };
      example = lib.literalExpression ''{ alice = { isNormalUser = true; extraGroups = [ "wheel" ]; }; }'';
      description = "Accounts of the machine.";
    };
    groups = mkOption {
      type = types.attrsOf (types.submodule groupModule);
      default = { };
      description = "Groups of the machine.";
    };
    defaultUserShell = mkOption {
      type = types.either types.path types.shellPackage;
      default = "/run/current-system/sw/bin/bash";
      description = "Login shell of users that don't name one.";
    };
    defaultUserHome = mkOption {
      type = types.passwdEntry types.path;
      default = "/home";
      description = "Folder that holds the home folders of normal users.";
    };
    allowNoPasswordLogin = mkOption {
      type = types.bool;
      default = false;
      description = "Whether a configuration is allowed in which nobody can log in by password or key.";
    };
    motd = mkOption {
      type = types.nullOr types.lines;
      default = null;
      description = "Message of the day, shown after login.";
    };
    manageLingering = mkOption {
      type = types.bool;
      default = true;
      description = "Whether `users.users.<name>.linger` decides which users linger.";
    };
  };

  imports = [
    ./linger.nix
    (lib.mkAliasOptionModule [ "users" "extraUsers" ] [ "users" "users" ])
    (lib.mkAliasOptionModule [ "users" "extraGroups" ] [ "users" "groups" ])
  ];

  config = {
    users.users = lib.mapAttrs (_: lib.mapAttrs (_: mkDefault)) defaults.users;
    users.groups = lib.mapAttrs (_: gid: { gid = mkDefault gid; }) defaults.groups;

    system.activationPlan.users = {
      mutable = cfg.mutableUsers;
      users = map userData users;
      groups = map groupData groups;
      nologin = "/usr/sbin/nologin";
    };

    environment.etc = lib.listToAttrs (
      map (
        user:
        lib.nameValuePair "profiles/per-user/${user.name}" {
          source = pkgs.buildEnv {
            name = "user-environment";
            paths = user.packages;
            inherit (config.environment) pathsToLink extraOutputsToInstall;
            ignoreCollisions = true;
          };
        }
      ) withPackages
    )
    // lib.optionalAttrs (cfg.motd != null && cfg.motd != "") { motd.text = cfg.motd; };

    assertions = [
      {
        assertion = !cfg.enforceIdUniqueness || (uidsTwice == [ ] && gidsTwice == [ ]);
        message = "users.users and users.groups: ids must be unique (users.enforceIdUniqueness); given twice: ${
          lib.concatStringsSep ", " (map (id: "uid ${id}") uidsTwice ++ map (id: "gid ${id}") gidsTwice)
        }.";
      }
    ]
    ++ lib.concatMap (user: [
      {
        assertion = user.group != "";
        message = "users.users.${user.name}.group is unset. Set it, for instance to its own group: users.users.${user.name}.group = \"${user.name}\"; users.groups.${user.name} = {};";
      }
      {
        assertion =
          older || (user.isSystemUser || (user.uid != null && user.uid < 1000)) != user.isNormalUser;
        message = "Exactly one of users.users.${user.name}.isSystemUser and users.users.${user.name}.isNormalUser must be set.";
      }
      {
        assertion = user.group == "" || cfg.groups ? ${user.group};
        message = "users.users.${user.name}.group is `${user.group}', which is not in users.groups.";
      }
    ]) users;
  };
}
