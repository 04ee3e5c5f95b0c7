{
  description = "Services and users of machines: nginx, PostgreSQL, Redis, ssh, sudo, timers";

  inputs.nixpkgs.url = "base";

  outputs =
    { nixpkgs, ... }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
    in
    {
      checks.${system} = {
        # Virtual hosts, a proxy, redirection; the configuration is checked when it is built.
        web = pkgs.nixosTest ./web.nix;
        # Databases that are there from the start, roles, passwords.
        data = pkgs.nixosTest ./data.nix;
        # Login by key from another machine, sudo, timers, locale, shells.
        login = pkgs.nixosTest ./login.nix;
        # Two networks, and a machine between them that translates addresses.
        router = pkgs.nixosTest ./router.nix;
      };
    };
}
