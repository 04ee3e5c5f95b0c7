{
  outputs = { nixpkgs, ... }:
    checks.x86_64-linux.default = nixpkgs.lib.id 1;
}
