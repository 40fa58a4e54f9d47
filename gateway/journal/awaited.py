"""A journal that may have to be waited for, so that the gateway starts and reads without it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, Final

from gateway.domain.errors import JournalUnavailableError
from gateway.domain.operation import Journal, Operation, OperationFilter

_RETRY_S: Final = 5.0

_log = logging.getLogger("gateway.journal")


class AwaitedJournal:
    """A `Journal` that stands in for one until it is open, and then passes everything on.

    Until then every call raises `JournalUnavailableError`, so nothing is written to a cloud.
    """

    def __init__(
        self,
        open_journal: Callable[[], Awaitable[Journal]],
        *,
        retry_s: float = _RETRY_S,
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> None:
        """Open nothing yet. `retry_s` is the pause in seconds after each failure to open."""
        self._open_journal = open_journal
        self._retry_s = retry_s
        self._sleep = sleep
        self._opened: Journal | None = None
        self._tried = asyncio.Event()

    async def open(self) -> None:
        """Open the journal; tries until it works.

        Raises:
            ValueError: its address is wrong, so trying again is of no use.
        """
        while self._opened is None:
            try:
                self._opened = await self._open_journal()
            except JournalUnavailableError as error:
                _log.warning("journal.not_open", extra={"reason": error.message})
            finally:
                self._tried.set()
            if self._opened is None:
                await self._sleep(self._retry_s)

    async def tried(self) -> None:
        """Wait until it was tried to open the journal, with whatever success."""
        await self._tried.wait()

    async def claim(self, operation: Operation, *, owner: str, until: datetime) -> Operation | None:
        """See `Journal`."""
        return await self._journal.claim(operation, owner=owner, until=until)

    async def reclaim(self, operation: Operation, *, owner: str, until: datetime) -> bool:
        """See `Journal`."""
        return await self._journal.reclaim(operation, owner=owner, until=until)

    async def record(self, operation: Operation, *, owner: str, until: datetime) -> bool:
        """See `Journal`."""
        return await self._journal.record(operation, owner=owner, until=until)

    async def get(self, operation_id: str, *, tenant: str) -> Operation | None:
        """See `Journal`."""
        return await self._journal.get(operation_id, tenant=tenant)

    async def find_by_key(self, key: str, *, tenant: str) -> Operation | None:
        """See `Journal`."""
        return await self._journal.find_by_key(key, tenant=tenant)

    async def page(
        self, wanted: OperationFilter, *, tenant: str, first: int, after: str | None
    ) -> tuple[tuple[Operation, ...], bool]:
        """See `Journal`."""
        return await self._journal.page(wanted, tenant=tenant, first=first, after=after)

    async def take_over(
        self, *, owner: str, until: datetime, now: datetime, limit: int
    ) -> tuple[Operation, ...]:
        """See `Journal`."""
        return await self._journal.take_over(owner=owner, until=until, now=now, limit=limit)

    async def aclose(self) -> None:
        """Close the journal, if it was opened."""
        if self._opened is not None:
            await self._opened.aclose()

    @property
    def _journal(self) -> Journal:
        if self._opened is None:
            message = "the journal of writes cannot be reached; try again soon"
            raise JournalUnavailableError(message, retry_after_s=self._retry_s)
        return self._opened
