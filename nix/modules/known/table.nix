# The tables of `options/` as one, by path (see `module.nix`).
{ lib }:
let
  inherit (builtins)
    attrNames
    elemAt
    head
    isList
    readDir
    tail
    ;
  inherit (lib) listToAttrs nameValuePair removeSuffix;

  # What is known by name only has a switch, as almost everything has.
  named.enable = [
    "bool"
    false
  ];

  # The level that an entry is, open or not; null if it is an option.
  levelOf =
    entry:
    if !isList entry then
      entry
    else if head entry == "open" then
      if elemAt entry 1 == { } then named else elemAt entry 1
    else
      null;

  # What stands at a path, an option or a level; null if there is nothing.
  entryIn =
    path: level:
    let
      entry = level.${head path} or null;
    in
    if level == null || entry == null then
      null
    else if tail path == [ ] then
      entry
    else
      entryIn (tail path) (levelOf entry);

  # What other modules often read of a service: where somebody has set it, it is there, though the service is known by
  # name only.
  oftenRead =
    lib.genAttrs [
      "address"
      "dataDir"
      "domain"
      "environment"
      "group"
      "host"
      "hostName"
      "hostname"
      "listenAddress"
      "package"
      "port"
      "stateDir"
      "url"
      "user"
    ] (_: [ "anything" ])
    // {
      openFirewall = named.enable;
      settings = [
        "anything"
        { }
      ];
    };
  readable =
    entry:
    if isList entry && head entry == "open" && removeAttrs (elemAt entry 1) [ "enable" ] == { } then
      [
        "open"
        (named // oftenRead)
      ]
    else
      entry;

  files = listToAttrs (
    map (file: nameValuePair (removeSuffix ".nix" file) (import (./options + "/${file}"))) (
      attrNames (readDir ./options)
    )
  );
  options = files // {
    services = builtins.mapAttrs (_: readable) files.services;
  };
in
{
  inherit levelOf options;
  entryAt = path: entryIn path options;
}
