# A workload for the module system: by default 1,000 modules that declare 5,000 options, and 2,000
# definitions of them, in the mixture that configurations of machines have. The result is one string
# that depends on the value of every option.
#
#     nix-instantiate --eval --strict bench/modules.nix --arg lib 'import ./.'
#
# With another `lib` the same is evaluated by that one, for comparison.
{
  lib ? import ../.,
  count ? 1000,
}:
let
  inherit (builtins)
    concatStringsSep
    genList
    hashString
    toJSON
    ;
  inherit (lib) mkOption types;

  name = n: "service${toString n}";

  # Every module declares five options of a service, as a function, the way modules are written.
  declaring =
    n:
    {
      config,
      lib,
      pkgs,
      ...
    }:
    let
      cfg = config.services.${name n};
    in
    {
      _file = "/modules/services/${name n}.nix";
      options.services.${name n} = {
        enable = lib.mkEnableOption "service ${toString n}";
        package = mkOption {
          type = types.str;
          default = "${pkgs.prefix}-${toString n}";
          description = "The package of the service.";
        };
        port = mkOption {
          type = types.port;
          default = n;
        };
        extraArgs = mkOption {
          type = types.listOf types.str;
          default = [ ];
        };
        settings = mkOption {
          type =
            if n == n / 4 * 4 then
              types.submodule {
                options.level = mkOption {
                  type = types.enum [
                    "info"
                    "debug"
                  ];
                  default = "info";
                };
              }
            else
              types.attrsOf (types.either types.int types.str);
          default = { };
        };
      };
      # One definition in each, which counts where the service is enabled.
      config = lib.mkIf cfg.enable {
        environment.packages = [ cfg.package ];
      };
    };

  # A tenth of the modules defines ten things each.
  defining =
    n:
    { lib, ... }:
    let
      at = k: name (10 * n + k);
    in
    {
      _file = "/configuration/${toString n}.nix";
      services = {
        ${at 0}.enable = true;
        ${at 1} = {
          enable = lib.mkDefault true;
          extraArgs = [ "--one" ];
        };
        ${at 2}.extraArgs = lib.mkBefore [ "--first" ];
        ${at 3}.package = lib.mkForce "other";
        ${at 4}.settings = { };
        ${at 5}.settings.level = if (10 * n + 5) == (10 * n + 5) / 4 * 4 then "debug" else 1;
        ${at 6} = lib.mkIf (n > 5) { enable = true; };
        ${at 7}.extraArgs = lib.mkMerge [
          [ "--a" ]
          (lib.mkAfter [ "--z" ])
        ];
        ${at 9}.port = 80;
      };
    };

  base = {
    options.environment.packages = mkOption {
      type = types.listOf types.str;
      default = [ ];
    };
    config._module.args.pkgs.prefix = "package";
  };

  evaluated = lib.evalModules {
    modules = [ base ] ++ genList declaring count ++ genList defining (count / 10);
  };
in
hashString "sha256" (toJSON evaluated.config)
