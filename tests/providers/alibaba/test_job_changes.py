"""Updates and cancellations of jobs."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.draft import CancelChoice, JobChanges
from gateway.domain.errors import UnsupportedError
from gateway.domain.job import JobType, OtaJob, UpgradePolicy
from gateway.domain.scope import (
    AllDevices,
    ListedDevices,
    Percentage,
    ScopeTarget,
    UnknownTarget,
)
from gateway.domain.write import (
    CancelJob,
    ConfirmTasks,
    DeleteJob,
    RetryTasks,
    StartJob,
    StopJob,
    UpdateJob,
    Write,
)
from tests.providers.alibaba.drafts import GROUP, job, plan, problems, targets

STATIC = job(policy=UpgradePolicy.SNAPSHOT)
TRIAL = job(type=JobType.VERIFICATION)


def update(of: OtaJob, **changes: Any) -> UpdateJob:  # noqa: ANN401 - any field
    return UpdateJob(job=of, changes=JobChanges(**changes))


def sent(write: Write, **given: Any) -> dict[str, object]:  # noqa: ANN401 - any field
    (call,) = plan(write, **given).calls
    return dict(call.parameters)


def test_pace_and_tags_are_sent_again_whatever_changes() -> None:
    assert sent(update(job(), timeout_s=600)) == {
        "JobId": job().native_id,
        "UpgradeType": "DYNAMIC",
        "TargetSelection": "ALL",
        "MaximumPerMinute": "1000",
        "TimeoutInMinutes": "10",
        "Tags.1.Key": "key1",
        "Tags.1.Value": "value1",
    }


@pytest.mark.parametrize(
    ("target", "word"),
    [
        (AllDevices(), "ALL"),
        (ListedDevices(names=None), "SPECIFIC"),
        (Percentage(percent=50.0), "GRAY"),
        (GROUP, "GROUP"),
        (UnknownTarget(raw_target="REGION"), "REGION"),
    ],
)
def test_what_a_job_is_for_is_sent_again(target: ScopeTarget, word: str) -> None:
    static = job(policy=UpgradePolicy.SNAPSHOT, target=target)
    parameters = sent(update(static, max_per_minute=10))
    assert (parameters["UpgradeType"], parameters["TargetSelection"]) == ("STATIC", word)
    continuous = sent(update(job(target=target), max_per_minute=10))
    assert (continuous["UpgradeType"], continuous["TargetSelection"]) == ("DYNAMIC", "ALL")


def test_what_the_cloud_hides_cannot_be_sent_again() -> None:
    hidden = replace(STATIC, target=None, detail=None)
    assert problems(update(hidden, tags={})) == {"id": (), "maxPerMinute": ()}
    assert problems(update(job(policy=None), max_per_minute=10)) == {"id": ()}


def test_time_out_and_versions_are_for_continuous_jobs() -> None:
    assert problems(update(STATIC, timeout_s=60, source_versions=("1",))) == {
        "timeoutSeconds": (),
        "sourceVersions": (),
    }
    assert problems(update(job(), source_versions=())) == {"sourceVersions": ()}
    assert problems(update(job(target=GROUP), source_versions=("1",))) == {"sourceVersions": ()}


def test_limits_of_changes() -> None:
    assert problems(update(job(), max_per_minute=1, timeout_s=90, tags={"_": "v"})) == {
        "maxPerMinute": ("10",),
        "timeoutSeconds": ("60", "120"),
        "tags": (),
    }
    assert problems(update(job())) == {"": ()}


def test_no_tags_clear_all() -> None:
    assert not [name for name in sent(update(job(), tags={})) if name.startswith("Tags")]


def test_the_gateway_s_tag_outlives_a_change_of_tags() -> None:
    marked = job(tags={"key1": "value1", "ota.gateway": "m1"})
    kept = sent(update(marked, tags={"key2": "value2"}), marker="m2")
    assert (kept["Tags.1.Key"], kept["Tags.2.Key"]) == ("key2", "ota.gateway")
    assert kept["Tags.2.Value"] == "m1"
    given_back = sent(update(marked, tags=dict(marked.tags)), marker="m2")
    assert given_back["Tags.2.Value"] == "m1"
    assert "Tags.3.Key" not in given_back
    assert "Tags.2.Key" not in sent(update(marked, tags={"key2": "value2"}))
    assert problems(update(marked, tags={"ota.gateway": "mine"})) == {"tags": ()}
    assert sent(update(marked, max_per_minute=10), marker="m2")["Tags.2.Value"] == "m1"
    assert "Tags.2.Key" not in sent(update(job(), tags={"key2": "value2"}), marker="m2")


@pytest.mark.parametrize(("state", "text"), [(True, "true"), (False, "false"), (None, None)])
def test_the_flag_of_unconfirmed_tasks_has_three_states(
    state: bool | None, text: str | None
) -> None:
    choice = CancelChoice(queued=True, awaiting_confirmation=state)
    parameters = sent(CancelJob(job=STATIC, choice=choice))
    assert parameters.get("CancelUnconfirmedTask") == text
    assert parameters["CancelQueuedTask"] == "true"


def test_membership_ends_before_the_tasks_do() -> None:
    write = CancelJob(job=job(), choice=CancelChoice(in_progress=True), membership=True)
    calls = plan(write).calls
    assert [call.operation for call in calls] == ["CancelOTAStrategyByJob", "CancelOTATaskByJob"]
    assert calls[1].parameters["CancelInProgressTask"] == "true"
    assert not plan(write).dependent


def test_a_cancellation_of_nothing_is_refused() -> None:
    for state in (None, False):
        choice = CancelChoice(awaiting_confirmation=state)
        assert problems(CancelJob(job=STATIC, choice=choice)) == {"": ()}
    assert problems(CancelJob(job=STATIC, choice=CancelChoice(), membership=True)) == {
        "membership": ()
    }


@pytest.mark.parametrize(
    "write",
    [
        StartJob(job=STATIC),
        StopJob(job=STATIC),
        DeleteJob(job=STATIC),
        UpdateJob(job=TRIAL, changes=JobChanges(max_per_minute=10)),
        CancelJob(job=TRIAL, choice=CancelChoice(queued=True)),
        RetryTasks(job=TRIAL, targets=targets(1)),
    ],
)
def test_writes_that_this_cloud_lacks(write: Write) -> None:
    with pytest.raises(UnsupportedError):
        plan(write)


def test_tasks_of_a_verification_can_be_confirmed() -> None:
    assert len(plan(ConfirmTasks(job=TRIAL, targets=targets(1))).calls) == 1
