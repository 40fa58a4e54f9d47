"""The writing side at work: the journal, what performs writes, and what settles those left."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from gateway.app.fleets import Fleets
from gateway.app.observability.journal import ObservedJournal
from gateway.app.overrides import Overrides
from gateway.app.stopping import stop
from gateway.app.stores import signed_in
from gateway.domain.principal import Principal
from gateway.journal.awaited import AwaitedJournal
from gateway.journal.opening import open_journal
from gateway.journal.sql_journal import SqlJournal
from gateway.schema.context import Writing
from gateway.service.fleet import Fleet
from gateway.service.writing.desk import WriteDesk
from gateway.service.writing.following import Following
from gateway.service.writing.operations import Operations
from gateway.settings import JournalSettings, Settings

_START_S: Final = 5.0
"""How long the start waits for the journal; then reads begin without it, and writes follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """The writing side of the gateway, whoever asks.

    `max_file_bytes` is what the files of a new package may have together.
    """

    operations: Operations
    journal: ObservedJournal
    following: Following
    max_file_bytes: int

    def of(self, principal: Principal, fleet: Fleet) -> Writing:
        """What one principal writes through; `fleet` is what it sees."""
        return Writing(
            desk=WriteDesk(fleet=fleet, operations=self.operations),
            journal=self.journal,
            following=self.following,
            principal=principal,
            max_file_bytes=self.max_file_bytes,
        )


@asynccontextmanager
async def running_writes(
    settings: Settings, fleets: Fleets, overrides: Overrides | None = None
) -> AsyncIterator[Writes | None]:
    """Everything that writes go through, until the block ends; None if writing is off.

    At the end no write is taken any more, and those under way end within the grace period; what is
    left then is in the journal as sent, and settled by the next start, or another replica.
    """
    if not settings.writes.enabled:
        yield None
        return
    given = overrides or Overrides.none()
    async with AsyncExitStack() as stack:
        awaited = AwaitedJournal(partial(_open, settings.journal))
        journal = ObservedJournal(awaited, given.metrics, given.tracer)
        stack.push_async_callback(journal.aclose)
        operations = Operations(
            journal,
            fleets.writables,
            policy=replace(given.writes, mark=settings.writes.mark),
            sleep=given.sleep,
        )
        opening = asyncio.create_task(awaited.open(), name="open-journal")
        stack.push_async_callback(stop, opening)
        with suppress(TimeoutError):
            await asyncio.wait_for(awaited.tried(), timeout=_START_S)
        if opening.done():
            opening.result()
        watching = asyncio.create_task(operations.watch(), name="watch-operations")
        stack.push_async_callback(stop, watching)
        stack.push_async_callback(operations.drain, settings.writes.grace_s)
        yield Writes(
            operations=operations,
            journal=journal,
            following=Following(journal),
            max_file_bytes=settings.writes.max_file_bytes,
        )


async def _open(settings: JournalSettings) -> SqlJournal:
    url = signed_in(settings.url, settings.username, settings.password)
    return await open_journal(url, timeout_s=settings.timeout_s)
