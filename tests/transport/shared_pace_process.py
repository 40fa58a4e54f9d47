"""Takes moments of a shared pace and prints when: `shared_pace_process.py URL COUNT`."""

import asyncio
import sys
import time
from contextlib import aclosing

from gateway.transport.shared_budget import SharedPace, connect


async def main(url: str, count: int) -> None:
    async with aclosing(connect(url)) as redis:
        pace = SharedPace({"op": 10.0}, redis=redis, account="a", replicas=2)
        for _ in range(count):
            await pace.take("op", within_s=None)
            # One clock for all processes of the machine.
            sys.stdout.write(f"{time.clock_gettime(time.CLOCK_MONOTONIC)}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
