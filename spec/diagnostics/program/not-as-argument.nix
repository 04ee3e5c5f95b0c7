{ lib, cfg }:
{
  network = lib.mkIf !cfg.network.useDHCP {
    enable = true;
  };
}
