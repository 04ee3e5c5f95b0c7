{ fromDebian, lib }:
fromDebian "iputils" {
  meta = {
    description = "ping, arping and tracepath";
    homepage = "https://github.com/iputils/iputils";
    license = lib.licenses.gpl2Plus;
    mainProgram = "ping";
  };
}
