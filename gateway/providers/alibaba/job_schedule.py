"""When a new job runs, in the cloud's parameters.

Source: CreateOTAStaticUpgradeJob, ScheduleTime and ScheduleFinishTime.
"""

from datetime import datetime, timedelta
from typing import Final

from gateway.domain.job import Schedule
from gateway.providers.alibaba.exact_units import to_epoch_ms, whole_second
from gateway.providers.alibaba.planning import Planning

_LEAST_LEAD: Final = timedelta(minutes=5)
_MOST_LEAD: Final = timedelta(days=7)
_SHORTEST_WINDOW: Final = timedelta(hours=1)
_LONGEST_WINDOW: Final = timedelta(days=30)


def put_schedule(planning: Planning, schedule: Schedule | None, *, now: datetime) -> None:
    """ScheduleTime, from 5 minutes to 7 days ahead, and ScheduleFinishTime, 1 hour to 30 days on.

    Without a start the job starts at once; without an end it is never forced to one.
    """
    if schedule is None:
        return
    daily = {
        "repeatsDaily": schedule.repeats_daily,
        "utcOffsetSeconds": schedule.utc_offset_s,
        "dailyStartSeconds": schedule.daily_start_s,
        "dailyEndSeconds": schedule.daily_end_s,
    }
    for name, value in daily.items():
        if value is not None:
            planning.refuse(("schedule", name), f"this cloud has no daily windows, so no {name}")
    start, end = schedule.starts_at, schedule.ends_at
    if start is not None:
        window = (now + _LEAST_LEAD, now + _MOST_LEAD)
        _put_moment(planning, "startsAt", "ScheduleTime", start, window)
    if end is not None and start is None:
        planning.refuse(
            ("schedule", "startsAt"), "schedule.endsAt counts from the start: startsAt is missing"
        )
    elif end is not None and start is not None:
        window = (start + _SHORTEST_WINDOW, start + _LONGEST_WINDOW)
        _put_moment(planning, "endsAt", "ScheduleFinishTime", end, window)


def _put_moment(
    planning: Planning,
    field: str,
    name: str,
    moment: datetime,
    window: tuple[datetime, datetime],
) -> None:
    path = ("schedule", field)
    earliest, latest = window
    if not earliest <= moment <= latest:
        first, last = whole_second(earliest, up=True), whole_second(latest, up=False)
        planning.refuse(
            path,
            f"schedule.{field} must be from {first} to {last}",
            (first if moment < earliest else last,),
        )
        return
    sent = to_epoch_ms(moment)
    if sent is None:
        planning.refuse(
            path,
            f"schedule.{field} must be in whole milliseconds",
            (whole_second(moment, up=False), whole_second(moment, up=True)),
        )
        return
    planning.convert(path, moment.isoformat(), name, sent)
