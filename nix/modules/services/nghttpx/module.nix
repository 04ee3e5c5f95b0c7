# nghttpx: a proxy for HTTP/2 and HTTP/3.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.nghttpx;
  serverOption = mkOption {
    type = types.either types.str (
      types.submodule {
        options.host = mkOption {
          type = types.str;
          default = "127.0.0.1";
          description = "Name or address; `*` for all.";
        };
        options.port = mkOption {
          type = types.port;
          description = "Port.";
        };
      }
    );
    description = "Address, or `unix:` and a path.";
  };
  params = mkOption {
    type = types.nullOr (types.attrsOf types.anything);
    default = null;
    description = "Parameters, such as `tls` or `proto`.";
  };
  show = server: if lib.isString server then server else "${server.host},${toString server.port}";
  # A flag that is true stands alone.
  showParams =
    given:
    lib.concatStrings (
      lib.mapAttrsToList (
        name: value:
        if name == "tls" && lib.isString value then
          lib.optionalString (value != "tls") ";${value}"
        else if value == true then
          ";${name}"
        else if value == false || value == null then
          ""
        else
          ";${name}=${toString value}"
      ) (if given == null then { } else given)
    );
  file = pkgs.writeText "nghttpx.conf" (
    lib.concatMapStrings (f: "frontend=${show f.server}${showParams f.params}\n") cfg.frontends
    + lib.concatMapStrings (
      b: "backend=${show b.server};${lib.concatStringsSep ":" b.patterns}${showParams b.params}\n"
    ) cfg.backends
    + "backlog=${toString cfg.backlog}\nbackend-address-family=${cfg.backend-address-family}\nworkers=${toString cfg.workers}\n"
    + "single-thread=${if cfg.single-thread then "yes" else "no"}\nrlimit-nofile=${toString cfg.rlimit-nofile}\n"
    + cfg.extraConfig
  );
in
{
  options.services.nghttpx = {
    enable = lib.mkEnableOption "nghttpx";
    frontends = mkOption {
      type = types.listOf (types.submodule { options = { server = serverOption; inherit params; }; });
      default = [ ];
      description = "Where it listens.";
    };
    backends = mkOption {
      type = types.listOf (
        types.submodule {
          options = {
            server = serverOption;
            inherit params;
            patterns = mkOption {
              type = types.listOf types.str;
              default = [ ];
              description = "Hosts and paths for this server.";
            };
          };
        }
      );
      default = [ ];
      description = "Servers that answer.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of the configuration.";
    };
    single-thread = lib.mkEnableOption "one thread only";
    backlog = mkOption {
      type = types.int;
      default = 65536;
      description = "How many connections wait.";
    };
    backend-address-family = mkOption {
      type = types.enum [ "auto" "IPv4" "IPv6" ];
      default = "auto";
      description = "How servers are reached.";
    };
    workers = mkOption {
      type = types.int;
      default = 1;
      description = "How many threads.";
    };
    rlimit-nofile = mkOption {
      type = types.int;
      default = 0;
      description = "How many files may be open; 0 for the system's limit.";
    };
  };
  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.frontends != [ ] && cfg.backends != [ ];
        message = "services.nghttpx: it needs at least one of `frontends` and of `backends`.";
      }
    ];
    users.users.nghttpx = {
      isSystemUser = true;
      group = "nghttpx";
    };
    users.groups.nghttpx = { };
    systemd.services.nghttpx = {
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      serviceConfig = {
        ExecStart = "${pkgs.nghttp2}/bin/nghttpx --conf=${file} --user=nghttpx";
        Restart = "on-failure";
      };
    };
  };
}
