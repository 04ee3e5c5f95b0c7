# Options that interfaces of WireGuard have in common, whoever makes them.
{ lib }:
let
  inherit (lib) mkOption types;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag maybe;
in
{
  commands =
    when:
    mkOption {
      type = types.coercedTo (types.listOf types.str) (lib.concatStringsSep "\n") types.lines;
      default = "";
      description = "Commands ${when}.";
    };
  seconds =
    description:
    mkOption {
      type = types.int;
      default = 0;
      inherit description;
    };
  privateKeys = {
    privateKey = maybe types.str "Private key. The store is readable to everybody: prefer `privateKeyFile`.";
    privateKeyFile = maybe types.str "File with the private key.";
    generatePrivateKeyFile = flag false "Whether that file is made when it is missing.";
  };
  peerKeys = {
    publicKey = mkOption {
      type = types.singleLineStr;
      description = "Public key.";
    };
    presharedKey = maybe types.str "Key that both know. The store is readable to everybody: prefer `presharedKeyFile`.";
    presharedKeyFile = maybe types.str "File with the key that both know.";
    allowedIPs = mkOption {
      type = types.listOf types.str;
      example = [ "10.0.0.2/32" ];
      description = "Addresses that are the peer's.";
    };
    endpoint = maybe types.str "Host and port.";
    persistentKeepalive = maybe types.int "Every how many seconds an empty packet is sent, for those behind address translation.";
  };
}
