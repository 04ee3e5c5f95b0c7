{ symlinkJoin, debian, lib }:
symlinkJoin {
  name = "nghttp2-${debian.nghttp2-proxy.version}";
  pname = "nghttp2";
  inherit (debian.nghttp2-proxy) version;
  paths = [ debian.nghttp2-proxy debian.nghttp2-client ];
  meta = {
    description = "HTTP/2 proxy and client";
    license = lib.licenses.mit;
    mainProgram = "nghttp";
  };
}
