"""How a new job shall go about its tasks: retries, schedule and pace."""

from datetime import datetime

import strawberry

from gateway.domain import job as domain


@strawberry.input(
    description="Automatic retries of failed tasks. EnOS retryPolicy, Alibaba RetryCount and "
    "RetryInterval."
)
class RetryPolicyInput:
    count: int = strawberry.field(
        description="Most retries of one task. EnOS: 1 to 5; Alibaba: 1, 2 or 5."
    )
    interval_seconds: int = strawberry.field(
        description="Seconds between retries; 0 is at once. EnOS: 0 to 86400; Alibaba: 0, 600, "
        "1800, 3600 or 86400, and less than `timeoutSeconds`."
    )

    def to_domain(self) -> domain.RetryPolicy:
        return domain.RetryPolicy(count=self.count, interval_s=self.interval_seconds)


@strawberry.input(description="When a new job may push.")
class ScheduleInput:
    starts_at: datetime | None = strawberry.field(
        default=None,
        description="Not before. EnOS startTimestamp, needed. Alibaba ScheduleTime, from 5 minutes "
        "to 7 days ahead; null starts at once. Whole milliseconds.",
    )
    ends_at: datetime | None = strawberry.field(
        default=None,
        description="Not after. EnOS endTimestamp, needed. Alibaba ScheduleFinishTime, from 1 hour "
        "to 30 days behind the start; null for never. Whole milliseconds.",
    )
    repeats_daily: bool | None = strawberry.field(
        default=None,
        description="Whether the time of day from start to end repeats. EnOS isRepeatDaily; "
        "Alibaba has none.",
    )
    utc_offset_seconds: int | None = strawberry.field(
        default=None,
        description="Offset of the time of day, seconds east of UTC: -43200 to 50400, in whole "
        "minutes. EnOS timezoneOffsetInMinutes; Alibaba has none.",
    )

    def to_domain(self) -> domain.Schedule:
        return domain.Schedule(
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            repeats_daily=self.repeats_daily,
            utc_offset_s=self.utc_offset_seconds,
        )


@strawberry.input(description="How fast a new job shall go.")
class RolloutPaceInput:
    max_concurrent: int | None = strawberry.field(
        default=None,
        description="Most tasks at once, 1 or more. EnOS maximumConcurrency; Alibaba has none.",
    )
    max_per_minute: int | None = strawberry.field(
        default=None,
        description="Most devices notified a minute, 10 to 10000. Alibaba MaximumPerMinute; EnOS "
        "has none.",
    )

    def to_domain(self) -> domain.RolloutPace:
        return domain.RolloutPace(
            max_concurrent=self.max_concurrent, max_per_minute=self.max_per_minute
        )
