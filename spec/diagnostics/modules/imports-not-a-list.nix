{
  imports = ./conflict.other.nix;
}
