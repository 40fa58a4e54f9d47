"""What a caller wants to be made or changed, in the gateway's own words and units.

A field that is None was not given: the cloud's default holds. What a cloud cannot express is
refused before anything is sent, never rounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.domain.firmware import Checksum, FirmwareType
from gateway.domain.job import (
    DownloadProtocol,
    JobType,
    MembershipMode,
    OverwriteMode,
    RetryPolicy,
    RolloutPace,
    Schedule,
    UpgradePolicy,
)
from gateway.domain.scope import ScopeTarget
from gateway.domain.text import LocalizedText


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeDraft:
    """Which devices a new job shall upgrade; see `UpgradeScope`."""

    target: ScopeTarget
    source_versions: tuple[str, ...] = ()
    product_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDraft:
    """A job to be created.

    `type` is UPGRADE or VERIFICATION. `product_key` is that of the firmware, for clouds that want
    it beside the firmware's id. `timeout_s` and the retry interval are seconds. `tags` go to the
    cloud's tags where jobs have them.
    """

    firmware_id: str
    product_key: str | None
    type: JobType
    scope: ScopeDraft
    policy: UpgradePolicy | None = None
    name: LocalizedText | None = None
    timeout_s: int | None = None
    retry_policy: RetryPolicy | None = None
    schedule: Schedule | None = None
    pace: RolloutPace | None = None
    overwrite_mode: OverwriteMode | None = None
    membership_mode: MembershipMode | None = None
    download_protocol: DownloadProtocol | None = None
    confirmation_required: bool | None = None
    push_enabled: bool | None = None
    device_request_enabled: bool | None = None
    multi_module: bool | None = None
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChanges:
    """Changes to a running job; `tags` replace all tags, and None keeps them."""

    max_per_minute: int | None = None
    timeout_s: int | None = None
    source_versions: tuple[str, ...] | None = None
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelChoice:
    """Which tasks of a job end with it.

    `awaiting_confirmation` has three states on Alibaba: None lets `queued` decide about those too.
    """

    scheduled: bool = False
    queued: bool = False
    notified: bool = False
    in_progress: bool = False
    awaiting_confirmation: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDraft:
    """A firmware file to be uploaded.

    `content` is the whole file; None in a write that is read back from the journal, which keeps no
    files, and is only looked for.
    """

    name: str
    content: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareDraft:
    """A package to be created.

    `checksum` is computed over the single file where the caller gave none. `device_info` is free
    text for devices (Alibaba Udi).
    """

    name: LocalizedText
    version: str
    files: tuple[FileDraft, ...]
    product_key: str | None = None
    description: str | None = None
    module_name: str | None = None
    type: FirmwareType = FirmwareType.FULL
    source_version: str | None = None
    checksum: Checksum | None = None
    verification_required: bool | None = None
    max_verification_devices: int | None = None
    min_verification_successes: int | None = None
    device_info: str | None = None
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareChanges:
    """Changes to a package; None keeps a field."""

    name: str | None = None
    description: str | None = None
    device_info: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleDraft:
    """A firmware module of a product, to be created or changed."""

    product_key: str
    name: str
    alias: str | None = None
    description: str | None = None
