"""How a new job runs, in the cloud's parameters: time-out, retries, pace, switches.

Source: CreateOTAStaticUpgradeJob, CreateOTADynamicUpgradeJob and CreateOTAVerifyJob, request
tables.
"""

from collections.abc import Mapping
from typing import Final

from gateway.domain.draft import JobDraft
from gateway.domain.job import (
    DownloadProtocol,
    MembershipMode,
    OverwriteMode,
    RetryPolicy,
    RolloutPace,
)
from gateway.providers.alibaba.exact_units import (
    nearest_minutes,
    neighbours,
    to_minutes,
)
from gateway.providers.alibaba.planning import Path, Planning

_SHORTEST_TIMEOUT_S: Final = 60
_LONGEST_TIMEOUT_S: Final = 86_400
_RETRY_INTERVALS_S: Final = (0, 600, 1_800, 3_600, 86_400)
_RETRY_COUNTS: Final = (1, 2, 5)
_SLOWEST_PER_MINUTE: Final = 10
_FASTEST_PER_MINUTE: Final = 10_000
_MQTT_REGIONS: Final = frozenset({"cn-shanghai", "cn-beijing", "cn-shenzhen"})
_OVERWRITE_MODE: Final[Mapping[OverwriteMode, int]] = {
    OverwriteMode.KEEP_EXISTING: 1,
    OverwriteMode.REPLACE_PENDING: 2,
}
_MEMBERSHIP_MODE: Final[Mapping[MembershipMode, int]] = {
    MembershipMode.CURRENT_AND_FUTURE: 1,
    MembershipMode.FUTURE_ONLY: 2,
}


def put_timeout(planning: Planning, timeout_s: int | None) -> None:
    """TimeoutInMinutes, 1 to 1440."""
    if timeout_s is None:
        return
    path = ("timeoutSeconds",)
    minutes = to_minutes(timeout_s)
    if minutes is None or not _SHORTEST_TIMEOUT_S <= timeout_s <= _LONGEST_TIMEOUT_S:
        planning.refuse(
            path,
            f"timeoutSeconds must be whole minutes, from {_SHORTEST_TIMEOUT_S} to "
            f"{_LONGEST_TIMEOUT_S} seconds",
            nearest_minutes(
                timeout_s, shortest_s=_SHORTEST_TIMEOUT_S, longest_s=_LONGEST_TIMEOUT_S
            ),
        )
        return
    planning.convert(path, timeout_s, "TimeoutInMinutes", minutes)


def put_retry_policy(
    planning: Planning, policy: RetryPolicy | None, *, timeout_s: int | None
) -> None:
    """RetryInterval and RetryCount, which go together; the interval is below the time-out."""
    if policy is None:
        return
    _put_retry_interval(planning, policy.interval_s, timeout_s=timeout_s)
    path = ("retryPolicy", "count")
    if policy.count in _RETRY_COUNTS:
        planning.put("RetryCount", policy.count)
        return
    allowed = ", ".join(map(str, _RETRY_COUNTS))
    nearest = _RETRY_COUNTS if policy.count is None else neighbours(policy.count, _RETRY_COUNTS)
    planning.refuse(path, f"retryPolicy.count must be one of {allowed}", nearest)


def _put_retry_interval(
    planning: Planning, interval_s: int | None, *, timeout_s: int | None
) -> None:
    path = ("retryPolicy", "intervalSeconds")
    allowed = ", ".join(map(str, _RETRY_INTERVALS_S))
    message = f"retryPolicy.intervalSeconds must be one of {allowed}"
    if interval_s is None:
        planning.refuse(path, message, _RETRY_INTERVALS_S)
    elif interval_s not in _RETRY_INTERVALS_S:
        planning.refuse(path, message, neighbours(interval_s, _RETRY_INTERVALS_S))
    elif timeout_s is not None and interval_s >= timeout_s:
        shorter = [value for value in _RETRY_INTERVALS_S if value < timeout_s][-1:]
        planning.refuse(
            path,
            f"retryPolicy.intervalSeconds must be less than timeoutSeconds, which is {timeout_s}",
            shorter,
        )
    else:
        planning.convert(path, interval_s, "RetryInterval", interval_s // 60)


def put_pace(planning: Planning, pace: RolloutPace | None) -> None:
    """MaximumPerMinute, 10 to 10000; the cloud has no limit of tasks at once."""
    if pace is None:
        return
    if pace.max_concurrent is not None:
        planning.refuse(
            ("pace", "maxConcurrent"),
            "this cloud limits devices a minute, not tasks at once; use pace.maxPerMinute",
        )
    if pace.max_per_minute is not None:
        put_max_per_minute(planning, ("pace", "maxPerMinute"), pace.max_per_minute)


def put_max_per_minute(planning: Planning, path: Path, count: int) -> None:
    """MaximumPerMinute, given at `path`."""
    if _SLOWEST_PER_MINUTE <= count <= _FASTEST_PER_MINUTE:
        planning.put("MaximumPerMinute", count)
        return
    planning.refuse(
        path,
        f"{'.'.join(path)} must be from {_SLOWEST_PER_MINUTE} to {_FASTEST_PER_MINUTE}",
        (min(max(count, _SLOWEST_PER_MINUTE), _FASTEST_PER_MINUTE),),
    )


def put_conduct(planning: Planning, draft: JobDraft) -> None:
    """OverwriteMode and MultiModuleMode, which rollouts alone have."""
    mode = draft.overwrite_mode
    if mode is OverwriteMode.REPLACE_PENDING and draft.multi_module:
        planning.refuse(
            ("multiModule",), "multiModule must not be true where overwriteMode is REPLACE_PENDING"
        )
    if mode is not None and mode in _OVERWRITE_MODE:
        planning.convert(("overwriteMode",), mode.value, "OverwriteMode", _OVERWRITE_MODE[mode])
    elif mode is not None:
        planning.refuse(
            ("overwriteMode",), "overwriteMode must be one of the known modes", _OVERWRITE_MODE
        )
    planning.put("MultiModuleMode", draft.multi_module)


def put_membership_mode(planning: Planning, mode: MembershipMode | None) -> None:
    """DynamicMode, which continuous jobs alone have."""
    if mode is not None and mode in _MEMBERSHIP_MODE:
        planning.convert(("membershipMode",), mode.value, "DynamicMode", _MEMBERSHIP_MODE[mode])
    elif mode is not None:
        planning.refuse(
            ("membershipMode",), "membershipMode must be one of the known modes", _MEMBERSHIP_MODE
        )


def put_delivery(planning: Planning, draft: JobDraft, *, region_id: str) -> None:
    """NeedConfirm, NeedPush and DownloadProtocol; MQTT is for three regions."""
    planning.put("NeedConfirm", draft.confirmation_required)
    planning.put("NeedPush", draft.push_enabled)
    protocol = draft.download_protocol
    if protocol is DownloadProtocol.UNKNOWN:
        planning.refuse(
            ("downloadProtocol",), "downloadProtocol must be HTTPS or MQTT", ("HTTPS", "MQTT")
        )
    elif protocol is DownloadProtocol.MQTT and region_id not in _MQTT_REGIONS:
        planning.refuse(
            ("downloadProtocol",),
            f"downloads over MQTT exist in {', '.join(sorted(_MQTT_REGIONS))} only, not in "
            f"{region_id}",
            ("HTTPS",),
        )
    elif protocol is not None:
        planning.put("DownloadProtocol", protocol.value)
