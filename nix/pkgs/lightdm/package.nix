{ fromDebian, lib }:
fromDebian "lightdm" {
  meta = {
    description = "Logs people in on screens";
    homepage = "https://github.com/canonical/lightdm";
    license = lib.licenses.gpl3Plus;
    mainProgram = "lightdm";
  };
}
