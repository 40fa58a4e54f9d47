"""Rows E5 and E12 together with everything else: two replicas under load, and one trouble a time.

A short form of `python -m benchmarks.mixed_load`, which runs for five minutes.
"""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.mixed_load.campaign import Load, campaign
from benchmarks.mixed_load.troubles import Trouble
from benchmarks.mixed_load.verdict import Verdict
from benchmarks.mixed_load.writes import Told
from tests.exactly_once.processes import HASTY
from tests.own_postgres import is_installed

SECONDS = 20.0


@pytest.mark.processes
@pytest.mark.redis
@pytest.mark.postgres
@pytest.mark.skipif(
    not os.environ.get("CI") and (shutil.which("redis-server") is None or not is_installed()),
    reason="needs redis-server and the binaries of a PostgreSQL server",
)
async def test_e05_no_read_fails_and_no_write_is_lost_or_doubled_whatever_part_fails(
    tmp_path: Path,
) -> None:
    load = Load(
        seconds=SECONDS,
        reads_per_second=15.0,
        writes_per_second=1.5,
        jobs_each=2,
        things_each=2,
        patience_s=60.0,
        policy=HASTY,
    )

    report = await campaign(load, tmp_path)

    assert report.readers.failures == []
    assert report.readers.phases.keys() >= {trouble.value for trouble in Trouble}
    assert (report.verdict.lost, report.verdict.doubled) == ([], [])
    assert (report.unsettled, report.writers.told_late) == ([], [])
    assert report.verdict.carried_out > SECONDS / 2
    assert report.subscribers.ends > 0
    assert report.moved["reads"] + report.moved["writes"] > 0


def told(*calls: str, state: str = "SUCCEEDED") -> Told:
    return Told(key="k", cloud="alibaba", subject="job", calls=calls, state=state)


def executed(*calls: str) -> dict[str, list[dict[str, Any]]]:
    made = {"operation": "Create", "parameters": {}, "result_id": "job"}
    changed = [
        {"operation": call, "parameters": {"JobId": "job"}, "result_id": None} for call in calls
    ]
    return {"enos": [], "alibaba": [made, *changed]}


def test_what_writers_were_told_and_clouds_did_is_the_same() -> None:
    verdict = Verdict.of([told("Create"), told("Stop"), told(state="REJECTED")], executed("Stop"))

    assert (verdict.carried_out, verdict.lost, verdict.doubled) == (2, [], [])


def test_a_write_that_was_told_of_and_not_done_is_lost() -> None:
    verdict = Verdict.of([told("Create"), told("Stop")], executed())

    assert (verdict.lost, verdict.doubled) == (["alibaba job job: Stop"], [])


def test_a_write_that_was_done_once_more_than_told_is_doubled() -> None:
    verdict = Verdict.of([told("Create"), told("Stop")], executed("Stop", "Stop"))

    assert (verdict.lost, verdict.doubled) == ([], ["alibaba job job: Stop"])


def test_a_write_that_came_after_a_later_one_counts_as_doubled() -> None:
    verdict = Verdict.of([told("Create"), told("Stop"), told("Start")], executed("Start", "Stop"))

    assert verdict.lost == []
    assert len(verdict.doubled) == 1
