"""Looking for task writes whose outcome is unknown."""

from datetime import UTC, datetime

import pytest

from gateway.domain.job import OtaJob
from gateway.domain.write import CancelTasks, PlannedCall, RetryTasks, TaskTarget, Verdict
from gateway.providers.enos.writer import EnosWriter

from .conftest import NOW_MS, FakeEnos, ota_job, paged, targets, task

TASKS = "ota-jobs.searchTask"
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
LONG_AGO = NOW_MS - 60_001
DONE, NOT_DONE, UNCLEAR = Verdict.DONE, Verdict.NOT_DONE, Verdict.UNCLEAR
CANCELED = {"status": "failed", "progress": -1, "desc": "Cancelled by user"}
RETRYING = {"enableRetry": True, "retryCount": 1, "retryInterval": 60}


async def find(
    writer: EnosWriter,
    kind: type[RetryTasks | CancelTasks],
    wanted: tuple[TaskTarget, ...],
    job: OtaJob | None = None,
) -> Verdict:
    write = kind(job=job or ota_job(), targets=(*wanted, *targets("in-another-call")))
    call = PlannedCall(operation="", parameters={}, targets=wanted)
    finding = await writer.find(write, call, marker=None, sent_at=NOW)
    assert finding.native_id is None
    return finding.verdict


def failed(number: int, updated_ms: int | None, **changes: object) -> dict[str, object]:
    return task(number, status="failed", updateTime=updated_ms) | changes


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([task(1), task(2, status="published")], DONE),
        ([task(1, status="upgrading"), task(2, status="succeeded")], DONE),
        ([failed(1, LONG_AGO), failed(2, LONG_AGO)], NOT_DONE),
        ([failed(1, LONG_AGO), task(2)], UNCLEAR),
        ([failed(1, NOW_MS - 60_000), failed(2, LONG_AGO)], UNCLEAR),
        ([failed(1, None), failed(2, LONG_AGO)], UNCLEAR),
        ([task(1), task(2, status="paused")], UNCLEAR),
        ([task(1)], UNCLEAR),
        ([task(1), task(2, productKey="other")], UNCLEAR),
        ([], UNCLEAR),
        # A retry may make a task of its own.
        ([failed(1, LONG_AGO), task(1, taskId="new"), task(2)], DONE),
        # One that cannot be read may be that one.
        ([failed(1, LONG_AGO), failed(2, LONG_AGO), {"deviceKey": "d2"}], UNCLEAR),
    ],
)
async def test_retried_tasks_run_again(
    enos: FakeEnos, writer: EnosWriter, found: list[dict[str, object]], verdict: Verdict
) -> None:
    enos.answer(TASKS, paged(found))
    assert await find(writer, RetryTasks, targets("d1", "d2")) is verdict
    assert enos.of(TASKS)[0].body["expression"] == "jobId='j1' and deviceKey in ('d1','d2')"


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([task(1, **CANCELED), task(2, **CANCELED)], DONE),
        ([task(1), task(2, status="published")], NOT_DONE),
        ([task(1, status="upgrading"), task(2, status="succeeded")], NOT_DONE),
        ([task(1, **CANCELED), task(2)], UNCLEAR),
        ([failed(1, NOW_MS), failed(2, NOW_MS)], UNCLEAR),
        ([task(1, **CANCELED)], UNCLEAR),
    ],
)
async def test_canceled_tasks_say_so(
    enos: FakeEnos, writer: EnosWriter, found: list[dict[str, object]], verdict: Verdict
) -> None:
    enos.answer(TASKS, paged(found))
    assert await find(writer, CancelTasks, targets("d1", "d2")) is verdict


async def test_a_task_that_goes_on_may_have_been_canceled_where_the_job_retries_by_itself(
    enos: FakeEnos, writer: EnosWriter
) -> None:
    enos.answer(TASKS, paged([task(1)]))
    assert await find(writer, CancelTasks, targets("d1")) is NOT_DONE
    retrying = ota_job(retryPolicy=RETRYING)
    assert await find(writer, CancelTasks, targets("d1"), retrying) is UNCLEAR


async def test_many_devices_are_asked_about_in_parts(enos: FakeEnos, writer: EnosWriter) -> None:
    wanted = targets(*(f"d{number}" for number in range(101)))
    enos.answer(TASKS, paged([task(number) for number in range(101)]))
    assert await find(writer, RetryTasks, wanted) is DONE
    named = [call.body["expression"].count("'d") for call in enos.of(TASKS)]
    assert named == [50, 50, 1]


async def test_more_tasks_than_can_be_listed_prove_nothing(
    enos: FakeEnos, writer: EnosWriter
) -> None:
    enos.answer(TASKS, paged([failed(1, LONG_AGO)] * 1001))
    assert await find(writer, RetryTasks, targets("d1")) is UNCLEAR


@pytest.mark.parametrize("names", [("d'1",), ()])
async def test_devices_that_no_search_can_name_are_unclear(
    enos: FakeEnos, writer: EnosWriter, names: tuple[str, ...]
) -> None:
    assert await find(writer, RetryTasks, targets(*names)) is UNCLEAR
    assert enos.business == []
