"""Update packages, modules and devices of the cloud in the words of the domain. Pure and total.

Source: QueryOTAFirmware, ListOTAFirmware, ListOTAModuleByProduct, ListOTAModuleVersionsByDevice.
"""

from collections.abc import Mapping
from typing import Final

from gateway.domain.device import Module, ModuleVersion
from gateway.domain.firmware import (
    Checksum,
    Firmware,
    FirmwareDetail,
    FirmwareFile,
    FirmwareType,
    VerificationStatus,
)
from gateway.providers.alibaba.mapping import to_name
from gateway.providers.alibaba.redaction import redact
from gateway.providers.alibaba.reply import Received
from gateway.providers.alibaba.units import to_time
from gateway.providers.alibaba.wire import FileInfo, FirmwareInfo, ModuleInfo, ModuleVersionInfo

_VERIFICATION: Final[Mapping[str, VerificationStatus]] = {
    "-1": VerificationStatus.NOT_REQUIRED,
    "0": VerificationStatus.UNVERIFIED,
    "1": VerificationStatus.VERIFIED,
    "2": VerificationStatus.VERIFYING,
    "3": VerificationStatus.FAILED,
}
_TYPE: Final[Mapping[str, FirmwareType]] = {
    "0": FirmwareType.FULL,
    "1": FirmwareType.DIFFERENTIAL,
}
_DEFAULT_METHOD: Final = "md5"  # the only one documented, and the default
_WHOLE: Final = 100


def to_firmware(received: Received[FirmwareInfo], *, backend: str) -> Firmware:
    """One package in full, as QueryOTAFirmware gives it."""
    info = received.info
    progress = info.verify_progress
    detail = FirmwareDetail(
        files=_files(info),
        device_info=info.udi,
        verification_progress_percent=progress
        if progress is not None and progress <= _WHOLE
        else None,
        raw=redact(received.raw),
    )
    return _firmware(info, backend=backend, detail=detail)


def to_listed_firmware(received: Received[FirmwareInfo], *, backend: str) -> Firmware:
    """One package as the list gives it: no files, no device info, no verification progress."""
    return _firmware(received.info, backend=backend, detail=None)


def to_module(received: Received[ModuleInfo], *, product_key: str) -> Module:
    """One module of the product asked for."""
    info = received.info
    return Module(
        product_key=info.product_key or product_key,
        name=info.module_name,
        alias=info.alias_name,
        description=info.desc,
    )


def to_module_version(received: Received[ModuleVersionInfo]) -> ModuleVersion:
    """What one module of a device reported last."""
    return ModuleVersion(name=received.info.module_name, version=received.info.module_version)


def _firmware(info: FirmwareInfo, *, backend: str, detail: FirmwareDetail | None) -> Firmware:
    return Firmware(
        backend=backend,
        native_id=info.firmware_id,
        name=to_name(info.firmware_name),
        version=info.dest_version,
        product_key=info.product_key,
        product_name=info.product_name,
        description=info.firmware_desc,
        module_name=info.module_name,
        type=_TYPE.get(info.type or "", FirmwareType.UNKNOWN),
        source_version=info.src_version,
        size_bytes=info.firmware_size,
        checksum=_checksum(info.sign_method, info.firmware_sign),
        verification=_VERIFICATION.get(info.status or "", VerificationStatus.UNKNOWN),
        raw_verification=info.status,
        max_verification_devices=None,
        min_verification_successes=None,
        created_at=to_time(info.utc_create),
        updated_at=to_time(info.utc_modified),
        detail=detail,
    )


def _files(info: FirmwareInfo) -> tuple[FirmwareFile, ...]:
    if info.multi_files:
        return tuple(_file(file, info.sign_method) for file in info.multi_files)
    checksum = _checksum(info.sign_method, info.firmware_sign)
    if checksum is None and info.firmware_size is None:
        return ()
    return (FirmwareFile(name=None, size_bytes=info.firmware_size, checksum=checksum),)


def _file(file: FileInfo, sign_method: str | None) -> FirmwareFile:
    checksum = _checksum(sign_method, file.sign_value) or _checksum("md5", file.file_md5)
    return FirmwareFile(name=file.name, size_bytes=file.size, checksum=checksum)


def _checksum(method: str | None, value: str | None) -> Checksum | None:
    return (
        None if value is None else Checksum(method=(method or _DEFAULT_METHOD).lower(), value=value)
    )
