{
  imports = [ ./no-such-file.nix ];
}
