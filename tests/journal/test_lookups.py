"""Many callers look for one key: how often the store is asked."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from gateway.domain.errors import JournalUnavailableError
from gateway.domain.operation import Operation
from gateway.journal.sql_journal import SqlJournal
from tests.journal.samples import LATER, OPERATION

CALLERS = 1_000


@contextmanager
def told_of_lookups(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` whenever a lookup by key is about to be executed, until the block ends."""

    def before(*execution: object) -> None:
        if "idempotency_key = " in str(execution[2]):
            tell()

    event.listen(Engine, "before_cursor_execute", before)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", before)


async def test_a_thousand_who_look_for_one_key_at_once_ask_the_store_once(
    journal: SqlJournal,
) -> None:
    await journal.claim(OPERATION, owner="me", until=LATER)
    lookups: list[None] = []

    with told_of_lookups(lambda: lookups.append(None)):
        found = await asyncio.gather(
            *(journal.find_by_key("key", tenant="acme") for _ in range(CALLERS))
        )

    assert found == [OPERATION] * CALLERS
    assert len(lookups) == 1


async def test_who_looks_when_a_lookup_has_left_gets_an_answer_of_their_own(
    journal: SqlJournal,
) -> None:
    later: list[asyncio.Task[Operation | None]] = []

    def ask_again() -> None:
        if not later:
            later.append(asyncio.ensure_future(journal.find_by_key("key", tenant="acme")))

    lookups: list[None] = []
    with told_of_lookups(lambda: lookups.append(None)), told_of_lookups(ask_again):
        await journal.find_by_key("key", tenant="acme")
        await later[0]

    assert len(lookups) == 2


async def test_lookups_of_other_keys_and_tenants_are_others(journal: SqlJournal) -> None:
    await journal.claim(OPERATION, owner="me", until=LATER)

    found = await asyncio.gather(
        *(
            journal.find_by_key(key, tenant=tenant)
            for key, tenant in (("key", "acme"), ("other", "acme"), ("key", "globex"))
        )
    )

    assert found == [OPERATION, None, None]


async def test_a_lookup_that_failed_is_shared_no_longer(journal: SqlJournal) -> None:
    def fail() -> None:
        raise OSError

    with told_of_lookups(fail):
        outcomes = await asyncio.gather(
            *(journal.find_by_key("key", tenant="acme") for _ in range(3)), return_exceptions=True
        )
    assert [type(outcome) for outcome in outcomes] == [JournalUnavailableError] * 3

    assert await journal.find_by_key("key", tenant="acme") is None


async def test_one_of_many_who_leaves_takes_nobody_along(journal: SqlJournal) -> None:
    await journal.claim(OPERATION, owner="me", until=LATER)
    first = asyncio.create_task(journal.find_by_key("key", tenant="acme"))
    second = asyncio.create_task(journal.find_by_key("key", tenant="acme"))
    await asyncio.sleep(0)

    first.cancel()

    assert await second == OPERATION
    with pytest.raises(asyncio.CancelledError):
        await first
