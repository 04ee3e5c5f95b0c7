# Addresses of networks.
{ lib }:
let
  inherit (builtins)
    bitXor
    concatMap
    elemAt
    filter
    length
    match
    ;
  inherit (lib.lists) replicate;
  inherit (lib.strings) concatMapStringsSep splitString toLower;
  inherit (lib.trivial) fromHexString toHexString;

  # The eight groups of an address; `::` stands for as many zeros as are missing.
  expand =
    address:
    let
      halves = splitString "::" address;
      groupsOf = half: if half == "" then [ ] else splitString ":" half;
      first = groupsOf (elemAt halves 0);
      second = groupsOf (elemAt halves 1);
      missing = 8 - length first - length second;
      groups =
        if length halves == 1 && length first == 8 then
          first
        else if length halves == 2 && missing > 0 then
          first ++ replicate missing "0" ++ second
        else
          throw "${address} is not a valid IPv6 address";
    in
    if match "[0-9A-Fa-f:]+" address == null then
      throw "${address} contains malformed characters for IPv6 address"
    else if filter (group: group == "") groups != [ ] then
      throw "${address} is not a valid IPv6 address"
    else
      groups;

  parseGroup =
    group:
    let
      value = fromHexString group;
    in
    if 0 <= value && value <= 65535 then value else throw "0x${group} is not a valid u16 integer";

  parsePrefix =
    whole: text:
    let
      bits = lib.strings.toInt text;
    in
    if 1 <= bits && bits <= 128 then
      bits
    else
      throw "${whole} IPv6 subnet should be in range [1;128], got ${toString bits}";
in
{
  ipv6 = {
    /**
      The parts of an IPv6 address, perhaps with the length of a prefix: the address with all its groups
      and without leading zeros, and the length (128 if none is given).

      # Type
      `fromString :: String -> { address :: String; prefixLength :: Int; }`

      # Example
      lib.network.ipv6.fromString "2001:DB8::ffff/32"
      => { address = "2001:db8:0:0:0:0:0:ffff"; prefixLength = 32; }
    */
    fromString =
      whole:
      let
        parts = splitString "/" whole;
        show = group: toLower (toHexString (parseGroup group));
      in
      if length parts > 2 then
        throw "${whole} is not a valid IPv6 address in CIDR notation"
      else
        {
          address = concatMapStringsSep ":" show (expand (elemAt parts 0));
          prefixLength = if length parts == 1 then 128 else parsePrefix whole (elemAt parts 1);
        };

    /**
      The half of an IPv6 address that follows from a MAC address (EUI-64).

      # Type
      `mkEUI64Suffix :: String -> String`

      # Example
      lib.network.ipv6.mkEUI64Suffix "66:75:63:6B:20:75"
      => "6475:63ff:fe6b:2075"
    */
    mkEUI64Suffix =
      mac:
      let
        octet = "([0-9A-Fa-f]{2})";
        octets = match (builtins.concatStringsSep "[-:.]?" (replicate 6 octet)) mac;
        at = elemAt octets;
        # The bit that tells universal addresses from local ones is inverted.
        first = toHexString (bitXor 512 (fromHexString (at 0 + at 1)));
      in
      if octets == null then
        throw ''"${mac}" is not a valid MAC address (expected 6 octets of hex digits)''
      else
        toLower "${first}:${at 2}ff:fe${at 3}:${at 4}${at 5}";
  };
}
