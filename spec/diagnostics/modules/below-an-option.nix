{
  networking.hostName.name = "web";
}
