# Firmware of these devices is among what may be passed on.
{ hardware.enableRedistributableFirmware = true; }
