# The options of `security.acme`. What may stand in `defaults` as well as in a certificate is `shared`.
{ lib, cfg }:
let
  inherit (lib) mkOption types;
  kinds = import ../../../option-kinds.nix { inherit lib; };
  inherit (kinds) flag;

  # name = [ type default description ].
  shared = {
    validMinDays = [ (types.nullOr types.int) null "Days before the end at which it is renewed; a third of its time if null." ];
    renewInterval = [ types.str "daily" "When to see whether it is due, as in {manpage}`systemd.time(7)`." ];
    renewJitter = [ types.str "24h" "Longest random delay of that." ];
    enableDebugLogs = [ types.bool true "Whether scripts say what they do." ];
    webroot = [ (types.nullOr types.str) null "Folder of a web server in which the authority looks for its challenge." ];
    server = [ (types.nullOr types.str) "https://acme-v02.api.letsencrypt.org/directory" "The authority's directory." ];
    email = [ (types.nullOr types.str) null "Whom the authority can write to." ];
    group = [ types.str "acme" "Group that may read the certificate and its key." ];
    reloadServices = [ (types.listOf types.str) [ ] "Units that are reloaded when it is new." ];
    postRun = [ types.lines "" "Shell commands, by root, when it is new; the folder is that of the certificate." ];
    keyType = [ types.str "ec256" "Kind of the key: ec256, ec384, rsa2048, rsa4096, rsa8192." ];
    listenHTTP = [ (types.nullOr types.str) null "Address and port of a web server of lego's own for the challenge, such as `:1360`." ];
    dnsProvider = [ (types.nullOr types.str) null "Provider of names to which the challenge is given; see `lego dnshelp`." ];
    dnsResolver = [ (types.nullOr types.str) null "Server of names that is asked for the challenge." ];
    environmentFile = [ (types.nullOr types.path) null "File with variables for lego, such as keys of the provider of names." ];
    credentialFiles = [ (types.attrsOf types.path) { } "Files with secrets by variable; names end in `_FILE`." ];
    dnsPropagationCheck = [ types.bool true "Whether lego waits until the servers of the zone know the challenge." ];
    ocspMustStaple = [ types.bool false "Whether servers have to staple an answer about its validity." ];
    profile = [ (types.nullOr types.str) null "Profile of the authority. Debian's lego knows none: give it in the authority's default." ];
    extraLegoFlags = [ (types.listOf types.str) [ ] "Arguments of every lego." ];
    extraLegoRenewFlags = [ (types.listOf types.str) [ ] "Arguments of `lego renew`." ];
    extraLegoRunFlags = [ (types.listOf types.str) [ ] "Arguments of `lego run`." ];
  };
  declare =
    defaultOf: name: entry:
    mkOption {
      type = builtins.elemAt entry 0;
      default = defaultOf name (builtins.elemAt entry 1);
      defaultText = lib.literalExpression "config.security.acme.defaults.${name}";
      description = builtins.elemAt entry 2;
    };

  certificate =
    { name, config, ... }:
    {
      options =
        lib.mapAttrs (declare (
          option: default: if config.inheritDefaults then cfg.defaults.${option} else default
        )) shared
        // {
          inheritDefaults = flag true "Whether `security.acme.defaults` holds for it.";
          domain = kinds.text name "Its first name.";
          extraDomainNames = kinds.names "Its further names.";
          extraDomains = mkOption {
            type = types.attrsOf (types.nullOr types.str);
            default = { };
            visible = false;
            description = "Its further names, as configurations before 2021 say them.";
          };
          csr = kinds.maybe types.str "File with a request to sign, instead of names.";
          csrKey = kinds.maybe types.str "The key of that request.";
          s3Bucket = kinds.maybe types.str "Bucket of S3 in which the authority looks for its challenge.";
          directory = mkOption {
            type = types.str;
            readOnly = true;
            default = "/var/lib/acme/${name}";
            description = "Where `cert.pem`, `chain.pem`, `fullchain.pem`, `key.pem` and `full.pem` are.";
          };
        };
      config.extraDomainNames = lib.attrNames config.extraDomains;
    };
in
{
  acceptTerms = flag false "Whether you agree to the authority's terms of service.";
  useRoot = flag false "Whether root orders them instead of the user `acme`.";
  maxConcurrentRenewals = mkOption {
    type = types.ints.unsigned;
    default = 5;
    description = "How many are ordered at the same time; 0 sets no limit.";
  };
  defaults = mkOption {
    type = types.submodule { options = lib.mapAttrs (declare (_: default: default)) shared; };
    default = { };
    description = "What holds for every certificate.";
  };
  certs = mkOption {
    type = types.attrsOf (types.submodule certificate);
    default = { };
    example = lib.literalExpression ''{ "example.org".extraDomainNames = [ "www.example.org" ]; }'';
    description = "Certificates to get and to keep.";
  };
}
