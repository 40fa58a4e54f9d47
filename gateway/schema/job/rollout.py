"""How a job goes about its tasks: retries, schedule and pace."""

from datetime import datetime
from typing import Self

import strawberry

from gateway.domain import job as domain


@strawberry.type(
    description=(
        "Automatic retries of failed tasks. EnOS retryPolicy, Alibaba RetryCount and RetryInterval."
    )
)
class RetryPolicy:
    count: int | None = strawberry.field(description="Most retries of one task.")
    interval_seconds: int | None = strawberry.field(
        description="Seconds between retries; 0 is at once. EnOS sends seconds, Alibaba minutes."
    )

    @classmethod
    def of(cls, policy: domain.RetryPolicy | None) -> Self | None:
        if policy is None:
            return None
        return cls(count=policy.count, interval_seconds=policy.interval_s)


@strawberry.type(description="When a job may push. Fields are null where the cloud sets no limit.")
class Schedule:
    starts_at: datetime | None = strawberry.field(
        description="Not before. EnOS startTimestamp, Alibaba UtcScheduleTime."
    )
    ends_at: datetime | None = strawberry.field(
        description="Not after. EnOS endTimestamp, Alibaba UtcScheduleFinishTime."
    )
    repeats_daily: bool | None = strawberry.field(
        description="Whether the time of day from start to end repeats. EnOS isRepeatDaily."
    )
    utc_offset_seconds: int | None = strawberry.field(
        description="Offset of the daily window, seconds east of UTC. EnOS timezoneOffsetInMinutes."
    )
    daily_start_seconds: int | None = strawberry.field(
        description="Begin of the daily window, seconds of the day. EnOS startSchedule, which it "
        "has deprecated."
    )
    daily_end_seconds: int | None = strawberry.field(
        description="End of the daily window, seconds of the day. EnOS endSchedule, which it has "
        "deprecated."
    )

    @classmethod
    def of(cls, schedule: domain.Schedule | None) -> Self | None:
        if schedule is None:
            return None
        return cls(
            starts_at=schedule.starts_at,
            ends_at=schedule.ends_at,
            repeats_daily=schedule.repeats_daily,
            utc_offset_seconds=schedule.utc_offset_s,
            daily_start_seconds=schedule.daily_start_s,
            daily_end_seconds=schedule.daily_end_s,
        )


@strawberry.type(description="How fast a job goes.")
class RolloutPace:
    max_concurrent: int | None = strawberry.field(
        description="Most tasks at once. EnOS maximumConcurrency."
    )
    max_per_minute: int | None = strawberry.field(
        description="Most devices notified a minute. Alibaba MaximumPerMinute."
    )

    @classmethod
    def of(cls, pace: domain.RolloutPace | None) -> Self | None:
        if pace is None:
            return None
        return cls(max_concurrent=pace.max_concurrent, max_per_minute=pace.max_per_minute)
