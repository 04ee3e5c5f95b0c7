{
  outputs = { self, nixpkgs, }: checks.x86_64-linux.remote-unlock-test = let
    pkgs = import nixpkgs {system = "x86_64-linux";};
  in
    pkgs.hello;
}
