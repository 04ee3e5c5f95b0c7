{ fromDebian, lib }:
fromDebian "thermald" {
  meta = {
    description = "Keeps Intel processors from getting too hot";
    homepage = "https://github.com/intel/thermal_daemon";
    license = lib.licenses.gpl2Plus;
    mainProgram = "thermald";
  };
}
