"""What may be done with a job, by type, policy and status."""

import pytest

from gateway.domain.job import OtaJob, OtaJobAction
from gateway.providers.alibaba.actions import available_actions
from gateway.providers.alibaba.mapping import to_job, to_listed_job
from gateway.providers.alibaba.reply import Received
from gateway.providers.alibaba.wire import JobInfo

A = OtaJobAction


def received(**fields: object) -> Received[JobInfo]:
    raw = {
        "JobId": "j",
        "JobType": "UPGRADE_FIRMWARE",
        "SelectionType": "STATIC",
        "NeedConfirm": False,
    } | fields
    return Received(info=JobInfo.model_validate(raw), raw=raw)


def job(**fields: object) -> OtaJob:
    return to_job(received(**fields), backend="b")


@pytest.mark.parametrize(
    ("selection", "status", "actions"),
    [
        ("STATIC", "PLANNED", (A.CANCEL, A.RETRY_TASKS, A.CANCEL_TASKS)),
        ("STATIC", "IN_PROGRESS", (A.CANCEL, A.UPDATE, A.RETRY_TASKS, A.CANCEL_TASKS)),
        ("STATIC", "COMPLETED", (A.RETRY_TASKS, A.CANCEL_TASKS)),
        ("STATIC", "CANCELED", (A.RETRY_TASKS, A.CANCEL_TASKS)),
        ("STATIC", "PAUSED", (A.RETRY_TASKS, A.CANCEL_TASKS)),
        ("DYNAMIC", "IN_PROGRESS", (A.CANCEL, A.UPDATE, A.RETRY_TASKS, A.CANCEL_TASKS)),
        ("DYNAMIC", "COMPLETED", (A.CANCEL, A.RETRY_TASKS, A.CANCEL_TASKS)),
        ("DYNAMIC", "CANCELED", (A.RETRY_TASKS, A.CANCEL_TASKS)),
    ],
)
def test_rollouts(selection: str, status: str, actions: tuple[OtaJobAction, ...]) -> None:
    assert available_actions(job(SelectionType=selection, JobStatus=status)) == actions


@pytest.mark.parametrize("status", ["PLANNED", "IN_PROGRESS", "COMPLETED", "CANCELED", "PAUSED"])
@pytest.mark.parametrize("kind", ["VERIFY_FIRMWARE", "VERFIY_FIRMWARE", "SOMETHING_NEW"])
def test_only_tasks_of_other_jobs_can_be_canceled(kind: str, status: str) -> None:
    assert available_actions(job(JobType=kind, JobStatus=status)) == (A.CANCEL_TASKS,)


def test_a_type_left_out_counts_as_a_rollout() -> None:
    assert A.UPDATE in available_actions(job(JobType=None, JobStatus="IN_PROGRESS"))


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"JobStatus": "IN_PROGRESS", "NeedConfirm": True}, True),
        ({"JobStatus": "IN_PROGRESS", "NeedConfirm": None}, True),
        ({"JobStatus": "IN_PROGRESS", "NeedConfirm": False}, False),
        ({"JobStatus": "PLANNED", "NeedConfirm": True}, False),
        ({"JobStatus": "COMPLETED", "NeedConfirm": True}, True),
        (
            {
                "JobStatus": "COMPLETED",
                "NeedConfirm": True,
                "UtcScheduleFinishTime": "2019-12-30T02:43:10.000Z",
            },
            False,
        ),
        (
            {
                "JobStatus": "COMPLETED",
                "NeedConfirm": True,
                "UtcScheduleTime": "2019-12-29T02:43:10.000Z",
            },
            True,
        ),
        (
            {
                "JobStatus": "IN_PROGRESS",
                "NeedConfirm": True,
                "UtcScheduleFinishTime": "2019-12-30T02:43:10.000Z",
            },
            True,
        ),
        ({"JobStatus": "IN_PROGRESS", "NeedConfirm": True, "JobType": "VERIFY_FIRMWARE"}, True),
    ],
)
def test_confirming(fields: dict[str, object], allowed: bool) -> None:
    assert (A.CONFIRM_TASKS in available_actions(job(**fields))) is allowed


@pytest.mark.parametrize(("status", "allowed"), [("IN_PROGRESS", True), ("PLANNED", False)])
def test_confirming_where_the_detail_is_not_known(status: str, allowed: bool) -> None:
    listed = to_listed_job(received(JobStatus=status), backend="b")
    assert (A.CONFIRM_TASKS in available_actions(listed)) is allowed
