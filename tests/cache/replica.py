"""One replica as a process of its own: many callers of one key, all at once.

Arguments: address of Redis, number of callers. It says `ready`, waits for a line, reads, and prints
how many answers it got.
"""

import asyncio
import sys

from redis.asyncio import Redis

from gateway.cache.engine import ReadEngine
from gateway.cache.redis_store import RedisStore
from tests.cache.bench import text_spec

UPSTREAM_S = 0.3


async def main(url: str, callers: int) -> None:
    """Read once for each caller; each load counts itself in Redis."""
    store = RedisStore(url)
    engine = ReadEngine(store)

    async def load() -> str:
        async with Redis.from_url(url) as counter:
            await counter.incr("loads")
        await asyncio.sleep(UPSTREAM_S)  # the cloud takes its time
        return "one"

    await store.get_many(["connect"])
    print("ready", flush=True)  # noqa: T201 - how it talks to the test
    await asyncio.to_thread(sys.stdin.readline)
    answers = await asyncio.gather(*(engine.read(text_spec(), load) for _ in range(callers)))
    print([answer.value for answer in answers].count("one"), flush=True)  # noqa: T201 - likewise
    await engine.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
