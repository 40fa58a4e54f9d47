"""Firmware packages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.domain.json_value import JsonObject
from gateway.domain.text import LocalizedText


class VerificationStatus(StrEnum):
    """Whether a package may be rolled out to a fleet."""

    NOT_REQUIRED = "NOT_REQUIRED"
    UNVERIFIED = "UNVERIFIED"
    VERIFYING = "VERIFYING"
    VERIFIED = "VERIFIED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class FirmwareType(StrEnum):
    """Whether a package holds a whole image or a difference between two versions."""

    FULL = "FULL"
    DIFFERENTIAL = "DIFFERENTIAL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksum:
    """`method` is the vendor's word in lower case (`md5`, `sha256`); `value` is hexadecimal."""

    method: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareFile:
    """One file of a package; fields are None where the cloud does not tell."""

    name: str | None
    size_bytes: int | None
    checksum: Checksum | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareDetail:
    """What a list of packages may leave out.

    `device_info` is free text handed to devices (Alibaba Udi). `raw` is the vendor's object without
    signed addresses. `verification_progress_percent` is None where the cloud has no such thing.
    """

    files: tuple[FirmwareFile, ...]
    device_info: str | None
    verification_progress_percent: int | None
    raw: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """One firmware package.

    `product_key` is None for a package bound to no product. `raw_verification` keeps the vendor's
    word or number. `source_version` is set for differential packages only. `detail` is None if the
    package was read from a list that leaves details out; the single read always has it.
    """

    backend: str
    native_id: str
    name: LocalizedText | None
    version: str | None
    product_key: str | None
    product_name: str | None
    description: str | None
    module_name: str | None
    type: FirmwareType
    source_version: str | None
    size_bytes: int | None
    checksum: Checksum | None
    verification: VerificationStatus
    raw_verification: str | None
    max_verification_devices: int | None
    min_verification_successes: int | None
    created_at: datetime | None
    updated_at: datetime | None
    tags: Mapping[str, str] = field(default_factory=dict)
    detail: FirmwareDetail | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareFilter:
    """Which packages; None means any. `name` is a part of the name in any language."""

    product_key: str | None = None
    version: str | None = None
    verification: VerificationStatus | None = None
    name: str | None = None

    def matches(self, firmware: Firmware) -> bool:
        """Tell whether `firmware` satisfies every condition set."""
        return (
            self.product_key in {None, firmware.product_key}
            and self.version in {None, firmware.version}
            and self.verification in {None, firmware.verification}
            and (
                self.name is None
                or (firmware.name is not None and firmware.name.contains(self.name))
            )
        )
