{
  services.openssh.enable = ;
}
