"""New jobs as calls: a verification, a snapshot rollout or a continuous one.

Source: CreateOTAVerifyJob, CreateOTAStaticUpgradeJob, CreateOTADynamicUpgradeJob.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from gateway.domain.draft import JobDraft
from gateway.domain.job import JobType, UpgradePolicy
from gateway.domain.write import WritePlan
from gateway.providers.alibaba.job_schedule import put_schedule
from gateway.providers.alibaba.job_scope import (
    put_continuous_scope,
    put_snapshot_scope,
    put_trial_scope,
)
from gateway.providers.alibaba.job_settings import (
    put_conduct,
    put_delivery,
    put_membership_mode,
    put_pace,
    put_retry_policy,
    put_timeout,
)
from gateway.providers.alibaba.job_tags import put_tags
from gateway.providers.alibaba.planning import Planning

_VERIFY: Final = "CreateOTAVerifyJob"
_STATIC: Final = "CreateOTAStaticUpgradeJob"
_DYNAMIC: Final = "CreateOTADynamicUpgradeJob"
_POLICY_OPERATION: Final[Mapping[UpgradePolicy, str]] = {
    UpgradePolicy.SNAPSHOT: _STATIC,
    UpgradePolicy.CONTINUOUS: _DYNAMIC,
}


def policy_of(draft: JobDraft) -> UpgradePolicy:
    """The policy a draft comes to: without one it is a snapshot, which never grows by itself."""
    return draft.policy or UpgradePolicy.SNAPSHOT


def product_of(draft: JobDraft) -> str | None:
    """The product of the firmware; that of the scope where the firmware's is not known."""
    return draft.product_key or draft.scope.product_key


def plan_creation(
    draft: JobDraft, *, marker: str | None, now: datetime, region_id: str
) -> WritePlan:
    """The one call that makes the job.

    Raises:
        InvalidInputError: the cloud cannot express `draft`; names every problem.
    """
    planning = Planning()
    _put_package(planning, draft)
    planning.refuse_given(
        {"name": draft.name}, "is not possible: jobs of this cloud have none; use tags"
    )
    planning.refuse_given(
        {"deviceRequestEnabled": draft.device_request_enabled}, "is not known to this cloud"
    )
    operation = _operation(planning, draft)
    if operation == _VERIFY:
        _put_verification(planning, draft)
    elif operation is not None:
        _put_rollout(planning, draft, operation, now=now, region_id=region_id)
    put_timeout(planning, draft.timeout_s)
    put_delivery(planning, draft, region_id=region_id)
    put_tags(planning, "Tag", draft.tags or {}, marker=marker)
    if operation is None:
        raise planning.refusal()
    return planning.plan(planning.call(operation))


def _put_package(planning: Planning, draft: JobDraft) -> None:
    if not draft.firmware_id:
        planning.refuse(("firmwareId",), "firmwareId is missing")
    product_key, narrowed = product_of(draft), draft.scope.product_key
    if not product_key:
        planning.refuse(
            ("scope", "productKey"),
            "this cloud needs the product, and the firmware names none: give scope.productKey",
        )
    elif narrowed not in {None, product_key}:
        planning.refuse(
            ("scope", "productKey"),
            "scope.productKey must be the firmware's product, or be left out",
            (product_key,),
        )
    planning.put("FirmwareId", draft.firmware_id)
    planning.put("ProductKey", product_key)


def _operation(planning: Planning, draft: JobDraft) -> str | None:
    if draft.type is JobType.VERIFICATION:
        return _VERIFY
    if draft.type is not JobType.UPGRADE:
        planning.refuse(
            ("type",),
            "type must be UPGRADE or VERIFICATION",
            (JobType.UPGRADE, JobType.VERIFICATION),
        )
        return None
    operation = _POLICY_OPERATION.get(policy_of(draft))
    if operation is None:
        planning.refuse(
            ("policy",), "policy must be SNAPSHOT or CONTINUOUS", tuple(_POLICY_OPERATION)
        )
    return operation


def _put_verification(planning: Planning, draft: JobDraft) -> None:
    put_trial_scope(planning, draft.scope)
    if policy_of(draft) is not UpgradePolicy.SNAPSHOT:
        planning.refuse(
            ("policy",), "a verification is for the listed devices only", (UpgradePolicy.SNAPSHOT,)
        )
    planning.refuse_given(
        {
            "retryPolicy": draft.retry_policy,
            "schedule": draft.schedule,
            "pace": draft.pace,
            "overwriteMode": draft.overwrite_mode,
            "membershipMode": draft.membership_mode,
            "multiModule": draft.multi_module,
        },
        "does not apply to a verification",
    )


def _put_rollout(
    planning: Planning, draft: JobDraft, operation: str, *, now: datetime, region_id: str
) -> None:
    if operation == _STATIC:
        put_snapshot_scope(planning, draft.scope)
        put_schedule(planning, draft.schedule, now=now)
        planning.refuse_given(
            {"membershipMode": draft.membership_mode}, "applies to continuous jobs only"
        )
    else:
        put_continuous_scope(planning, draft.scope, region_id=region_id)
        put_membership_mode(planning, draft.membership_mode)
        planning.refuse_given({"schedule": draft.schedule}, "applies to snapshot jobs only")
    put_retry_policy(planning, draft.retry_policy, timeout_s=draft.timeout_s)
    put_pace(planning, draft.pace)
    put_conduct(planning, draft)
