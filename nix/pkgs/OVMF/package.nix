# UEFI firmware for virtual machines.
{ fromDebian, lib }:
let
  self = fromDebian "ovmf" {
    pname = "OVMF";
    meta = {
      description = "UEFI firmware for virtual machines";
      homepage = "https://github.com/tianocore/edk2";
      license = lib.licenses.bsd2;
    };
    passthru = {
      fd = self;
      firmware = "${self}/share/OVMF/OVMF_CODE_4M.fd";
      variables = "${self}/share/OVMF/OVMF_VARS_4M.fd";
      code = "${self}/share/OVMF/OVMF_CODE_4M.fd";
    };
  };
in
self
