{ fromDebian, lib }:
fromDebian "caddy" {
  meta = {
    description = "Web server with automatic certificates";
    homepage = "https://caddyserver.com/";
    license = lib.licenses.asl20;
    mainProgram = "caddy";
  };
}
