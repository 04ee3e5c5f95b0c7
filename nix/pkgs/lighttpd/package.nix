{ fromDebian, lib }:
fromDebian "lighttpd" {
  meta = {
    description = "Light web server";
    homepage = "https://www.lighttpd.net/";
    license = lib.licenses.bsd3;
    mainProgram = "lighttpd";
  };
}
