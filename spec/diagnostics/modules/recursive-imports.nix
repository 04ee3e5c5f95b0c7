{ config, ... }:
{
  imports = if config.services.web.enable then [ { } ] else [ ];
}
