{ fromDebian, lib }:
fromDebian "iio-sensor-proxy" {
  meta = {
    description = "Sensors of light, position and distance, over D-Bus";
    homepage = "https://gitlab.freedesktop.org/hadess/iio-sensor-proxy";
    license = lib.licenses.gpl3Plus;
    mainProgram = "monitor-sensor";
  };
}
