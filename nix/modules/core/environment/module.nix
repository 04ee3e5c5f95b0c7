# Packages and variables which everyone on the machine has.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.environment;
  # A variable's value: lists are joined by colons, null removes it.
  variable = types.nullOr (
    types.oneOf [
      (types.listOf (
        types.oneOf [
          types.int
          types.str
          types.path
          types.float
        ]
      ))
      types.int
      types.str
      types.path
      types.float
    ]
  );
  variables = types.attrsOf variable;
  joined = value: if lib.isList value then lib.concatMapStringsSep ":" toString value else toString value;
  asText = lib.mapAttrs (_: value: if value == null then null else joined value);
in
{
  options.environment = {
    systemPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      example = lib.literalExpression "[ pkgs.curl pkgs.git ]";
      description = "Packages whose programs and data everyone on the machine finds, under `/run/current-system/sw`.";
    };
    corePackages = mkOption {
      type = types.listOf types.package;
      internal = true;
      default = [ ];
      description = "Packages a usable system needs; they are in the system path and in `/usr`.";
    };
    defaultPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages which are there only for convenience, and can be left out.";
    };
    pathsToLink = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "/share/app" ];
      description = "Folders of packages that appear under `/run/current-system/sw`.";
    };
    extraOutputsToInstall = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "dev" "info" ];
      description = "Further outputs of packages that appear under `/run/current-system/sw`.";
    };
    extraSetup = mkOption {
      type = types.lines;
      default = "";
      description = "Shell code run in the folder of all packages when it is made.";
    };
    variables = mkOption {
      type = variables;
      default = { };
      apply = asText;
      example = {
        EDITOR = "nano";
      };
      description = "Variables set by shells when they start.";
    };
    sessionVariables = mkOption {
      type = variables;
      default = { };
      apply = asText;
      description = "Variables set when a session begins, before any shell.";
    };
    profiles = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Profiles whose programs and data are found, the most important first.";
    };
    profileRelativeEnvVars = mkOption {
      type = types.attrsOf (types.listOf types.str);
      default = { };
      description = "Variables that list a folder of each profile.";
    };
    profileRelativeSessionVariables = mkOption {
      type = types.attrsOf (types.listOf types.str);
      default = { };
      description = "Session variables that list a folder of each profile.";
    };
    homeBinInPath = mkOption {
      type = types.bool;
      default = false;
      description = "Whether `~/bin` is in PATH.";
    };
    localBinInPath = mkOption {
      type = types.bool;
      default = false;
      description = "Whether `~/.local/bin` is in PATH.";
    };
    enableAllTerminfo = mkOption {
      type = types.bool;
      default = false;
      description = "Whether descriptions of all terminals are there.";
    };
    noXlibs = mkOption {
      type = types.bool;
      default = false;
      internal = true;
      description = "No longer used.";
    };
    memoryAllocator.provider = mkOption {
      type = types.str;
      default = "libc";
      description = "The memory allocator of all programs.";
    };
  };

  config = {
    environment = {
      corePackages = [
        pkgs.bash
        pkgs.coreutils
        pkgs.findutils
        pkgs.getent
        pkgs.gnugrep
        pkgs.gnused
        pkgs.gnutar
        pkgs.gzip
        pkgs.hostname-debian
        pkgs.iproute2
        pkgs.kmod
        pkgs.procps
        pkgs.util-linux
        pkgs.shadow
      ];
      systemPackages =
        cfg.corePackages
        ++ cfg.defaultPackages
        ++ [
          config.systemd.package
          # What people's scripts take for granted on every machine.
          pkgs.acl
          pkgs.attr
          pkgs.bzip2
          pkgs.cpio
          pkgs.curl
          pkgs.diffutils
          pkgs.gawk
          pkgs.gnupatch
          pkgs.iputils
          pkgs.less
          pkgs.mkpasswd
          pkgs.ncurses
          pkgs.netcat
          pkgs.which
          pkgs.xz
          pkgs.zstd
        ];
      pathsToLink = [
        "/bin"
        "/sbin"
        "/etc/xdg"
        "/etc/gtk-2.0"
        "/etc/gtk-3.0"
        "/lib"
        "/share/bash-completion"
        "/share/fonts"
        "/share/icons"
        "/share/man"
        "/share/mime"
        "/share/systemd"
        "/share/terminfo"
        "/share/themes"
        "/share/zsh"
        "/libexec"
      ];
      profiles = [
        "$HOME/.nix-profile"
        "/etc/profiles/per-user/$USER"
        "/nix/var/nix/profiles/default"
        "/run/current-system/sw"
      ];
      profileRelativeEnvVars.TERMINFO_DIRS = [ "/share/terminfo" ];
      profileRelativeSessionVariables = {
        PATH = [ "/bin" ];
        INFOPATH = [ "/info" "/share/info" ];
        XDG_CONFIG_DIRS = [ "/etc/xdg" ];
        XDG_DATA_DIRS = [ "/share" ];
      };
    };
    system.path = pkgs.buildEnv {
      name = "system-path";
      paths = cfg.systemPackages;
      inherit (cfg) pathsToLink extraOutputsToInstall;
      ignoreCollisions = true;
      postBuild = cfg.extraSetup;
    };
  };
}
