{ fromDebian, lib }:
fromDebian "acl" {
  meta = {
    description = "Access control lists of files";
    homepage = "https://savannah.nongnu.org/projects/acl";
    license = lib.licenses.gpl2Plus;
  };
}
