{
  imports = [ ./imports-unparsable.other.nix ];
}
