{
  imports = [ [ ./options.nix ] ];
}
