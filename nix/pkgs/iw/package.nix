{ fromDebian, lib }:
fromDebian "iw" {
  meta = {
    description = "Settings of wireless networks";
    homepage = "https://wireless.wiki.kernel.org/en/users/Documentation/iw";
    license = lib.licenses.isc;
    mainProgram = "iw";
  };
}
