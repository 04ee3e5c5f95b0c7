{ fromDebian, lib }:
fromDebian "nginx" {
  meta = {
    description = "Web server and reverse proxy";
    homepage = "https://nginx.org/";
    license = lib.licenses.bsd2;
    mainProgram = "nginx";
  };
  passthru.modules = [ ];
}
