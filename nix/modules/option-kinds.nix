# Short ways to declare the kinds of options that come again and again.
{ lib }:
let
  inherit (lib) mkOption types;
in
{
  # Yes or no.
  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
    };
  # Lines from several places, one after the other.
  lines =
    description:
    mkOption {
      type = types.lines;
      default = "";
      inherit description;
    };
  # A list of texts.
  names =
    description:
    mkOption {
      type = types.listOf types.str;
      default = [ ];
      inherit description;
    };
  # A number of a port.
  port =
    default: description:
    mkOption {
      type = types.port;
      inherit default description;
    };
  # Something that may be left out.
  maybe =
    type: description:
    mkOption {
      type = types.nullOr type;
      default = null;
      inherit description;
    };
  # A text.
  text =
    default: description:
    mkOption {
      type = types.str;
      inherit default description;
    };
}
