{ fromDebian, lib }:
fromDebian "haproxy" {
  meta = {
    description = "Load balancer for TCP and HTTP";
    homepage = "https://www.haproxy.org/";
    license = lib.licenses.gpl2Plus;
    mainProgram = "haproxy";
  };
}
