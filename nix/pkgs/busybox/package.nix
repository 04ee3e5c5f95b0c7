{ fromDebian, lib }:
fromDebian "busybox-static" {
  pname = "busybox";
  meta = {
    description = "Many small tools in one static program";
    homepage = "https://busybox.net/";
    license = lib.licenses.gpl2Only;
    mainProgram = "busybox";
  };
}
