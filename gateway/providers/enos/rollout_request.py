"""Retries, schedule and pace of a new job as EnOS takes them. Source: Create OTA Job."""

from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.domain.job import RetryPolicy, RolloutPace, Schedule
from gateway.providers.enos.translation import INPUT, Path, Translation, iso

_RETRY: Final[Path] = (*INPUT, "retryPolicy")
_SCHEDULE: Final[Path] = (*INPUT, "schedule")
_PACE: Final[Path] = (*INPUT, "pace")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
# What lies much earlier could be taken for seconds: EnOS does not say which unit it reads.
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MINUTE_S: Final = 60
_WESTMOST_S: Final = -12 * 3600
_EASTMOST_S: Final = 14 * 3600
_LARGEST_INTEGER: Final = 2**31 - 1


def retry_body(notes: Translation, policy: RetryPolicy) -> dict[str, object]:
    """A RetryPolicy that is switched on; EnOS wants both numbers then."""
    if policy.count is None:
        notes.refuse((*_RETRY, "count"), "EnOS needs a count of retries, 1 to 5", 1, 5)
    else:
        notes.within((*_RETRY, "count"), policy.count, 1, 5)
    if policy.interval_s is None:
        message = "EnOS needs an interval between retries, 0 to 86400 seconds"
        notes.refuse((*_RETRY, "intervalSeconds"), message, 0, 86_400)
    else:
        notes.within((*_RETRY, "intervalSeconds"), policy.interval_s, 0, 86_400, "seconds")
    return {
        "enableRetry": True,
        "retryInterval": policy.interval_s,
        "retryCount": policy.count,
    }


def schedule_body(notes: Translation, schedule: Schedule, *, now: datetime) -> dict[str, object]:
    """A SchedulePolicy: epoch milliseconds, of which EnOS wants both, and minutes east of UTC."""
    body: dict[str, object] = {}
    if schedule.repeats_daily is not None:
        body["isRepeatDaily"] = schedule.repeats_daily
    body["startTimestamp"] = _timestamp(notes, schedule.starts_at, "startsAt", "startTimestamp")
    body["endTimestamp"] = _timestamp(notes, schedule.ends_at, "endsAt", "endTimestamp")
    if schedule.ends_at is not None:
        if schedule.starts_at is not None and schedule.ends_at <= schedule.starts_at:
            notes.refuse((*_SCHEDULE, "endsAt"), "endsAt must be later than startsAt")
        if schedule.ends_at <= now:
            notes.refuse((*_SCHEDULE, "endsAt"), "endsAt must not be over already")
    if schedule.utc_offset_s is not None:
        body["timezoneOffsetInMinutes"] = _offset(notes, schedule.utc_offset_s)
    for name, value in (
        ("dailyStartSeconds", schedule.daily_start_s),
        ("dailyEndSeconds", schedule.daily_end_s),
    ):
        if value is not None:
            message = f"EnOS has deprecated {name}; use startsAt and endsAt with repeatsDaily"
            notes.refuse((*_SCHEDULE, name), message)
    return body


def concurrency(notes: Translation, pace: RolloutPace) -> int | None:
    """`maximumConcurrency`; EnOS names no upper limit but that of its type."""
    if pace.max_per_minute is not None:
        message = "EnOS limits tasks at once, not devices a minute; use maxConcurrent"
        notes.refuse((*_PACE, "maxPerMinute"), message)
    if pace.max_concurrent is not None:
        notes.within((*_PACE, "maxConcurrent"), pace.max_concurrent, 1, _LARGEST_INTEGER)
    return pace.max_concurrent


def _timestamp(notes: Translation, moment: datetime | None, name: str, sent_as: str) -> int | None:
    path = (*_SCHEDULE, name)
    if moment is None:
        notes.refuse(path, f"EnOS needs {name}: a schedule has a start and an end there")
        return None
    epoch_ms = (moment - _EPOCH) // _MILLISECOND
    exact = _EPOCH + epoch_ms * _MILLISECOND
    if exact != moment:
        message = f"EnOS takes whole milliseconds; {name} is finer"
        notes.refuse(path, message, iso(exact), iso(exact + _MILLISECOND))
    if moment < _EARLIEST:
        notes.refuse(path, f"{name} must not lie before the year 2000", iso(_EARLIEST))
    notes.convert(path, iso(moment), f"schedulePolicy.{sent_as}", epoch_ms)
    return epoch_ms


def _offset(notes: Translation, offset_s: int) -> int:
    path = (*_SCHEDULE, "utcOffsetSeconds")
    minutes, rest_s = divmod(offset_s, _MINUTE_S)
    if rest_s:
        message = "EnOS takes whole minutes; utcOffsetSeconds must be a multiple of 60"
        notes.refuse(path, message, minutes * _MINUTE_S, (minutes + 1) * _MINUTE_S)
    notes.within(path, offset_s, _WESTMOST_S, _EASTMOST_S, "seconds")
    notes.convert(path, offset_s, "schedulePolicy.timezoneOffsetInMinutes", minutes)
    return minutes
