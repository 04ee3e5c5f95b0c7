{ fromDebian, lib }:
fromDebian "gettext" {
  meta = {
    description = "Translations of programs";
    homepage = "https://www.gnu.org/software/gettext/";
    license = lib.licenses.gpl3Plus;
  };
}
