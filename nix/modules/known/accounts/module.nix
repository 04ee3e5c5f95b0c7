# Accounts of services that NixOS has and `base` lacks: other modules refer to them, and people's configurations put
# them into groups. Each is there when its service is enabled, though nothing runs by its name.
#
# `table.nix` has what is known of them. Of other services the options `user` and `group` name the account, as it is
# made in NixOS where they have their defaults.
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (builtins)
    attrNames
    elem
    elemAt
    isList
    isString
    length
    mapAttrs
    ;
  inherit (lib)
    attrByPath
    init
    mkDefault
    mkMerge
    optional
    unique
    ;

  table = import ./table.nix;
  tables = import ../table.nix { inherit lib; };

  # What the known options of a service say about a name.
  defaultOf =
    path: name:
    let
      entry = tables.entryAt (path ++ [ name ]);
    in
    if isList entry && length entry > 1 && isString (elemAt entry 1) then elemAt entry 1 else null;
  byOptions =
    path:
    let
      user = defaultOf path "user";
      group = defaultOf path "group";
      named = name: name != null && !elem name [ "" "root" "nobody" "nogroup" ];
    in
    if !named user then
      { }
    else
      {
        users.${user} = lib.optionalAttrs (named group && group != user) { inherit group; };
        groups = lib.optionalAttrs (named group) { ${group} = { }; };
      };

  # Somebody's own choice of a user is an account of their own.
  isUsual =
    path: kind: name:
    let
      option = attrByPath (path ++ [ kind ]) null options;
      chosen = attrByPath (path ++ [ kind ]) null config;
    in
    option == null || option.highestPrio >= 1500 || chosen == name;

  # What there is of a path, `{ }` if nothing is.
  known = path: table.${lib.concatStringsSep "." path} or (byOptions path);

  accountsOf =
    path:
    let
      all = known path;
      usual =
        kind: accounts:
        if length (attrNames accounts) == 1 then lib.filterAttrs (name: _: isUsual path kind name) accounts else accounts;
    in
    {
      users = usual "user" (all.users or { });
      groups = usual "group" (all.groups or { });
    };

  # Services of the known options that are switched on: most machines have none, and then nothing is read. Only those
  # that have accounts are asked, because what enables another may depend on the users. What has no switch is on when
  # something is defined of it.
  enabled = unique (
    lib.concatMap (
      definition:
      let
        path = definition.prefix;
        isSwitch = lib.last path == "enable";
      in
      if isSwitch then
        optional (known (init path) != { } && attrByPath path false config == true) (init path)
      else
        optional (table ? ${lib.concatStringsSep "." path}) path
    ) config._module.inert
  );
  accounts = map accountsOf enabled;

  user =
    name: fields:
    mapAttrs (_: mkDefault) (
      {
        group = name;
      }
      // lib.optionalAttrs (!fields.isNormalUser or false) { isSystemUser = true; }
      // fields
    );
  # The group of a user that says none is its own; another one may be that of a service which runs beside it, and is
  # not enabled here.
  groupsFor =
    account:
    lib.listToAttrs (
      lib.mapAttrsToList (name: fields: lib.nameValuePair (fields.group or name) { }) account.users
    )
    // account.groups;
in
{
  users.users = mkMerge (map (account: mapAttrs user account.users) accounts);
  users.groups = mkMerge (
    map (account: mapAttrs (_: mapAttrs (_: mkDefault)) (groupsFor account)) accounts
  );
}
