{
  system.version = "2";
}
