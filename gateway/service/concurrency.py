"""Many reads of one backend at once, but never so many that nobody else gets a turn."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE: Final = 32
"""Reads under way at once for one question.

Enough to keep a backend's budget busy (tens of calls a second), and a fraction of the calls that
may queue for it: a list of hundreds of packages must not push the reads of others out.
"""


async def read_each(read: Callable[[T], Awaitable[R]], items: Iterable[T]) -> list[R]:
    """What `read` gives for each of `items`, in their order; `AT_ONCE` at a time.

    The first that fails raises, and those that are not done by then are cancelled.
    """
    room = asyncio.Semaphore(AT_ONCE)

    async def one(item: T) -> R:
        async with room:
            return await read(item)

    tasks = [asyncio.ensure_future(one(item)) for item in items]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
