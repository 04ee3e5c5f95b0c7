# The system as one derivation: what a generation of a machine consists of.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.system;
  failed = map (x: x.message) (lib.filter (x: !x.assertion) config.assertions);
  checked =
    value:
    if failed != [ ] then
      throw "\nFailed assertions:\n${lib.concatMapStringsSep "\n" (message: "- ${message}") failed}"
    else
      lib.showWarnings config.warnings value;

  release = lib.trivial.release;
  link = target: { link = "${target}"; };
  optionalEntry = name: condition: value: lib.optionalAttrs condition { ${name} = value; };
  program = "${cfg.activationProgram}";
  kernelEntries = lib.optionalAttrs config.boot.kernel.enable (
    {
      kernel = link "${config.boot.kernelPackages.kernel}/${cfg.boot.loader.kernelFile}";
      kernel-modules = link cfg.modulesTree;
    }
    // optionalEntry "initrd" config.boot.initrd.enable (
      link "${cfg.build.initialRamdisk}/${cfg.boot.loader.initrdFile}"
    )
  );
  bootspec = {
    "org.nixos.bootspec.v1" = {
      label = "${cfg.nixos.distroName} ${cfg.nixos.codeName} ${cfg.nixos.label}";
      system = pkgs.stdenv.hostPlatform.system;
      inherit (config.boot) kernelParams;
      toplevel = builtins.placeholder "out";
      init = "${builtins.placeholder "out"}/init";
    }
    // lib.optionalAttrs config.boot.kernel.enable {
      kernel = kernelEntries.kernel.link;
    }
    // lib.optionalAttrs (config.boot.kernel.enable && config.boot.initrd.enable) {
      initrd = kernelEntries.initrd.link;
    };
    "org.nixos.specialisation.v1" = lib.mapAttrs (
      _: child: { inherit (child.configuration.system.build) toplevel; }
    ) config.specialisation;
  };
  entries = {
    init = link program;
    activate = link program;
    "activation.json".text = builtins.toJSON cfg.activationPlan;
    etc = link "${cfg.build.etc}";
    usr = link cfg.build.usr;
    sw = link cfg.path;
    systemd = link config.systemd.package;
    system.text = pkgs.stdenv.hostPlatform.system;
    nixos-version.text = cfg.nixos.label;
    kernel-params.text = lib.concatStringsSep " " config.boot.kernelParams;
    "boot.json".text = builtins.toJSON bootspec;
  }
  // kernelEntries
  // optionalEntry "prepare-root" (config.boot.initrd.enable && config.boot.initrd.systemd.enable) (link program)
  // optionalEntry "bin/switch-to-configuration" config.system.switch.enable (link program)
  // optionalEntry "configuration-name" (config.boot.loader.grub.configurationName != "") {
    text = config.boot.loader.grub.configurationName;
  }
  // optionalEntry "extra-dependencies" (cfg.extraDependencies != [ ]) {
    text = lib.concatMapStrings (path: "${path}\n") cfg.extraDependencies;
  }
  // lib.mapAttrs' (
    name: child:
    lib.nameValuePair "specialisation/${name}" (link child.configuration.system.build.toplevel)
  ) config.specialisation;
  toplevel = import ../../../build/tree.nix {
    system = pkgs.stdenv.hostPlatform.system;
    name = "nixos-system-${cfg.name}-${cfg.nixos.label}";
    inherit entries;
    # Built before the system, and nothing that it refers to.
    attrs = lib.optionalAttrs (cfg.checks != [ ]) { passedChecks = map (check: "${check}") cfg.checks; };
  };
in
{
  options.system = {
    build = mkOption {
      type = types.submodule {
        freeformType = types.lazyAttrsOf types.unspecified;
      };
      default = { };
      description = "Derivations made from the configuration, by name.";
    };
    name = mkOption {
      type = types.str;
      default = if config.networking.hostName == "" then "unnamed" else config.networking.hostName;
      defaultText = lib.literalExpression "config.networking.hostName";
      description = "Name of the system in the store.";
    };
    stateVersion = mkOption {
      type = types.str;
      default = release;
      defaultText = lib.literalExpression "lib.trivial.release";
      description = "Release whose data formats the machine started with. It does not choose versions of programs; leave it as it was at installation.";
    };
    checks = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "What has to be built before the system is, such as checks of configurations.";
    };
    extraDependencies = mkOption {
      type = types.listOf types.pathInStore;
      default = [ ];
      description = "Store paths which belong to the system though nothing else refers to them.";
    };
    usrPackages = mkOption {
      type = types.listOf types.package;
      internal = true;
      default = [ ];
      description = "Packages merged into `/usr`, where Debian's programs look for their files.";
    };
    usrWithout = mkOption {
      type = types.listOf types.str;
      internal = true;
      default = [ ];
      description = "Debian's packages left out of `/usr` though others there depend on them.";
    };
    path = mkOption {
      type = types.package;
      internal = true;
      description = "All of `environment.systemPackages` in one folder.";
    };
    modulesTree = mkOption {
      type = types.unspecified;
      internal = true;
      default = null;
      description = "The kernel's modules in one folder.";
    };
    activationProgram = mkOption {
      type = types.unspecified;
      internal = true;
      default = "${pkgs.firn}/bin/firn";
      defaultText = lib.literalExpression ''"''${pkgs.firn}/bin/firn"'';
      description = "The program that activates the system and is its first process.";
    };
    activationPlan = mkOption {
      type = types.attrsOf types.anything;
      internal = true;
      default = { };
      description = "What activating the system does, as data (`activation.json`).";
    };
    boot.loader = {
      id = mkOption {
        type = types.str;
        internal = true;
        default = "";
        description = "Name of the boot loader.";
      };
      kernelFile = mkOption {
        type = types.str;
        internal = true;
        default = pkgs.stdenv.hostPlatform.linux-kernel.target or "bzImage";
        description = "Name of the kernel's file in its package.";
      };
      initrdFile = mkOption {
        type = types.str;
        internal = true;
        default = "initrd";
        description = "Name of the initial file system's file.";
      };
    };
    nixos = {
      release = mkOption {
        type = types.str;
        readOnly = true;
        default = release;
        description = "Release of the module set, such as `26.05`.";
      };
      version = mkOption {
        type = types.str;
        internal = true;
        default = release + cfg.nixos.versionSuffix;
        description = "Release with its suffix.";
      };
      versionSuffix = mkOption {
        type = types.str;
        internal = true;
        default = "-firn";
        description = "What follows the release in the version.";
      };
      revision = mkOption {
        type = types.nullOr types.str;
        internal = true;
        default = null;
        description = "Revision of the module set, when it is known.";
      };
      codeName = mkOption {
        type = types.str;
        readOnly = true;
        internal = true;
        default = "Firn";
        description = "Name of the release.";
      };
      distroId = mkOption {
        type = types.str;
        internal = true;
        default = "nixos";
        description = "`ID` in os-release.";
      };
      distroName = mkOption {
        type = types.str;
        internal = true;
        default = "NixOS";
        description = "Name of the distribution.";
      };
      variant_id = mkOption {
        type = types.nullOr (types.strMatching "^[a-z0-9._-]+$");
        default = null;
        description = "`VARIANT_ID` in os-release.";
      };
      variantName = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "`VARIANT` in os-release.";
      };
      label = mkOption {
        type = types.strMatching "[a-zA-Z0-9:_.-]*";
        default = lib.concatStringsSep "-" (lib.sort (a: b: a < b) cfg.nixos.tags ++ [ cfg.nixos.version ]);
        defaultText = lib.literalExpression "tags and version";
        description = "Label of the generation, shown in boot menus.";
      };
      tags = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Words put before the version in the label.";
      };
    };
    configurationRevision = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Revision of the repository which the configuration comes from.";
    };
    copySystemConfiguration = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the configuration's file is kept in the system; not for flakes.";
    };
    forbiddenDependenciesRegexes = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Expressions that no path of the system's closure may match.";
    };
    systemBuilderCommands = mkOption {
      type = types.lines;
      internal = true;
      default = "";
      description = "Not used here: the system is made from data.";
    };
  };

  config = {
    system.build.toplevel = checked toplevel;
    system.activationPlan = {
      version = 1;
      hostName = config.networking.hostName;
      usr = "${cfg.build.usr}";
      container = config.boot.isContainer;
      shell = pkgs.runtimeShell;
    };
    system.build.usr = pkgs.mergedUsr {
      name = "usr";
      packages = lib.unique (cfg.usrPackages ++ config.environment.corePackages);
      without = cfg.usrWithout;
      wrappers = lib.attrNames (lib.filterAttrs (_: w: w.enable) config.security.wrappers);
      # modprobe looks nowhere else.
      links = lib.optionalAttrs config.boot.kernel.enable {
        "lib/modules" = "${cfg.modulesTree}/lib/modules";
      };
    };
    environment.etc = {
      os-release.text = lib.generators.toKeyValue { } (
        lib.mapAttrs (_: value: ''"${value}"'') (
          {
            NAME = cfg.nixos.distroName;
            ID = cfg.nixos.distroId;
            ID_LIKE = "debian";
            VERSION = "${cfg.nixos.version} (${cfg.nixos.codeName})";
            VERSION_CODENAME = lib.toLower cfg.nixos.codeName;
            VERSION_ID = cfg.nixos.release;
            BUILD_ID = cfg.nixos.version;
            PRETTY_NAME = "${cfg.nixos.distroName} ${cfg.nixos.release} (${cfg.nixos.codeName})";
          }
          // lib.optionalAttrs (cfg.nixos.variant_id != null) { VARIANT_ID = cfg.nixos.variant_id; }
          // lib.optionalAttrs (cfg.image.id != null) { IMAGE_ID = cfg.image.id; }
          // lib.optionalAttrs (cfg.image.version != null) { IMAGE_VERSION = cfg.image.version; }
          // lib.optionalAttrs (cfg.nixos.variantName != null) { VARIANT = cfg.nixos.variantName; }
        )
      );
      NIXOS.text = "";
    };
  };
}
