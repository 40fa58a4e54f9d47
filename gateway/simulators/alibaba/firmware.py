"""Update packages, and what becomes of one while it is verified."""

from dataclasses import dataclass
from enum import IntEnum

from gateway.simulators.alibaba.product import Module, Product


class FirmwareStatus(IntEnum):
    """The vendor's codes for where a package's verification stands."""

    NOT_NEEDED = -1
    UNVERIFIED = 0
    VERIFIED = 1
    VERIFYING = 2
    FAILED = 3


class FirmwareType(IntEnum):
    """Whether a package holds everything, or only what differs from one older version."""

    FULL = 0
    DIFFERENTIAL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One trial of a package on a few devices; times are epoch seconds."""

    started_s: float
    ended_s: float
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """One file of a package; `md5` is lower-case hex."""

    name: str
    size_bytes: int
    md5: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """An update package.

    `source_version` is there for differential packages only. `earlier_versions` are the versions
    of the same module before this one, oldest first. Without `verification` nobody has tried the
    package; `needs_verification` says whether somebody must. `blank_style` picks, by any number,
    how a value that does not exist is written. `changed_s` is when a call last
    changed its texts, 0 if none did. Times are epoch seconds.
    """

    id: str
    name: str
    product: Product
    module: Module
    version: str
    earlier_versions: tuple[str, ...]
    source_version: str | None
    note: str | None
    user_data: str | None
    files: tuple[PackageFile, ...]
    needs_verification: bool
    verification: Verification | None
    created_s: float
    blank_style: int
    changed_s: float = 0.0

    @property
    def type(self) -> FirmwareType:
        """Full, unless it builds upon one source version."""
        return FirmwareType.FULL if self.source_version is None else FirmwareType.DIFFERENTIAL

    def status_at(self, now_s: float) -> FirmwareStatus:
        """Where the verification stands."""
        if not self.needs_verification:
            return FirmwareStatus.NOT_NEEDED
        trial = self.verification
        if trial is None or now_s < trial.started_s:
            return FirmwareStatus.UNVERIFIED
        if now_s < trial.ended_s:
            return FirmwareStatus.VERIFYING
        return FirmwareStatus.VERIFIED if trial.passed else FirmwareStatus.FAILED

    def verify_percent_at(self, now_s: float) -> int:
        """Progress of the verification, 0 to 100; 0 when there is none."""
        trial = self.verification
        if trial is None or now_s < trial.started_s:
            return 0
        if now_s >= trial.ended_s:
            return 100
        return int((now_s - trial.started_s) / (trial.ended_s - trial.started_s) * 100)

    def modified_at(self, now_s: float) -> float:
        """When the package last changed: created, or moved on in its verification, or renamed."""
        trial = self.verification
        if trial is None or now_s < trial.started_s:
            return max(self.created_s, self.changed_s)
        moved_s = trial.started_s if now_s < trial.ended_s else trial.ended_s
        return max(moved_s, self.changed_s)
