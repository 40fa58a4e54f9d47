"""Windows of pushing: one stretch, or one on each day."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.enos.progress import JobRun, Window
from gateway.simulators.enos.schedule import Schedule

HOUR = 3_600.0
DAY = 86_400.0
ONCE = Schedule(opens_s=1_000.0, closes_s=1_600.0, repeats_daily=False)
NIGHTLY = Schedule(opens_s=1_000.0, closes_s=1_000.0 + 3 * HOUR, repeats_daily=True)


def test_a_single_window_opens_once() -> None:
    run = JobRun((Window(0.0),), ONCE)
    assert [run.wall_time(s) for s in (0.0, 599.0, 600.0)] == [1_000.0, 1_599.0, math.inf]
    assert run.next_push(500.0) == 1_000.0
    assert run.next_push(1_200.0) == 1_200.0
    assert run.next_push(1_600.0) == math.inf


def test_a_daily_window_opens_on_each_day() -> None:
    run = JobRun((Window(0.0),), NIGHTLY)
    assert run.wall_time(0.0) == 1_000.0
    assert run.wall_time(3 * HOUR) == 1_000.0 + DAY
    assert run.wall_time(7 * HOUR) == 1_000.0 + 2 * DAY + HOUR
    assert run.next_push(1_000.0 + 5 * HOUR) == 1_000.0 + DAY


def test_a_daily_window_over_days_goes_by_the_times_of_day() -> None:
    over_days = Schedule(opens_s=0.0, closes_s=2 * DAY + HOUR, repeats_daily=True)
    assert over_days.open_time(DAY) == HOUR
    whole_day = Schedule(opens_s=0.0, closes_s=30 * DAY, repeats_daily=True)
    assert whole_day.open_time(5 * DAY + 7.0) == 5 * DAY + 7.0


def test_a_job_created_within_the_window_starts_at_once() -> None:
    run = JobRun((Window(1_200.0),), ONCE)
    assert run.wall_time(5.0) == 1_205.0
    assert run.running_time(1_500.0) == 300.0


def test_a_stop_takes_its_part_of_the_window() -> None:
    run = JobRun((Window(0.0),), ONCE).stopped_at(1_100.0).started_at(1_300.0)
    assert run.running_time(1_400.0) == 200.0
    assert run.wall_time(150.0) == 1_350.0
    assert run.next_push(1_150.0) == 1_300.0
    assert run.next_started(1_150.0) == 1_300.0


def test_a_stopped_job_never_pushes() -> None:
    assert JobRun((), NIGHTLY).next_push(0.0) == math.inf
    assert JobRun(()).next_started(0.0) == math.inf


@given(
    opens=st.integers(0, 200_000),
    length=st.integers(60, 300_000),
    daily=st.booleans(),
    windows=st.lists(st.integers(1, 100_000), min_size=1, max_size=5),
    running=st.integers(0, 400_000),
)
def test_running_time_and_wall_time_undo_each_other(
    opens: int, length: int, daily: bool, windows: list[int], running: int
) -> None:
    schedule = Schedule(opens_s=float(opens), closes_s=float(opens + length), repeats_daily=daily)
    moments = [float(sum(windows[: n + 1])) for n in range(len(windows))]
    closes = [*moments[1::2], math.inf][: len(moments[::2])]
    pairs = zip(moments[::2], closes, strict=False)
    run = JobRun(tuple(Window(a, b) for a, b in pairs), schedule)
    wall = run.wall_time(float(running))
    if wall < math.inf:
        assert run.running_time(wall) == pytest.approx(running)
        assert run.next_push(wall) == pytest.approx(wall)
