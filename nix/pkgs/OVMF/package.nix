# UEFI firmware for virtual machines. With `secureBoot` it checks signatures once keys are enrolled:
# `msVarsTemplate` comes with Microsoft's, `snakeoilVarsTemplate` with a key of Debian's that everybody has.
{
  fromDebian,
  lib,
  secureBoot ? false,
  msVarsTemplate ? false,
  snakeoilVarsTemplate ? false,
}:
let
  checks = secureBoot || msVarsTemplate || snakeoilVarsTemplate;
  kind = if msVarsTemplate then ".ms" else if snakeoilVarsTemplate then ".snakeoil" else "";
  self = fromDebian "ovmf" {
    pname = "OVMF";
    meta = {
      description = "UEFI firmware for virtual machines";
      homepage = "https://github.com/tianocore/edk2";
      license = lib.licenses.bsd2;
    };
    passthru = {
      fd = self;
      firmware = "${self}/share/OVMF/OVMF_CODE_4M${lib.optionalString checks ".secboot"}.fd";
      variables = "${self}/share/OVMF/OVMF_VARS_4M${kind}.fd";
      code = self.firmware;
      variablesMs = "${self}/share/OVMF/OVMF_VARS_4M.ms.fd";
      # Variables of signatures are written in system management mode only.
      systemManagementModeRequired = checks;
    };
  };
in
self
