{ fromDebian, lib }:
fromDebian "sudo" {
  meta = {
    description = "Runs programs with other rights";
    homepage = "https://www.sudo.ws/";
    license = lib.licenses.sudo;
    mainProgram = "sudo";
  };
}
