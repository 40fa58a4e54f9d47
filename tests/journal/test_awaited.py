"""A journal that comes later than the gateway."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from gateway.domain.errors import JournalUnavailableError
from gateway.domain.operation import OperationFilter
from gateway.journal.awaited import AwaitedJournal
from gateway.journal.opening import open_journal
from gateway.journal.sql_journal import SqlJournal
from tests.journal.samples import LATER, NOW, OPERATION


class Opening:
    """Opens a journal that is out of reach so many times."""

    def __init__(self, folder: Path, *, failures: int) -> None:
        self.failures = failures
        self.pauses: list[float] = []
        self._url = f"sqlite:///{folder / 'journal.sqlite3'}"

    async def open(self) -> SqlJournal:
        if len(self.pauses) < self.failures:
            message = "out of reach"
            raise JournalUnavailableError(message)
        return await open_journal(self._url)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


def awaited(opening: Opening) -> AwaitedJournal:
    return AwaitedJournal(opening.open, retry_s=5.0, sleep=opening.sleep)


async def test_until_it_is_open_every_call_says_so(tmp_path: Path) -> None:
    journal = awaited(Opening(tmp_path, failures=0))
    operation = OPERATION
    calls = [
        journal.claim(operation, owner="o", until=LATER),
        journal.reclaim(operation, owner="o", until=LATER),
        journal.record(operation, owner="o", until=LATER),
        journal.get("x", tenant="t"),
        journal.find_by_key("k", tenant="t"),
        journal.page(OperationFilter(), tenant="t", first=1, after=None),
        journal.take_over(owner="o", until=LATER, now=NOW, limit=1),
    ]
    for call in calls:
        with pytest.raises(JournalUnavailableError) as caught:
            await call
        assert caught.value.retry_after_s == 5.0
    await journal.aclose()


async def test_it_is_opened_as_soon_as_it_can_be_and_then_passes_everything_on(
    tmp_path: Path,
) -> None:
    opening = Opening(tmp_path, failures=3)
    async with aclosing(awaited(opening)) as journal:
        await journal.open()
        assert opening.pauses == [5.0, 5.0, 5.0]

        operation = OPERATION
        assert await journal.claim(operation, owner="o", until=LATER) is None
        assert await journal.record(operation, owner="o", until=LATER)
        assert not await journal.reclaim(operation, owner="o", until=LATER)
        assert await journal.get(operation.id, tenant=operation.tenant) == operation
        key = operation.idempotency_key or ""
        assert await journal.find_by_key(key, tenant=operation.tenant) == operation
        found = await journal.page(OperationFilter(), tenant=operation.tenant, first=1, after=None)
        assert found == ((operation,), False)
        assert await journal.take_over(owner="p", until=LATER, now=NOW, limit=1) == ()


async def test_an_open_journal_is_not_opened_again(tmp_path: Path) -> None:
    opening = Opening(tmp_path, failures=0)
    async with aclosing(awaited(opening)) as journal:
        await journal.open()
        opening.failures = 9
        await asyncio.wait_for(journal.open(), timeout=1)
        assert opening.pauses == []


async def test_an_address_that_can_never_be_right_ends_the_waiting(tmp_path: Path) -> None:
    async def fail() -> SqlJournal:
        return await open_journal("mysql://host/db")

    with pytest.raises(ValueError, match="sqlite or postgresql"):
        await AwaitedJournal(fail).open()
