"""Workers behind one port are counted together, whichever of them is scraped."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from gateway.app.observability.workers import (
    VARIABLE,
    forget_dead_workers,
    shared_folder,
    shared_metrics,
)
from tests.app.observability.scraped import value

ROOT: Final = Path(__file__).parents[3]


def start(number: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.app.observability.counting_worker", str(number)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "counted\n"
    return process


@pytest.mark.processes
def test_two_workers_answer_for_each_other(tmp_path: Path) -> None:
    with shared_metrics(tmp_path):
        two, three = start(2), start(3)
        together = three.communicate("\n")[0].encode()
        assert value(together, "cache_evictions_total") == 5
        assert value(together, "journal_call_duration_seconds_count", call="get") == 2
        assert value(together, "graphql_requests_in_flight") == 5  # the sum
        assert value(together, "event_loop_lag_seconds") == 3  # the worst
        assert value(together, "ready") == 0  # one is not

        alone = two.communicate("\n")[0].encode()  # the other has ended
        assert value(alone, "cache_evictions_total") == 5
        assert value(alone, "graphql_requests_in_flight") == 2
        assert value(alone, "event_loop_lag_seconds") == 2


def test_the_folder_is_new_and_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert shared_folder() is None
    with shared_metrics(tmp_path) as folder:
        assert shared_folder() == folder
        assert list(folder.iterdir()) == []
    assert shared_folder() is None
    assert list(tmp_path.iterdir()) == []


def test_what_stood_in_the_variable_before_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "before")
    with shared_metrics(tmp_path):
        pass
    assert os.environ[VARIABLE] == "before"


def test_only_gauges_of_the_dead_are_forgotten(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    kept = {f"gauge_livesum_{os.getpid()}.db", f"counter_{dead.pid}.db", "other.txt"}
    for name in {*kept, f"gauge_livesum_{dead.pid}.db", f"gauge_livemax_{dead.pid}.db"}:
        (tmp_path / name).touch()

    forget_dead_workers(tmp_path)

    assert {file.name for file in tmp_path.iterdir()} == kept
