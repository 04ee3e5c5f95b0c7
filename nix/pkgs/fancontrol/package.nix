{ fromDebian, lib }:
fromDebian "fancontrol" {
  meta = {
    description = "Sets the speed of fans by temperatures";
    homepage = "https://hwmon.wiki.kernel.org/lm_sensors";
    license = lib.licenses.lgpl21Plus;
    mainProgram = "fancontrol";
  };
}
