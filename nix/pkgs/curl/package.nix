{ fromDebian, lib }:
fromDebian "curl" {
  meta = {
    description = "Transfers data by url";
    homepage = "https://curl.se/";
    license = lib.licenses.curl;
    mainProgram = "curl";
  };
}
