# Settings that are not declared one by one have a type together.
{
  services.web.settings.limits.rate = x: x;
}
