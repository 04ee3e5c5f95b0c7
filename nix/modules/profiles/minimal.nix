# A machine with little on it: no documentation, no graphical things.
{ lib, ... }:
let
  inherit (lib) mkDefault;
in
{
  documentation.enable = mkDefault false;
  documentation.doc.enable = mkDefault false;
  documentation.info.enable = mkDefault false;
  documentation.man.enable = mkDefault false;
  documentation.nixos.enable = mkDefault false;
}
