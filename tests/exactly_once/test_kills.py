"""A gateway that is killed in the middle of a create makes no job twice, and loses none."""

from pathlib import Path

import pytest

from tests.exactly_once.kills import campaign
from tests.exactly_once.processes import Clouds

KILLS = 3


@pytest.mark.processes
def test_killed_gateways_leave_neither_duplicates_nor_gaps_and_the_next_settles_all(
    clouds: Clouds, tmp_path: Path
) -> None:
    report = campaign(clouds, tmp_path, kills=KILLS, seed=4)

    assert report.kills == KILLS
    assert (report.unsettled, report.wrong, report.lost, report.duplicates) == ([], [], [], 0)
    # It was the middle of something for at least some of them.
    assert {point.partition(",")[0] for point in report.points} & {"PREPARED", "SENT"}
