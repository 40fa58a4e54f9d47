"""Whether a job that the cloud shows may be the one that was asked for.

Needed where a creation of unknown outcome left no marker to find it by.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from gateway.domain.draft import JobDraft
from gateway.domain.job import JobDetail, JobType, OtaJob, Schedule, UpgradePolicy
from gateway.domain.scope import DeviceGroups, Percentage
from gateway.providers.alibaba.job_creation import policy_of, product_of
from gateway.providers.alibaba.job_tags import MARKER_KEY

_SAME_MOMENT: Final = timedelta(seconds=1)  # the cloud shows whole seconds
_SAME_PERCENT: Final = 0.005


def may_be(draft: JobDraft, job: OtaJob) -> bool:
    """Tell whether nothing speaks against `job`, read in full, being what `draft` asked for.

    What the cloud leaves out speaks neither way, and so does what the draft left to the cloud.
    Time-out, retries and schedule are shown if and only if they were set, so they also count where
    the draft has none. The names of listed devices are not looked at.
    """
    detail = job.detail
    if detail is None:
        return False
    return all(
        (
            _agrees(draft.type, job.type, JobType.UNKNOWN),
            _agrees(policy_of(draft), job.policy, UpgradePolicy.UNKNOWN),
            _agrees(product_of(draft), job.product_key),
            _agrees(draft.firmware_id, job.firmware_id),
            _same_scope(draft, detail),
            detail.timeout_s in {None, draft.timeout_s},
            detail.retry_policy in (None, draft.retry_policy),
            _same_schedule(draft.schedule, detail.schedule),
            _same_settings(draft, detail),
            _same_tags(draft, job),
        )
    )


def _agrees(wanted: object, seen: object, *unknown: object) -> bool:
    return wanted is None or seen is None or seen in unknown or wanted == seen


def _same_scope(draft: JobDraft, detail: JobDetail) -> bool:
    if draft.type is JobType.VERIFICATION:
        return True  # how the cloud shows a verification's scope is not documented
    wanted, seen = draft.scope.target, detail.scope.target
    if wanted.kind != seen.kind:
        return False
    if set(draft.scope.source_versions) != set(detail.scope.source_versions):
        return False
    if isinstance(wanted, Percentage) and isinstance(seen, Percentage):
        both = wanted.percent is not None and seen.percent is not None
        return not both or abs((wanted.percent or 0) - (seen.percent or 0)) <= _SAME_PERCENT
    if isinstance(wanted, DeviceGroups) and isinstance(seen, DeviceGroups):
        return not seen.groups or _ids(wanted) == _ids(seen)
    return True


def _ids(groups: DeviceGroups) -> set[str]:
    return {group.id for group in groups.groups}


def _same_schedule(wanted: Schedule | None, seen: Schedule | None) -> bool:
    if seen is None:
        return True
    wanted = wanted or Schedule()
    return _same_moment(wanted.starts_at, seen.starts_at) and _same_moment(
        wanted.ends_at, seen.ends_at
    )


def _same_moment(wanted: datetime | None, seen: datetime | None) -> bool:
    if seen is None:
        return True
    return wanted is not None and abs(wanted - seen) < _SAME_MOMENT


def _same_settings(draft: JobDraft, detail: JobDetail) -> bool:
    wanted_pace = draft.pace.max_per_minute if draft.pace else None
    seen_pace = detail.pace.max_per_minute if detail.pace else None
    pairs: Iterable[tuple[object, object]] = (
        (wanted_pace, seen_pace),
        (draft.overwrite_mode, detail.overwrite_mode),
        (draft.membership_mode, detail.membership_mode),
        (draft.download_protocol, detail.download_protocol),
        (draft.confirmation_required, detail.confirmation_required),
        (draft.push_enabled, detail.push_enabled),
        (draft.multi_module, detail.multi_module),
    )
    return all(_agrees(wanted, seen) for wanted, seen in pairs)


def _same_tags(draft: JobDraft, job: OtaJob) -> bool:
    seen = {key: value for key, value in job.tags.items() if key != MARKER_KEY}
    return not seen or seen == dict(draft.tags or {})
