{
  description = "A configuration file that its program checks while it is built";

  inputs.nixpkgs.url = "base";

  outputs =
    { nixpkgs, ... }:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;

      # The file, if nginx takes it; otherwise the build fails with what nginx says.
      checked =
        text:
        pkgs.runCommand "nginx.conf" { nativeBuildInputs = [ pkgs.nginx ]; } ''
          cp ${pkgs.writeText "nginx.conf" text} nginx.conf
          nginx -t -q -e stderr -p "$PWD" -c "$PWD/nginx.conf"
          cp nginx.conf "$out"
        '';

      config = directive: ''
        pid nginx.pid;
        events { }
        http {
          access_log off;
          client_body_temp_path body;
          proxy_temp_path proxy;
          fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi;
          scgi_temp_path scgi;
          server { ${directive} 8080; return 200 "checked\n"; }
        }
      '';
    in
    {
      packages.x86_64-linux = {
        default = checked (config "listen");
        # `firn build .#broken` fails: nginx knows no directive `lissen`.
        broken = checked (config "lissen");
      };
      checks.x86_64-linux.default = checked (config "listen");
    };
}
