# Conditions that a configuration does not meet: all of them at once.
{ config, ... }:
{
  networking.hostName = "mine";
  assertions = [
    {
      assertion = config.networking.hostName != "mine";
      message = "networking.hostName must not be `mine': choose another name.";
    }
    {
      assertion = false;
      message = "services.web.root is needed when services.web.enable is set.";
    }
    {
      assertion = true;
      message = "never shown";
    }
  ];
}
