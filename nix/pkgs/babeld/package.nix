{ fromDebian, lib }:
fromDebian "babeld" {
  meta = {
    description = "Routing daemon for mesh networks";
    license = lib.licenses.mit;
    mainProgram = "babeld";
  };
}
