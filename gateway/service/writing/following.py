"""Following a write until it is settled, however many follow it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, Final, TypeAlias

from gateway.domain.errors import JournalUnavailableError, NotFoundError
from gateway.domain.operation import SETTLED, Journal, Operation

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 5.0
_GROWTH: Final = 1.3

_Place: TypeAlias = tuple[str, str]


class Following:
    """Tells callers how an operation goes on, on whatever replica it does.

    However many follow one operation, it is looked up in the journal by one, at growing intervals
    of half a second to five. Whoever is slow misses what lay between, and gets the newest state:
    nothing is kept for anybody.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> None:
        """Look nothing up yet."""
        self._journal = journal
        self._sleep = sleep
        self._watches: dict[_Place, _Watch] = {}

    async def follow(self, operation_id: str, *, tenant: str) -> AsyncGenerator[Operation, None]:
        """The operation now, and again whenever it has changed; ends once it is settled.

        Raises:
            NotFoundError: this tenant has no such operation.
            JournalUnavailableError: at the beginning; later the journal is waited for.
        """
        found = await self._journal.get(operation_id, tenant=tenant)
        if found is None:
            message = "no such operation"
            raise NotFoundError(message)
        yield found
        if found.state in SETTLED:
            return
        place = (tenant, operation_id)
        watch = self._watches.get(place)
        if watch is None:
            watch = self._watches[place] = _Watch(found)
            watch.task = asyncio.create_task(self._look(place, watch), name="follow-operation")
        watch.followers += 1
        try:
            told = found
            while told.state not in SETTLED:
                told = await watch.changed_from(told)
                yield told
        finally:
            watch.followers -= 1
            if watch.followers == 0 and watch.task is not None:
                watch.task.cancel()
                self._watches.pop(place, None)

    async def _look(self, place: _Place, watch: "_Watch") -> None:
        tenant, operation_id = place
        pause_s = _FIRST_PAUSE_S
        while watch.newest.state not in SETTLED:
            await self._sleep(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, pause_s * _GROWTH)
            try:
                found = await self._journal.get(operation_id, tenant=tenant)
            except JournalUnavailableError:
                continue
            if found is not None and found != watch.newest:
                watch.tell(found)
                pause_s = _FIRST_PAUSE_S


class _Watch:
    """The newest known state of one operation, and those who wait for another."""

    def __init__(self, newest: Operation) -> None:
        self.newest = newest
        self.followers = 0
        self.task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    def tell(self, operation: Operation) -> None:
        self.newest = operation
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed_from(self, told: Operation) -> Operation:
        while self.newest == told:
            await self._changed.wait()
        return self.newest
