{
  description = "The same kind of test, written for nixpkgs; run it with --override-input nixpkgs base";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { nixpkgs, ... }:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
    in
    {
      checks.x86_64-linux.default = pkgs.nixosTest {
        name = "greeting";
        nodes = {
          host = {
            networking.firewall.allowedTCPPorts = [ 7000 ];
            systemd.services.greeting = {
              wantedBy = [ "multi-user.target" ];
              script = "cd \${RUNTIME_DIRECTORY} && echo hello > index.html && exec ${pkgs.python3}/bin/python3 -m http.server 7000";
              serviceConfig.RuntimeDirectory = "greeting";
            };
          };
          guest = {
            environment.systemPackages = with pkgs; [ curl ];
          };
        };
        testScript = ''
          start_all()
          host.wait_for_unit("greeting.service")
          host.wait_for_open_port(7000)
          assert "hello" in guest.succeed("curl -sf http://host:7000/")
        '';
      };
    };
}
