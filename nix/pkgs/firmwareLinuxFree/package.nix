{ fromDebian, lib }:
fromDebian "firmware-linux-free" {
  pname = "firmwareLinuxFree";
  meta = {
    description = "Free firmware of some devices";
    homepage = "https://packages.debian.org/firmware-linux-free";
    license = lib.licenses.gpl2Only;
  };
}
