"""A new job as the body that EnOS takes. Source: Connection API V2.1, Create OTA Job."""

from datetime import datetime
from typing import Final

from gateway.domain.draft import JobDraft
from gateway.domain.job import JobType, UpgradePolicy
from gateway.domain.write import PlannedCall, WritePlan
from gateway.providers.enos.names import check_name, marked, name_body
from gateway.providers.enos.operations import CREATE_JOB
from gateway.providers.enos.rollout_request import concurrency, retry_body, schedule_body
from gateway.providers.enos.scope_request import scope_body
from gateway.providers.enos.translation import INPUT, NOT_GIVEN, Path, Translation
from gateway.providers.enos.vocabulary import NATIVE_JOB_TYPE, NATIVE_POLICY

_NAME: Final[Path] = (*INPUT, "name")
_TYPE: Final[Path] = (*INPUT, "type")
_POLICY: Final[Path] = (*INPUT, "policy")
_DEVICE_REQUEST: Final[Path] = (*INPUT, "deviceRequestEnabled")

_SHORTEST_TIMEOUT_S: Final = 300
_LONGEST_TIMEOUT_S: Final = 172_800


def plan_job(draft: JobDraft, *, marker: str | None, now: datetime) -> WritePlan:
    """The one call that creates `draft`.

    The firmware's product is not sent: to EnOS the firmware's id says it all.

    Raises:
        InvalidInputError: EnOS cannot do this; names every problem.
    """
    notes = Translation()
    _refuse_what_enos_lacks(notes, draft)
    notes.text((*INPUT, "firmwareId"), draft.firmware_id)
    body = _name(notes, draft, marker)
    body["type"] = _type(notes, draft)
    body["upgradeScope"] = scope_body(notes, draft.scope, draft.type)
    if draft.timeout_s is not None:
        path = (*INPUT, "timeoutSeconds")
        notes.within(path, draft.timeout_s, _SHORTEST_TIMEOUT_S, _LONGEST_TIMEOUT_S, "seconds")
        body["upgradeTimeout"] = draft.timeout_s
    if draft.type is JobType.VERIFICATION:
        _refuse_for_verification(notes, draft)
    else:
        body |= _upgrade_only(notes, draft, now)
    notes.finish()
    call = PlannedCall(
        operation=CREATE_JOB,
        parameters={"query": {"firmwareId": draft.firmware_id}, "body": body},
    )
    return WritePlan(calls=(call,), conversions=notes.conversions)


def _refuse_what_enos_lacks(notes: Translation, draft: JobDraft) -> None:
    fields: dict[str, object] = {
        "overwriteMode": draft.overwrite_mode,
        "membershipMode": draft.membership_mode,
        "downloadProtocol": draft.download_protocol,
        "confirmationRequired": draft.confirmation_required,
        "pushEnabled": draft.push_enabled,
        "multiModule": draft.multi_module,
        "tags": draft.tags or None,
    }
    notes.unsupported(fields, "jobs on EnOS have no such thing")


def _refuse_for_verification(notes: Translation, draft: JobDraft) -> None:
    fields: dict[str, object] = {
        "policy": draft.policy,
        "retryPolicy": draft.retry_policy,
        "schedule": draft.schedule,
        "pace": draft.pace,
        "deviceRequestEnabled": draft.device_request_enabled,
    }
    notes.unsupported(fields, "verifications on EnOS have no such thing")


def _name(notes: Translation, draft: JobDraft, marker: str | None) -> dict[str, object]:
    """The name, with the marker where there is one; see `names.marked`."""
    if draft.name is not None:
        check_name(notes, _NAME, draft.name)
    name = draft.name if marker is None else marked(draft.name, marker)
    if name is None:
        return {}
    given = NOT_GIVEN if draft.name is None else draft.name.default
    notes.convert(_NAME, given, "name.defaultValue", name.default)
    return {"name": name_body(name)}


def _type(notes: Translation, draft: JobDraft) -> str:
    word = NATIVE_JOB_TYPE.get(draft.type)
    if word is None:
        notes.refuse(_TYPE, "type must be known", JobType.UPGRADE, JobType.VERIFICATION)
        return ""
    notes.convert(_TYPE, draft.type, "type", word)
    return word


def _upgrade_only(notes: Translation, draft: JobDraft, now: datetime) -> dict[str, object]:
    body: dict[str, object] = {
        "upgradePolicy": _policy(notes, draft.policy),
        "enableUpgradeRequest": _device_request(notes, draft.device_request_enabled),
    }
    if draft.retry_policy is not None:
        body["retryPolicy"] = retry_body(notes, draft.retry_policy)
    if draft.schedule is not None:
        body["schedulePolicy"] = schedule_body(notes, draft.schedule, now=now)
    if draft.pace is not None:
        at_once = concurrency(notes, draft.pace)
        if at_once is not None:
            body["maximumConcurrency"] = at_once
    return body


def _policy(notes: Translation, policy: UpgradePolicy | None) -> str:
    word = None if policy is None else NATIVE_POLICY.get(policy)
    if policy is None or word is None:
        message = "EnOS needs a policy: do devices that match later join?"
        notes.refuse(_POLICY, message, UpgradePolicy.SNAPSHOT, UpgradePolicy.CONTINUOUS)
        return ""
    notes.convert(_POLICY, policy, "upgradePolicy", word)
    return word


def _device_request(notes: Translation, enabled: bool | None) -> bool:
    """`enableUpgradeRequest`, which EnOS demands.

    Not given is false: EnOS then pushes by itself. With true it would wait for devices to ask,
    and a rollout to devices that never do would stand still.
    """
    if enabled is None:
        notes.convert(_DEVICE_REQUEST, NOT_GIVEN, "enableUpgradeRequest", "false")
    return bool(enabled)
