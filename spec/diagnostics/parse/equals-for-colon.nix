{ config, pkgs, lib, ... } =
with lib;
{
  config = { };
}
