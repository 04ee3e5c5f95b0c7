{ config, lib, ... }:
{
  options.services.kiwix.wikis = lib.mkOption { default = [ "/a.zim" ]; };
  config.systemd.services.kiwix.serviceConfig.ReadWritePaths = [ config.services.kiwix.wikis ];
}
