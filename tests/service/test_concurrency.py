import asyncio

import pytest

from gateway.service.concurrency import AT_ONCE, read_each


async def test_answers_come_in_the_order_of_the_questions() -> None:
    gates = [asyncio.Event() for _ in range(3)]

    async def read(number: int) -> int:
        await gates[number].wait()
        return number * 10

    reading = asyncio.create_task(read_each(read, range(3)))
    for gate in reversed(gates):
        await asyncio.sleep(0)
        gate.set()
    assert await reading == [0, 10, 20]


async def test_only_so_many_reads_are_under_way_at_once() -> None:
    under_way, most = 0, 0

    async def read(_: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    await read_each(read, range(5 * AT_ONCE))
    assert most == AT_ONCE


async def test_the_first_failure_is_raised_and_the_rest_is_not_asked() -> None:
    asked: list[int] = []
    ended: list[int] = []

    async def read(number: int) -> None:
        asked.append(number)
        try:
            await asyncio.sleep(0)
            if number == 0:
                raise LookupError
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    with pytest.raises(LookupError):
        await read_each(read, range(5 * AT_ONCE))
    await asyncio.sleep(0)
    assert asked == list(range(AT_ONCE + 1))  # the last took the room of the one that failed
    assert sorted(ended) == asked


async def test_nothing_is_asked_for_nothing() -> None:
    async def read(_: int) -> int:
        raise AssertionError

    assert await read_each(read, []) == []
