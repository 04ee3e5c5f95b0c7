# From options to systemd-networkd's files: file name → text.
{ lib }:
cfg:
let
  tables = import ./sections.nix;
  show = v: if lib.isBool v then (if v then "yes" else "no") else toString v;
  lines =
    attrs:
    lib.concatStrings (
      lib.mapAttrsToList (name: v: lib.concatMapStrings (one: "${name}=${show one}\n") (lib.toList v)) attrs
    );
  section = title: attrs: lib.optional (attrs != { }) "[${title}]\n${lines attrs}";
  several = title: map (attrs: "[${title}]\n${lines attrs}");
  sections =
    table: def:
    lib.concatMap (row: section (lib.last row) def.${lib.head row}) table.one
    ++ lib.concatMap (row: several (lib.last row) def.${lib.head row}) table.several;

  join = parts: extra: lib.concatStringsSep "\n" (lib.concatLists parts) + extra;

  # Names that options of their own list, behind those of the section.
  listed =
    n:
    lib.filterAttrs (_: list: list != [ ]) (
      lib.listToAttrs (
        map (
          row:
          lib.nameValuePair (lib.last row) (n.${lib.head row} ++ lib.toList (n.networkConfig.${lib.last row} or [ ]))
        ) tables.network.names
      )
    );
  networkText =
    n:
    join [
      (section "Match" (n.matchConfig // lib.optionalAttrs (n.name != null) { Name = n.name; }))
      (section "Link" n.linkConfig)
      (section "Network" (
        n.networkConfig
        // lib.optionalAttrs (n.DHCP != null) { DHCP = n.DHCP; }
        // listed n
        // lib.optionalAttrs (n.domains != null) { Domains = lib.concatStringsSep " " n.domains; }
      ))
      (sections tables.network n)
    ] n.extraConfig;
  linkText = l: join [ (section "Match" l.matchConfig) (section "Link" l.linkConfig) ] l.extraConfig;
  netdevText = d: join [ (section "Match" d.matchConfig) (sections tables.netdev d) ] d.extraConfig;
  written =
    suffix: text: defs:
    lib.mapAttrs' (name: def: lib.nameValuePair "${name}.${suffix}" (text def)) (
      lib.filterAttrs (_: def: def.enable) defs
    );
in
written "network" networkText cfg.networks
// written "link" linkText cfg.links
// written "netdev" netdevText cfg.netdevs
