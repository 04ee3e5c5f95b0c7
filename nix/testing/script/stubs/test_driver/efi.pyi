"""UEFI variables, where other drivers have them."""

import uuid

class EfiGuid:
    gEdkiiVarErrorFlagGuid: uuid.UUID
    gEfiAuthenticatedVariableGuid: uuid.UUID
    gEfiCertDbGuid: uuid.UUID
    gEfiCustomModeEnableGuid: uuid.UUID
    gEfiGlobalVariableGuid: uuid.UUID
    gEfiImageSecurityDatabaseGuid: uuid.UUID
    gEfiIp4Config2ProtocolGuid: uuid.UUID
    gEfiIScsiInitiatorNameProtocolGuid: uuid.UUID
    gEfiMemoryTypeInformationGuid: uuid.UUID
    gEfiSecureBootEnableDisableGuid: uuid.UUID
    gEfiSystemNvDataFvGuid: uuid.UUID
    gEfiVendorKeysNvGuid: uuid.UUID
    gIScsiConfigGuid: uuid.UUID
    gMicrosoftVendorGuid: uuid.UUID
    gMtcVendorGuid: uuid.UUID
    mBmHardDriveBootVariableGuid: uuid.UUID

class EfiVariable:
    class Flags:
        NON_VOLATILE: int
        BOOTSERVICE_ACCESS: int
        RUNTIME_ACCESS: int
        HARDWARE_ERROR_RECORD: int
        AUTHENTICATED_WRITE_ACCESS: int
        TIME_BASED_AUTHENTICATED_WRITE_ACCESS: int
        APPEND_WRITE: int
    class State:
        VAR_HEADER_VALID_ONLY: int
        VAR_ADDED: int
    vendorUUID: uuid.UUID
    name: str
    data: bytes
    state: int
    flags: int
    nameLen: int
    dataLen: int
    monotonicCount: int
    pubKeyIdx: int
    timestamp: bytes
    isDeleted: bool
    volatile: bool
    boot_access: bool
    runtime_access: bool
    hardware_error_record: bool
    authenticated_write_access: bool
    time_based_authenticated_write_access: bool
    append_write: bool
    def __init__(
        self,
        vendor_uuid: uuid.UUID | None = None,
        name: str | None = None,
        data: bytes | None = None,
        state: int | None = None,
        flags: int | None = None,
    ) -> None: ...
    def vendor(self) -> str: ...
    def print(self) -> None: ...
