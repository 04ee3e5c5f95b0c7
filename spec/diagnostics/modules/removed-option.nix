{
  services.old = 1;
}
