# A listing of the notes on NixOS that this project began with, as it stands.
{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
  outputs = { nixpkgs, ... }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
    in
    {
      checks.${system}.default = pkgs.nixosTest {
        name = "custom-http-server-test";
        nodes = {
          server = {
            networking.firewall.allowedTCPPorts = [ 8080 ];
            systemd.services.http-server = {
              wantedBy = [ "multi-user.target" ];
              script = "${pkgs.python3}/bin/python3 -m http.server 8080";
            };
          };
          client = {
            environment.systemPackages = with pkgs; [ curl ];
          };
        };
        testScript = ''
          start_all()
          server.wait_for_open_port(8080)
          client.succeed("curl -f http://server:8080")
        '';
      };
    };
}
