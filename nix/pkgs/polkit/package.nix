{ fromDebian, lib }:
fromDebian "polkitd" {
  pname = "polkit";
  meta = {
    description = "Asks whether a program may do what needs rights";
    homepage = "https://gitlab.freedesktop.org/polkit/polkit";
    license = lib.licenses.lgpl2Plus;
    mainProgram = "pkaction";
  };
}
