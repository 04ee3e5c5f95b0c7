"""UEFI variables as scripts see them; the images that hold them are the driver's business."""

import uuid


class DiskGuid(uuid.UUID):
    """The UUID whose bytes are those of the image. The specification writes its first three groups in the other
    order of bytes."""


def disk_guid(guid):
    return guid if isinstance(guid, DiskGuid) else DiskGuid(bytes=guid.bytes_le)


class EfiGuid:
    """Vendors whose variables firmware knows."""


for _name, _text in {
    "gEdkiiVarErrorFlagGuid": "04b37fe8-f6ae-480b-bdd5-37d98c5e89aa",
    "gEfiAuthenticatedVariableGuid": "aaf32c78-947b-439a-a180-2e144ec37792",
    "gEfiCertDbGuid": "d9bee56e-75dc-49d9-b4d7-b534210f637a",
    "gEfiCustomModeEnableGuid": "c076ec0c-7028-4399-a072-71ee5c448b9f",
    "gEfiGlobalVariableGuid": "8be4df61-93ca-11d2-aa0d-00e098032b8c",
    "gEfiImageSecurityDatabaseGuid": "d719b2cb-3d3a-4596-a3bc-dad00e67656f",
    "gEfiIp4Config2ProtocolGuid": "5b446ed1-e30b-4faa-871a-3654eca36080",
    "gEfiIScsiInitiatorNameProtocolGuid": "59324945-ec44-4c0d-b1cd-9db139df070c",
    "gEfiMemoryTypeInformationGuid": "4c19049f-4137-4dd3-9c10-8b97a83ffdfa",
    "gEfiSecureBootEnableDisableGuid": "f0a30bc7-af08-4556-99c4-001009c93a44",
    "gEfiSystemNvDataFvGuid": "fff12b8d-7696-4c8b-a985-2747075b4f50",
    "gEfiVendorKeysNvGuid": "9073e4e0-60ec-4b6e-9903-4c223c260f3c",
    "gIScsiConfigGuid": "4b47d616-a8d6-4552-9d44-ccad2e0f4cf9",
    "gMicrosoftVendorGuid": "77fa9abd-0359-4d32-bd60-28f4e78f784b",
    "gMtcVendorGuid": "eb704011-1402-11d3-8e77-00a0c969723b",
    "mBmHardDriveBootVariableGuid": "fab7e9e1-39dd-4f2b-8408-e20e906cb6de",
}.items():
    setattr(EfiGuid, _name, disk_guid(uuid.UUID(_text)))

STATES = {0x3F: "VAR_ADDED", 0x3E: "VAR_IN_DELETED_TRANSITION | VAR_ADDED"}


class EfiVariable:
    """One variable: whose it is, its name, its bytes and its attributes."""

    class Flags:
        NON_VOLATILE = 0x1
        BOOTSERVICE_ACCESS = 0x2
        RUNTIME_ACCESS = 0x4
        HARDWARE_ERROR_RECORD = 0x8
        AUTHENTICATED_WRITE_ACCESS = 0x10
        TIME_BASED_AUTHENTICATED_WRITE_ACCESS = 0x20
        APPEND_WRITE = 0x40

    class State:
        VAR_HEADER_VALID_ONLY = 0x7F
        VAR_ADDED = 0x3F

    def __init__(self, vendor_uuid=None, name=None, data=None, state=None, flags=None):
        self.vendorUUID = None if vendor_uuid is None else disk_guid(vendor_uuid)
        self.name = name
        self.data = data
        # Scripts write `VAR_HEADER_VALID_ONLY | VAR_ADDED`; what is given to the driver is there.
        self.state = self.State.VAR_ADDED if state is None or state == 0x7F else state
        self.flags = 0 if flags is None else flags
        self.monotonicCount = 0
        self.pubKeyIdx = 0
        self.timestamp = bytes(16)

    nameLen = property(lambda self: 2 * len(self.name) + 2)
    dataLen = property(lambda self: len(self.data))
    isDeleted = property(lambda self: not self.state & 0x2)
    volatile = property(lambda self: not self.flags & 0x1)
    boot_access = property(lambda self: bool(self.flags & 0x2))
    runtime_access = property(lambda self: bool(self.flags & 0x4))
    hardware_error_record = property(lambda self: bool(self.flags & 0x8))
    authenticated_write_access = property(lambda self: bool(self.flags & 0x10))
    time_based_authenticated_write_access = property(lambda self: bool(self.flags & 0x20))
    append_write = property(lambda self: bool(self.flags & 0x40))

    def __eq__(self, other):
        return isinstance(other, EfiVariable) and self.told() == other.told()

    def __hash__(self):
        return hash((self.vendorUUID, self.name))

    def __repr__(self):
        return f"<EfiVariable {self.name!r} of {self.vendor()}>"

    def vendor(self):
        """The vendor as the specification names or writes it."""
        known = (name for name, guid in vars(EfiGuid).items() if guid == self.vendorUUID)
        return next(known, str(uuid.UUID(bytes=self.vendorUUID.bytes_le)))

    def print(self):
        names = [name for name, bit in vars(self.Flags).items() if name.isupper() and self.flags & bit]
        print(f"{self.name} ({self.vendor()})")
        print(f"  attributes: {' '.join(names) or 'none'}")
        print(f"  state:      {STATES.get(self.state, hex(self.state))}")
        print(f"  data:       {len(self.data)} bytes: {self.data.hex(' ')}")

    def told(self):
        """For the driver."""
        if self.vendorUUID is None or self.name is None or self.data is None:
            raise TypeError("an EfiVariable needs vendor_uuid, name and data before it is written")
        return {
            "vendor": self.vendorUUID.hex,
            "name": self.name,
            "data": bytes(self.data).hex(),
            "state": self.state,
            "attributes": self.flags,
            "count": self.monotonicCount,
            "time": bytes(self.timestamp).hex(),
            "key": self.pubKeyIdx,
        }

    @classmethod
    def heard(cls, told):
        """From the driver."""
        variable = cls(DiskGuid(hex=told["vendor"]), told["name"], bytes.fromhex(told["data"]))
        variable.state, variable.flags = told["state"], told["attributes"]
        variable.monotonicCount, variable.pubKeyIdx = told["count"], told["key"]
        variable.timestamp = bytes.fromhex(told["time"])
        return variable
