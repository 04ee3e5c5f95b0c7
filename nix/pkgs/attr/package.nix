{ fromDebian, lib }:
fromDebian "attr" {
  meta = {
    description = "Extended attributes of files";
    homepage = "https://savannah.nongnu.org/projects/attr/";
    license = lib.licenses.gpl2Plus;
  };
}
