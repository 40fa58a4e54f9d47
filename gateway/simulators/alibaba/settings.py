"""Reads how a batch is to run from the parameters of the call that makes it."""

from collections.abc import Sequence
from typing import Final

from gateway.simulators.alibaba import checks, errors
from gateway.simulators.alibaba.firmware import Firmware
from gateway.simulators.alibaba.job import Protocol, Retry, Settings
from gateway.simulators.alibaba.parameters import Arguments

PACES: Final = range(10, 10_001)
TIMEOUTS_MIN: Final = range(1, 1_441)
MOST_SOURCE_VERSIONS: Final = 10
_FASTEST = 10_000
_RETRY_INTERVALS_MIN = (0, 10, 30, 60, 1_440)
_RETRY_COUNTS = (1, 2, 5)
_MODES = (1, 2)
_REPLACE = 2
_MQTT_REGIONS = frozenset({"cn-shanghai", "cn-beijing", "cn-shenzhen"})
_MQTT_LIMIT_BYTES = 16 * 2**20


def rollout_settings(arguments: Arguments, firmware: Firmware, region: str) -> Settings:
    """How a static or dynamic batch is to run."""
    timeout_min = _timeout(arguments)
    booleans = arguments.booleans
    overwrite_mode = checks.number(arguments, "OverwriteMode", _MODES, 1)
    multi_module = booleans.get("MultiModuleMode", False)
    if multi_module and overwrite_mode == _REPLACE:
        detail = "OverwriteMode 2 and MultiModuleMode exclude each other."
        raise errors.illegal_request(detail)
    return Settings(
        protocol=_protocol(arguments, firmware, region),
        maximum_per_minute=checks.number(arguments, "MaximumPerMinute", PACES, _FASTEST),
        multi_module=multi_module,
        need_confirm=booleans.get("NeedConfirm", False),
        need_push=booleans.get("NeedPush", True),
        overwrite_mode=overwrite_mode,
        retry=_retry(arguments, timeout_min),
        timeout_min=timeout_min,
        tags=checks.tags(arguments, "Tag"),
    )


def trial_settings(arguments: Arguments, firmware: Firmware, region: str) -> Settings:
    """How a verification is to run; what it cannot be told is what batches do by default."""
    return Settings(
        protocol=_protocol(arguments, firmware, region),
        maximum_per_minute=_FASTEST,
        multi_module=False,
        need_confirm=arguments.booleans.get("NeedConfirm", False),
        need_push=arguments.booleans.get("NeedPush", True),
        overwrite_mode=1,
        retry=None,
        timeout_min=_timeout(arguments),
        tags=checks.tags(arguments, "Tag"),
    )


def source_versions(arguments: Arguments, name: str, firmware: Firmware) -> tuple[str, ...]:
    """The versions to be upgraded, empty for any; a differential package knows but its own."""
    versions: Sequence[str] = arguments.lists.get(name, ())
    checks.check_count(name, versions, MOST_SOURCE_VERSIONS)
    checks.check_unique(name, versions)
    for version in versions:
        checks.check_shape(name, version, checks.VERSION)
    own = firmware.source_version
    if versions and own is not None and tuple(versions) != (own,):
        detail = f"{name} must be the source version of the differential package."
        raise errors.illegal_request(detail)
    return tuple(versions)


def _timeout(arguments: Arguments) -> int | None:
    timeout_min = arguments.integers.get("TimeoutInMinutes")
    if timeout_min is not None:
        checks.check_range("TimeoutInMinutes", timeout_min, TIMEOUTS_MIN)
    return timeout_min


def _retry(arguments: Arguments, timeout_min: int | None) -> Retry | None:
    """The two halves of a retry policy, the interval below the timeout; None without either."""
    interval_min = arguments.integers.get("RetryInterval")
    count = arguments.integers.get("RetryCount")
    if interval_min is None and count is None:
        return None
    if interval_min is None or count is None:
        detail = "RetryInterval and RetryCount must be given together."
        raise errors.illegal_request(detail)
    checks.check_range("RetryInterval", interval_min, _RETRY_INTERVALS_MIN)
    checks.check_range("RetryCount", count, _RETRY_COUNTS)
    if timeout_min is not None and interval_min >= timeout_min:
        detail = "RetryInterval must be less than TimeoutInMinutes."
        raise errors.illegal_request(detail)
    return Retry(interval_min=interval_min, count=count)


def _protocol(arguments: Arguments, firmware: Firmware, region: str) -> Protocol:
    name = "DownloadProtocol"
    protocol = checks.word(name, arguments.texts.get(name, Protocol.HTTPS), Protocol)
    small = len(firmware.files) == 1 and firmware.files[0].size_bytes <= _MQTT_LIMIT_BYTES
    if protocol is Protocol.MQTT and not (small and region in _MQTT_REGIONS):
        detail = "MQTT is for single files of at most 16 MB, in three regions."
        raise errors.illegal_request(detail)
    return protocol
