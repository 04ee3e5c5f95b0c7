# ends: well
# logs: MachineError, as it must
import uuid

from test_driver.efi import EfiGuid, EfiVariable
from test_driver.errors import MachineError, RequestedAssertionFailed

flags = EfiVariable.Flags.NON_VOLATILE | EfiVariable.Flags.BOOTSERVICE_ACCESS
guid = uuid.UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
one = EfiVariable(vendor_uuid=guid, name="Timeout", data=b"\1\0", flags=flags)
same = EfiVariable(EfiGuid.gEfiGlobalVariableGuid, "Timeout", b"\1\0", EfiVariable.State.VAR_ADDED, flags)
assert one == same and one.vendor() == "gEfiGlobalVariableGuid"
assert one.vendorUUID == uuid.UUID(bytes=guid.bytes_le)
assert not one.volatile and one.boot_access and not one.runtime_access and not one.isDeleted
assert EfiVariable.heard(one.told()) == one
one.print()
with t.assertRaises(TypeError):
    EfiVariable(name="Unfinished").told()

# Variables are the firmware's, which a container has none of.
for call in (client.create_efi_vars, client.read_efi_vars, client.dump_efi_vars):
    try:
        call()
    except MachineError:
        log.log("MachineError, as it must")
    else:
        raise RequestedAssertionFailed("a container has variables")

# Process 1 of a container, as this side numbers it.
with open(f"/proc/{client.get_systemd_process}/comm") as file:
    assert file.read(), "no process"

# What commands write to standard error is on the console.
client.succeed("echo aside >&2")
assert "aside" in client.get_console_log()
