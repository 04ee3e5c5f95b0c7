{ fromDebian, lib }:
fromDebian "postfix" {
  meta = {
    description = "Mail server";
    license = lib.licenses.ipl10;
    mainProgram = "postfix";
  };
}
