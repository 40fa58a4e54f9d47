"""A task's life as a function of time: every state, retries, stops and restarts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.enos.progress import (
    JobRun,
    JobStatus,
    TaskState,
    TaskStatus,
    Window,
    ending,
    task_state,
)
from gateway.simulators.enos.records import Attempt

OPEN = JobRun((Window(100.0),))
SUCCESS = Attempt(0.0, 50.0, 10.0, 200.0, 99, 100, "upgrading firmware finished")
FAILURE = Attempt(0.0, 50.0, 10.0, 40.0, 30, -2, "download failed")
RETRY = Attempt(60.0, 5.0, 10.0, 200.0, 99, 100, "upgrading firmware finished")


def at(now_s: float, *attempts: Attempt, run: JobRun = OPEN) -> TaskState:
    return task_state(attempts, run, created_s=90.0, now_s=now_s, language="en")


def test_a_task_passes_through_the_documented_states() -> None:
    seen = [at(now_s, SUCCESS) for now_s in (95.0, 149.9, 150.0, 160.0, 230.0, 360.0)]
    assert [(state.status, state.progress, state.updated_s) for state in seen] == [
        (TaskStatus.INIT, 0, 90.0),
        (TaskStatus.INIT, 0, 90.0),
        (TaskStatus.PUBLISHED, 0, 150.0),
        (TaskStatus.UPGRADING, 0, 160.0),
        (TaskStatus.UPGRADING, 34, 230.0),
        (TaskStatus.SUCCEEDED, 100, 360.0),
    ]
    assert at(240.0, SUCCESS).desc == "downloading firmware finished"
    assert at(360.0, SUCCESS).desc == "upgrading firmware finished"


def test_progress_is_reported_every_five_seconds() -> None:
    assert at(234.9, SUCCESS) == at(230.0, SUCCESS)
    assert at(235.0, SUCCESS).progress > at(234.9, SUCCESS).progress


def test_a_chinese_device_reports_in_chinese() -> None:
    state = task_state((SUCCESS,), OPEN, created_s=90.0, now_s=240.0, language="zh")
    assert state.desc == "固件下载完成"


def test_a_failure_keeps_its_code_and_text() -> None:
    state = at(1_000.0, FAILURE)
    assert state == TaskState(TaskStatus.FAILED, -2, "download failed", 200.0, math.inf)


def test_an_automatic_retry_starts_over() -> None:
    words = [
        at(now_s, FAILURE, RETRY).status for now_s in (200.0, 259.0, 260.0, 265.0, 280.0, 480.0)
    ]
    assert words == ["failed", "failed", "init", "published", "upgrading", "succeeded"]
    assert at(260.0, FAILURE, RETRY).updated_s == 260.0


def test_a_stopped_job_neither_pushes_nor_retries_but_lets_devices_finish() -> None:
    stopped = JobRun((Window(100.0, 170.0),))
    assert at(1_000.0, SUCCESS, run=stopped).status is TaskStatus.SUCCEEDED
    assert at(1_000.0, FAILURE, RETRY, run=stopped).status is TaskStatus.FAILED
    late = Attempt(0.0, 80.0, 10.0, 200.0, 99, 100, "")
    assert at(1_000.0, late, run=stopped).status is TaskStatus.INIT
    assert at(1_000.0, SUCCESS, run=JobRun(())).status is TaskStatus.INIT


def test_a_job_started_again_goes_on_where_it_was_stopped() -> None:
    run = OPEN.stopped_at(120.0).started_at(1_000.0)
    assert run.status is JobStatus.STARTED
    assert at(1_029.0, SUCCESS, run=run).status is TaskStatus.INIT
    assert at(1_030.0, SUCCESS, run=run).status is TaskStatus.PUBLISHED


def test_stopping_before_the_first_push_leaves_no_window() -> None:
    assert OPEN.stopped_at(50.0) == JobRun(())
    assert OPEN.stopped_at(50.0).status is JobStatus.STOPPED


def test_an_offline_device_is_never_pushed() -> None:
    offline = Attempt(0.0, math.inf, 10.0, 200.0, 99, 100, "")
    assert at(1e12, offline).until_s == math.inf
    assert ending((offline,), OPEN)[0] == math.inf


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [((SUCCESS,), (360.0, True)), ((FAILURE,), (200.0, False)), ((FAILURE, RETRY), (475.0, True))],
)
def test_the_ending_is_where_the_states_end(
    attempts: tuple[Attempt, ...], expected: tuple[float, bool]
) -> None:
    assert ending(attempts, OPEN) == expected
    assert at(expected[0], *attempts).until_s == math.inf
    assert at(expected[0] - 0.1, *attempts).until_s <= expected[0]


@given(st.floats(90.0, 700.0), st.floats(0.0, 1.0))
def test_a_state_holds_until_it_says(now_s: float, part: float) -> None:
    state = at(now_s, FAILURE, RETRY)
    until_s = min(state.until_s, now_s + 100.0)
    between_s = now_s + (until_s - now_s) * part * 0.999
    assert at(between_s, FAILURE, RETRY) == state
    if state.until_s < math.inf:
        assert at(state.until_s, FAILURE, RETRY) != state
