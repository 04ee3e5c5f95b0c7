# What systemd adds to a modular service: its units, and the command line of the main one.
#
# Units are deferred modules: they are read where the manager's own options are, here or in a user's session.
{
  lib,
  config,
  systemdPackage,
  ...
}:
let
  inherit (lib) mkDefault mkOption types;

  # A word of a command line in which systemd expands nothing: quoted, `%` and `$` doubled.
  escapeWord =
    word:
    let
      text =
        if lib.isPath word then
          "${word}"
        else if lib.isString word then
          word
        else if lib.isInt word || lib.isFloat word || lib.isDerivation word then
          toString word
        else
          throw "escapeSystemdExecArg only allows strings, paths, numbers and derivations; this is of type ${lib.typeOf word}.";
    in
    lib.replaceStrings [ "%" "$" ] [ "%%" "$$" ] (lib.toJSON text);
  escapeSystemdExecArgs = lib.concatMapStringsSep " " escapeWord;

  units =
    kind:
    mkOption {
      type = types.lazyAttrsOf types.deferredModule;
      default = { };
      description = ''
        Units of kind ${kind} that the service consists of. Their names get the service's name in front; the
        unit `""` has it for its whole name. What is given are modules, read with the system's units.
      '';
    };
in
{
  _class = "service";

  imports = [
    (lib.mkAliasOptionModule [ "systemd" "service" ] [ "systemd" "services" "" ])
    (lib.mkAliasOptionModule [ "systemd" "socket" ] [ "systemd" "sockets" "" ])
  ];

  options = {
    systemd.lib = mkOption {
      type = types.lazyAttrsOf types.raw;
      readOnly = true;
      description = "Functions for units: `escapeSystemdExecArgs` quotes a list of words for `ExecStart`.";
    };
    systemd.mainExecStart = mkOption {
      type = types.str;
      default = config.systemd.lib.escapeSystemdExecArgs config.process.argv;
      defaultText = lib.literalExpression "config.systemd.lib.escapeSystemdExecArgs config.process.argv";
      description = ''
        The main command line, in which systemd expands specifiers (`%n`) and variables. By default
        {option}`process.argv`, quoted so that nothing is expanded.
      '';
    };
    systemd.services = units "service";
    systemd.sockets = units "socket";
    # Services within the service are made of units as well.
    services = mkOption {
      type = types.attrsOf (
        types.submoduleWith {
          class = "service";
          modules = [ ./service.nix ];
          specialArgs = { inherit systemdPackage; };
        }
      );
      visible = false;
    };
  };

  config = {
    systemd.lib = { inherit escapeSystemdExecArgs; };
    systemd.services."" = {
      wantedBy = mkDefault [ "multi-user.target" ];
      serviceConfig = {
        Type = mkDefault "simple";
        Restart = mkDefault "always";
        RestartSec = mkDefault "5";
        ExecStart = [ config.systemd.mainExecStart ];
      };
    };
  };
}
