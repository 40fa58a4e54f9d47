"""Following a write: every change is told, one looks for all, and nobody is left behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.domain.errors import JournalUnavailableError, NotFoundError
from gateway.domain.operation import Operation, OperationState, WriteKind
from gateway.service.writing.following import Following
from tests.service.writing.fakes import FakeJournal
from tests.transport.virtual_time import virtual_time

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SENT = Operation(
    id="o-1",
    tenant="acme",
    principal="ann",
    backend="cloud",
    kind=WriteKind.STOP_JOB,
    idempotency_key=None,
    input_hash="h",
    state=OperationState.SENT,
    created_at=NOW,
    updated_at=NOW,
    subject="j-1",
    write={},
    marker=None,
)
UNKNOWN = replace(SENT, state=OperationState.UNKNOWN)
DONE = replace(SENT, state=OperationState.SUCCEEDED)


async def journal_of(operation: Operation) -> FakeJournal:
    journal = FakeJournal()
    await journal.claim(operation, owner="me", until=NOW)
    journal.asked.clear()
    return journal


async def states(following: AsyncIterator[Operation]) -> list[OperationState]:
    return [operation.state async for operation in following]


@virtual_time
async def test_every_change_is_told_and_the_end_ends_it() -> None:
    journal = await journal_of(SENT)
    told = asyncio.create_task(states(Following(journal).follow("o-1", tenant="acme")))

    for change in (UNKNOWN, DONE):
        await asyncio.sleep(20)
        await journal.record(change, owner="me", until=NOW)

    assert await told == [SENT.state, UNKNOWN.state, DONE.state]


@virtual_time
async def test_what_is_settled_is_told_once() -> None:
    journal = await journal_of(DONE)

    assert await states(Following(journal).follow("o-1", tenant="acme")) == [DONE.state]
    assert journal.asked == ["get"]


@virtual_time
async def test_one_looks_for_all_and_stops_with_the_last() -> None:
    journal = await journal_of(SENT)
    following = Following(journal)
    tasks = [
        asyncio.create_task(states(following.follow("o-1", tenant="acme"))) for _ in range(100)
    ]
    await asyncio.sleep(60)
    looked = len(journal.asked) - 100

    assert 60 / 5 <= looked <= 60 / 5 + 8
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    journal.asked.clear()
    await asyncio.sleep(60)
    assert journal.asked == []


@virtual_time
async def test_whoever_is_slow_gets_the_newest_state() -> None:
    journal = await journal_of(SENT)
    async with aclosing(Following(journal).follow("o-1", tenant="acme")) as slow:
        assert (await anext(slow)).state is SENT.state
        watching = asyncio.ensure_future(anext(slow))
        await asyncio.sleep(0)
        await journal.record(UNKNOWN, owner="me", until=NOW)
        assert (await watching).state is UNKNOWN.state
        await journal.record(replace(UNKNOWN, marker="m"), owner="me", until=NOW)
        await asyncio.sleep(20)
        await journal.record(DONE, owner="me", until=NOW)
        await asyncio.sleep(20)

        assert await states(slow) == [DONE.state]


@virtual_time
async def test_a_journal_that_is_away_is_waited_for() -> None:
    journal = await journal_of(SENT)
    told = asyncio.create_task(states(Following(journal).follow("o-1", tenant="acme")))
    await asyncio.sleep(1)

    def away(_: str) -> bool:
        message = "away"
        raise JournalUnavailableError(message)

    journal.trouble = away
    await asyncio.sleep(30)
    journal.trouble = lambda _: False
    await journal.record(DONE, owner="me", until=NOW)

    assert await told == [SENT.state, DONE.state]


@virtual_time
async def test_those_of_other_tenants_are_not_there() -> None:
    following = Following(await journal_of(SENT))

    with pytest.raises(NotFoundError):
        await states(following.follow("o-1", tenant="zenith"))
