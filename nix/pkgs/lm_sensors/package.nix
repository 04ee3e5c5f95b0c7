{ fromDebian, lib }:
fromDebian "lm-sensors" {
  pname = "lm_sensors";
  meta = {
    description = "Temperatures, voltages and fans";
    homepage = "https://hwmon.wiki.kernel.org/lm_sensors";
    license = lib.licenses.lgpl21Plus;
    mainProgram = "sensors";
  };
}
