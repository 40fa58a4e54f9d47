"""Real processes on one real Redis."""

import asyncio
import sys

import pytest
import redis

PROCESSES = 3
CALLERS = 200


@pytest.mark.redis
@pytest.mark.processes
async def test_three_processes_with_200_callers_each_cost_one_call(redis_url: str) -> None:
    replicas = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.cache.replica", redis_url, str(CALLERS)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(PROCESSES)
    ]
    for replica in replicas:
        assert replica.stdout is not None
        assert await replica.stdout.readline() == b"ready\n"
    results = await asyncio.gather(*(replica.communicate(b"go\n") for replica in replicas))
    assert [int(out) for out, _ in results] == [CALLERS] * PROCESSES
    with redis.Redis.from_url(redis_url) as admin:
        assert admin.get("loads") == b"1"
