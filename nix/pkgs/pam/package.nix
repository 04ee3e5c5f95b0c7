{ fromDebian, lib }:
fromDebian "pam" {
  meta = {
    description = "Authentication modules";
    homepage = "http://www.linux-pam.org/";
    license = lib.licenses.bsd3;
  };
}
