# Options of systemd-networkd's files; used for the machine and for its initial file system.
{ lib }:
let
  inherit (lib) mkOption types;
  value = types.oneOf [
    types.bool
    types.int
    types.str
    types.path
  ];
  tables = import ./sections.nix;
  values = types.attrsOf (types.either value (types.listOf value));
  show = v: if lib.isBool v then (if v then "yes" else "no") else toString v;
  lines =
    attrs:
    lib.concatStrings (
      lib.mapAttrsToList (name: v: lib.concatMapStrings (one: "${name}=${show one}\n") (lib.toList v)) attrs
    );
  section =
    description:
    mkOption {
      type = values;
      default = { };
      inherit description;
    };
  inherit (import ../../../option-kinds.nix { inherit lib; }) names;
  text =
    description:
    mkOption {
      type = types.lines;
      default = "";
      inherit description;
    };
  common = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the file is there.";
    };
    matchConfig = section "Section `[Match]`: which devices it is for.";
    linkConfig = section "Section `[Link]`.";
    extraConfig = text "Lines added at the end.";
  };
  # As sections in lists were written until 2024: `{ routeConfig = { … }; }`.
  isNested =
    set:
    let
      names = lib.attrNames set;
    in
    lib.length names == 1 && lib.hasSuffix "Config" (lib.head names) && lib.isAttrs set.${lib.head names};
  # Sections that may appear several times: a list of sets.
  several =
    description:
    mkOption {
      type = types.listOf (types.coercedTo (types.addCheck types.attrs isNested) (set: lib.head (lib.attrValues set)) values);
      default = [ ];
      inherit description;
    };
  optionsOf =
    declare: describe: table:
    lib.listToAttrs (
      map (row: lib.nameValuePair (lib.head row) (declare (describe (lib.last row)))) table
    );
  sections =
    table:
    optionsOf section (title: "Section `[${title}]`.") table.one
    // optionsOf several (title: "Sections `[${title}]`.") table.several;
  network = types.submodule {
    options = common // sections tables.network // optionsOf names (title: "Lines `${title}=` of the section `[Network]`.") tables.network.names // {
      networkConfig = section "Section `[Network]`.";
      name = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Name of the device, in place of `matchConfig`.";
      };
      DHCP = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Whether a DHCP server is asked.";
      };
      domains = mkOption {
        type = types.nullOr (types.listOf types.str);
        default = null;
        description = "Domains.";
      };
    };
  };
  link = types.submodule { options = common; };
  netdev = types.submodule { options = common // sections tables.netdev; };
in
{
  networks = mkOption {
    type = types.attrsOf network;
    default = { };
    description = "Networks (`.network` files), see {manpage}`systemd.network(5)`.";
  };
  links = mkOption {
    type = types.attrsOf link;
    default = { };
    description = "Links (`.link` files), see {manpage}`systemd.link(5)`.";
  };
  netdevs = mkOption {
    type = types.attrsOf netdev;
    default = { };
    description = "Virtual devices (`.netdev` files), see {manpage}`systemd.netdev(5)`.";
  };
  config = mkOption {
    type = types.submodule {
      freeformType = types.attrsOf values;
      options = {
        routeTables = mkOption {
          type = types.attrsOf types.int;
          default = { };
          example = { uplink = 27; };
          description = "Names of routing tables, and their numbers.";
        };
        addRouteTablesToIPRoute2 = mkOption {
          type = types.bool;
          default = true;
          description = "Whether `ip` knows these names as well.";
        };
      };
    };
    default = { };
    description = "Sections of `networkd.conf`.";
  };
  units = mkOption {
    type = types.attrsOf types.raw;
    default = { };
    internal = true;
    description = "Files as text.";
  };
  # The text of `networkd.conf`.
  sectionsText =
    { routeTables, ... }@config:
    let
      given = removeAttrs config [ "routeTables" "addRouteTablesToIPRoute2" ];
      named.RouteTable = lib.mapAttrsToList (name: number: "${name}:${toString number}") routeTables;
      sections =
        if routeTables == { } then
          given
        else
          given // { networkConfig = given.networkConfig or { } // named; };
    in
    lib.concatStringsSep "\n" (
      lib.mapAttrsToList (
        name: attrs: "[${tables.config.${name} or (lib.removeSuffix "Config" name)}]\n${lines attrs}"
      ) sections
    );
}
