{ fromDebian, lib }:
fromDebian "monit" {
  meta = {
    description = "Watches services";
    license = lib.licenses.agpl3Only;
    mainProgram = "monit";
  };
}
