{ fromDebian, lib }:
fromDebian "less" {
  meta = {
    description = "Shows text page by page";
    homepage = "https://www.greenwoodsoftware.com/less/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "less";
  };
}
