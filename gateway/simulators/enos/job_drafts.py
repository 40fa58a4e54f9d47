"""The body of a new job, checked field by field.

Source: EnOS Connection API V2.1, Create OTA Job; RetryPolicy and SchedulePolicy structs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.simulators.enos.fields import Fields
from gateway.simulators.enos.records import JobType, ScopeKind
from gateway.simulators.enos.rules import WriteRules
from gateway.simulators.enos.schedule import Schedule
from gateway.simulators.enos.selection import Selection, read_selection
from gateway.simulators.enos.texts import LocalText

VERIFY_FIELDS: Final = frozenset({"name", "type", "upgradeScope", "upgradeTimeout"})
UPGRADE_FIELDS: Final = VERIFY_FIELDS | {
    "upgradePolicy",
    "enableUpgradeRequest",
    "retryPolicy",
    "schedulePolicy",
    "maximumConcurrency",
    "startSchedule",
    "endSchedule",
}
_SCHEDULE_FIELDS: Final = frozenset(
    {"isRepeatDaily", "startTimestamp", "endTimestamp", "timezoneOffsetInMinutes"}
)
DEFAULT_TIMEOUT_S: Final = 7_200
_TIMEOUT_S: Final = (300, 172_800)
_MAX_RETRY_INTERVAL_S: Final = 86_400
_MAX_RETRIES: Final = 5
_LAST_SECOND: Final = 86_399
_MAX_OFFSET_MIN: Final = 24 * 60
_CONSOLE_WINDOW_S: Final = 1_800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDraft:
    """What a caller wants of a job.

    None is what was not sent; `timeout_s` has its default then, and the deprecated `day_window`
    is the whole day where only one end of it was sent.
    """

    type: JobType
    name: LocalText | None
    selection: Selection
    policy: str | None
    enable_upgrade_request: bool
    timeout_s: int
    retry: Mapping[str, object] | None
    schedule: Schedule | None
    schedule_policy: Mapping[str, object] | None
    max_concurrency: int | None
    day_window: tuple[int, int] | None


def read_job(body: Mapping[str, object], rules: WriteRules) -> JobDraft:
    """The body of `ota-jobs` `create`.

    Raises:
        BusinessError: 99400 for whatever the two kinds of job do not allow.
    """
    fields = Fields(body, known=UPGRADE_FIELDS, rules=rules)
    job_type = JobType(fields.word("type", tuple(JobType)))
    is_upgrade = job_type is JobType.UPGRADE
    fields = Fields(body, known=UPGRADE_FIELDS if is_upgrade else VERIFY_FIELDS, rules=rules)
    selection = read_selection(fields, rules)
    if not is_upgrade and selection.kind is ScopeKind.DEVICE_GROUP_IDS:
        raise fields.refused(name="upgradeScope", problem="deviceGroupIds is for upgrade jobs")
    least_s, most_s = _TIMEOUT_S
    schedule = _schedule(fields, rules)
    return JobDraft(
        type=job_type,
        name=fields.local_text("name") if "name" in fields else None,
        selection=selection,
        policy=fields.word("upgradePolicy", ("snapshot", "incremental")) if is_upgrade else None,
        enable_upgrade_request=is_upgrade and fields.flag("enableUpgradeRequest"),
        timeout_s=(
            fields.integer("upgradeTimeout", least=least_s, most=most_s)
            if "upgradeTimeout" in fields
            else DEFAULT_TIMEOUT_S
        ),
        retry=_retry(fields),
        schedule=schedule,
        schedule_policy=None if schedule is None else fields.mapping("schedulePolicy"),
        max_concurrency=(
            fields.integer("maximumConcurrency", least=1, most=rules.max_concurrency)
            if "maximumConcurrency" in fields
            else None
        ),
        day_window=_day_window(fields),
    )


def _retry(fields: Fields) -> Mapping[str, object] | None:
    """The policy as numbers; interval and count are mandatory once it is enabled."""
    if "retryPolicy" not in fields:
        return None
    sent = fields.inner("retryPolicy", ("enableRetry", "retryInterval", "retryCount"))
    policy: dict[str, object] = {}
    is_enabled = "enableRetry" in sent and sent.flag("enableRetry")
    if "enableRetry" in sent:
        policy["enableRetry"] = is_enabled
    if is_enabled or "retryInterval" in sent:
        policy["retryInterval"] = sent.integer("retryInterval", least=0, most=_MAX_RETRY_INTERVAL_S)
    if is_enabled or "retryCount" in sent:
        policy["retryCount"] = sent.integer("retryCount", least=1, most=_MAX_RETRIES)
    return policy


def _schedule(fields: Fields, rules: WriteRules) -> Schedule | None:
    if "schedulePolicy" not in fields:
        return None
    sent = fields.inner("schedulePolicy", _SCHEDULE_FIELDS)
    opens_s = sent.integer("startTimestamp", least=0) / 1000
    closes_s = sent.integer("endTimestamp", least=0) / 1000
    if closes_s <= opens_s:
        raise sent.refused(name="endTimestamp", problem="endTimestamp is not after startTimestamp")
    if rules.console_limits and closes_s - opens_s < _CONSOLE_WINDOW_S:
        raise sent.refused(name="endTimestamp", problem="the window is shorter than 30 minutes")
    if "timezoneOffsetInMinutes" in sent:
        sent.integer("timezoneOffsetInMinutes", least=-_MAX_OFFSET_MIN, most=_MAX_OFFSET_MIN)
    repeats_daily = "isRepeatDaily" in sent and sent.flag("isRepeatDaily")
    return Schedule(opens_s=opens_s, closes_s=closes_s, repeats_daily=repeats_daily)


def _day_window(fields: Fields) -> tuple[int, int] | None:
    """The deprecated pair: taken and returned, without effect."""
    if "startSchedule" not in fields and "endSchedule" not in fields:
        return None
    first, last = 0, _LAST_SECOND
    if "startSchedule" in fields:
        first = fields.integer("startSchedule", least=0, most=_LAST_SECOND)
    if "endSchedule" in fields:
        last = fields.integer("endSchedule", least=0, most=_LAST_SECOND)
    return first, last
