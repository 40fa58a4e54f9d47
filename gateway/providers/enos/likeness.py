"""How like a job is to what was asked for: the evidence where no marker tells."""

from enum import StrEnum

from gateway.domain.draft import JobDraft
from gateway.domain.job import JobDetail, OtaJob
from gateway.domain.scope import (
    AssetTrees,
    DeviceAttributes,
    DeviceGroups,
    DeviceTags,
    ListedAssets,
    ListedDevices,
    ScopeTarget,
    ScopeTargetKind,
)


class Likeness(StrEnum):
    """What comparing a job with a draft tells."""

    SAME = "SAME"  # nothing that EnOS tells speaks against it
    UNSURE = "UNSURE"  # EnOS may have written a setting down in other words
    OTHER = "OTHER"  # it is another job


def likeness(draft: JobDraft, job: OtaJob) -> Likeness:
    """Compare a job of the same package with what was asked for.

    Only the type, the name and the kind of target tell jobs apart for certain: EnOS gives them back
    as they came. Settings that differ leave it unsure. Those that EnOS left out, or that were left
    to EnOS, say nothing.
    """
    detail = job.detail
    if detail is None:
        return Likeness.UNSURE
    if _differ(draft.type, job.type) or _differ(draft.name, detail.name):
        return Likeness.OTHER
    target = detail.scope.target
    if target.kind == ScopeTargetKind.UNKNOWN:
        return Likeness.UNSURE
    if target.kind != draft.scope.target.kind:
        return Likeness.OTHER
    alike = (
        set(detail.scope.source_versions) == set(draft.scope.source_versions)
        and not _differ(draft.scope.product_key, detail.scope.product_key)
        and _unordered(target) == _unordered(draft.scope.target)
        and not _differ(draft.policy, job.policy)
        and _same_rollout(draft, detail)
    )
    return Likeness.SAME if alike else Likeness.UNSURE


def _same_rollout(draft: JobDraft, detail: JobDetail) -> bool:
    pairs = (
        (draft.timeout_s, detail.timeout_s),
        (draft.retry_policy, detail.retry_policy),
        (
            draft.schedule and draft.schedule.starts_at,
            detail.schedule and detail.schedule.starts_at,
        ),
        (draft.schedule and draft.schedule.ends_at, detail.schedule and detail.schedule.ends_at),
        (draft.pace and draft.pace.max_concurrent, detail.pace and detail.pace.max_concurrent),
        (draft.device_request_enabled, detail.device_request_enabled),
    )
    return not any(_differ(asked, found) for asked, found in pairs)


def _differ(asked: object, found: object) -> bool:
    """What was not asked for, or is not told, does not differ."""
    return asked is not None and found is not None and asked != found


def _unordered(target: ScopeTarget) -> object:
    """A target with its lists as sets: EnOS promises no order."""
    match target:
        case ListedDevices(names=names):
            return set(names or ())
        case ListedAssets(asset_ids=asset_ids):
            return set(asset_ids)
        case AssetTrees(trees=trees):
            return {(tree.tree_id, frozenset(tree.node_ids)) for tree in trees}
        case DeviceAttributes(attributes=values) | DeviceTags(tags=values):
            return {name: set(map(str, of_name)) for name, of_name in values.items()}
        case DeviceGroups(groups=groups):
            return {group.id for group in groups}
        case _:
            return target
