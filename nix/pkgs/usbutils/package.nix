{ fromDebian, lib }:
fromDebian "usbutils" {
  meta = {
    description = "Lists what is at the USB";
    homepage = "http://www.linux-usb.org/";
    license = lib.licenses.gpl2Plus;
    mainProgram = "lsusb";
  };
}
