{ fromDebian, lib }:
fromDebian "bluez" {
  meta = {
    description = "Bluetooth";
    homepage = "http://www.bluez.org/";
    license = lib.licenses.gpl2Plus;
    mainProgram = "bluetoothctl";
  };
}
