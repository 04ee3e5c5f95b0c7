{ fromDebian, lib }:
fromDebian "bat" {
  meta = {
    description = "Shows files with colours";
    homepage = "https://github.com/sharkdp/bat";
    license = lib.licenses.mit;
    mainProgram = "batcat";
  };
}
