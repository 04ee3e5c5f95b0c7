{
  imports = [ "conflict.other.nix" ];
}
