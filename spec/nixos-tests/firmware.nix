# UEFI firmware and what it remembers: variables that the script writes and reads, boot entries, signatures.
{ pkgs, ... }:
let
  vendor = "6ac7a1b6-1d9c-4f6c-9dd0-0a6a1b4d2d5e";
  loader = {
    virtualisation = {
      useBootLoader = true;
      useEFIBoot = true;
      diskSize = 200;
    };
    boot.loader = {
      efi.canTouchEfiVariables = true;
      systemd-boot.enable = true;
    };
    environment.systemPackages = [ pkgs.efibootmgr ];
  };
in
{
  name = "firmware";
  globalTimeout = 900;
  defaults.virtualisation.memorySize = 512;

  # Variables that the script writes before the first start, and the machine changes.
  nodes.variables.virtualisation = {
    useEFIBoot = true;
    backend = "vm";
  };

  # Signatures are checked as soon as there are keys; here are none.
  nodes.setup = {
    imports = [ loader ];
    virtualisation.useSecureBoot = true;
  };

  # Here are keys, and nothing is signed.
  nodes.signed = {
    imports = [ loader ];
    virtualisation = {
      useSecureBoot = true;
      efi.OVMF = pkgs.OVMF.override { msVarsTemplate = true; };
    };
  };

  testScript = ''
    import uuid

    from test_driver.efi import EfiGuid, EfiVariable

    Flags = EfiVariable.Flags
    vendor = uuid.UUID("${vendor}")
    kept = Flags.NON_VOLATILE | Flags.BOOTSERVICE_ACCESS | Flags.RUNTIME_ACCESS

    with subtest("keys"):
        signed.start()
        signed.wait_for_console_text("Access Denied")
        signed.crash()
        names = {variable.name for variable in signed.read_efi_vars()}
        assert {"PK", "KEK", "db", "dbx"} <= names, names

    with subtest("setup mode"):
        setup.wait_for_unit("multi-user.target")
        setup.succeed("bootctl status | grep 'Secure Boot: disabled (setup)'")
        setup.succeed("efibootmgr | grep 'BootCurrent: 0000'", "efibootmgr | grep 'Boot0000.*Linux Boot Manager'")
        with t.assertRaises(AssertionError):
            setup.read_efi_vars()
        setup.shutdown()
        entry = [v for v in setup.read_efi_vars() if v.name == "Boot0000"][0]
        assert entry.vendorUUID == EfiGuid.gEfiGlobalVariableGuid
        assert "systemd-bootx64.efi" in entry.data.decode("utf-16-le", "ignore")

    with subtest("variables"):
        variables.create_efi_vars()
        assert variables.read_efi_vars() == []
        variables.write_efi_vars([
            EfiVariable(vendor_uuid=vendor, name="Answer", data=b"\x2a", flags=kept),
            EfiVariable(vendor, "Gone", b"later", flags=kept),
        ])
        with t.assertRaises(AssertionError):
            variables.create_efi_vars()
        variables.start()
        file = "/sys/firmware/efi/efivars/Answer-${vendor}"
        assert variables.succeed(f"od -An -tx1 {file}").split() == ["07", "00", "00", "00", "2a"]
        variables.succeed(f"chattr -i {file}", f"printf '\\7\\0\\0\\0\\53' > {file}")
        variables.succeed(f"chattr -i {file.replace('Answer', 'Gone')}", f"rm {file.replace('Answer', 'Gone')}")
        variables.shutdown()
        variables.dump_efi_vars()
        own = [v for v in variables.read_efi_vars() if v.vendorUUID == uuid.UUID(bytes=vendor.bytes_le)]
        assert [(v.name, v.data, v.flags) for v in own] == [("Answer", b"\x2b", kept)], own
        own[0].print()
  '';
}
