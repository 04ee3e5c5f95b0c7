{ fromDebian, lib }:
fromDebian "ferm" {
  meta = {
    description = "Firewall rules from a readable file";
    license = lib.licenses.gpl2Plus;
    mainProgram = "ferm";
  };
}
