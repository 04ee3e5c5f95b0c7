{
  config.imports = [ ./conflict.other.nix ];
}
