# People who look after packages, by handle.
#
# Published modules and packages name those of nixpkgs: `meta.maintainers = with lib.maintainers; [ … ]`. So that
# this has a value, `handles.json` has nixpkgs' handles as of July 2026, each with its name on GitHub, or
# nothing if that is the same. Nothing else is known of these people here; they have no part in `base`.
{ lib }:
let
  person = handle: github: {
    name = handle;
    github = if github == "" then handle else github;
  };
in
builtins.mapAttrs person (builtins.fromJSON (builtins.readFile ./handles.json))
// {
  firn = {
    name = "The firn developers";
    github = "firn";
    email = "maintainers@firn.invalid";
  };
}
