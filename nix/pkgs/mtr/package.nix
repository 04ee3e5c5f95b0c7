{ fromDebian, lib }:
fromDebian "mtr-tiny" {
  meta = {
    description = "Traceroute and ping in one";
    license = lib.licenses.gpl2Only;
    mainProgram = "mtr";
  };
}
