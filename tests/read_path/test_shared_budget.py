"""Two gateway processes, one Redis, one cloud that counts."""

from pathlib import Path

import pytest

from tests.read_path.flood import counts, flood, job
from tests.read_path.processes import running_clouds, running_gateway

DOCUMENTED = 10
FLOODED = ("QueryOTAJob", "ListOTATaskByJob")
SECONDS = 4.0


@pytest.mark.redis
@pytest.mark.processes
async def test_two_flooded_gateways_stay_within_one_account_together(
    redis_url: str, tmp_path: Path
) -> None:
    tables = f'[cache]\nurl = "{redis_url}"\nreplicas = 2\n'
    with running_clouds(packages=5, jobs=200, tasks=2_000) as clouds:
        cloud = {"alibaba": clouds.backends["alibaba"]}
        with (
            running_gateway(cloud, tables, tmp_path) as one,
            running_gateway(cloud, tables, tmp_path) as other,
        ):
            outcomes = await flood(
                [one.endpoint, other.endpoint],
                [job("alibaba"), counts("alibaba")],
                clouds.jobs["alibaba"],
                width=3,
                seconds=SECONDS,
            )
        asked = clouds.asked()["alibaba"]

    assert sum(report["throttled"] for report in asked.values()) == 0
    assert max(report["busiest_second"] for report in asked.values()) <= DOCUMENTED
    # Both floods were held back by the rate, and by nothing else.
    for operation in FLOODED:
        assert asked[operation]["calls"] >= 0.8 * DOCUMENTED * SECONDS
    assert set(outcomes) == {"OK"}
