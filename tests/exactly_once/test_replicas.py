"""After a write was answered no read shows the state before it, whichever replica is asked."""

import asyncio
from pathlib import Path

import pytest

from tests.exactly_once.processes import Clouds, running_gateway
from tests.exactly_once.replicas import campaign

SEQUENCES = 24


@pytest.mark.processes
@pytest.mark.redis
def test_no_read_through_two_replicas_shows_the_past(
    clouds: Clouds, redis_url: str, tmp_path: Path
) -> None:
    journal = f"sqlite:///{tmp_path / 'journal.sqlite3'}"
    cache = {"url": redis_url, "replicas": 2}
    with (
        running_gateway(clouds, journal, tmp_path, cache=cache) as one,
        running_gateway(clouds, journal, tmp_path, cache=cache) as two,
    ):
        report = asyncio.run(campaign([one, two], clouds, sequences=SEQUENCES, writers=8, seed=4))

    assert (report.past, report.refused) == ([], [])
    assert report.writes.total() == SEQUENCES
    assert report.reads.total() > SEQUENCES
