# The libraries by which systemd talks to a TPM, and Debian's packages that have them.
{
  "libtss2-esys.so.0" = "libtss2-esys-3.0.2-0";
  "libtss2-mu.so.0" = "libtss2-mu0";
  "libtss2-rc.so.0" = "libtss2-rc0";
  "libtss2-tcti-device.so.0" = "libtss2-tcti-device0";
}
