"""A journal that is watched: how its calls go, and what becomes of the writes in it."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeVar

from gateway.domain.errors import GatewayError, JournalUnavailableError
from gateway.domain.metrics import Metrics, NoMetrics
from gateway.domain.operation import SETTLED, Journal, Operation, OperationFilter, OperationState
from gateway.domain.tracing import NoTracer, Tracer

T = TypeVar("T")

_MOST: Final = 10_000

OPEN_STATES: Final = tuple(state for state in OperationState if state not in SETTLED)
"""The states of an operation that is not settled."""


class ObservedJournal:
    """A `Journal` that passes everything on to another one and reports it.

    Events: `journal.call` (with `call` and `outcome`) for each call, and `operation.state` (with
    `backend`, `kind` and `state`) whenever an operation that this process owns comes to a state.
    """

    def __init__(
        self,
        journal: Journal,
        metrics: Metrics | None = None,
        tracer: Tracer | None = None,
        *,
        clock: Callable[[], float] = time.perf_counter,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Own `journal` from now on."""
        self._journal = journal
        self._metrics = metrics or NoMetrics()
        self._tracer = tracer or NoTracer()
        self._clock = clock
        self._now = now
        self._reachable = True
        # What this process owns and has not settled; bounded, should it ever lose many to others.
        self._open: dict[str, tuple[OperationState, datetime]] = {}

    @property
    def reachable(self) -> bool:
        """Whether the last call got through; true before the first."""
        return self._reachable

    def open_operations(self) -> Mapping[OperationState, int]:
        """How many operations this process owns that are not settled, by each state there is."""
        counted = Counter(state for state, _ in self._open.values())
        return {state: counted[state] for state in OPEN_STATES}

    def oldest_unknown_s(self) -> float:
        """Age in seconds of the oldest of them whose outcome is unknown; 0 if there is none."""
        now = self._now()
        return max(
            (
                (now - since).total_seconds()
                for state, since in self._open.values()
                if state is OperationState.UNKNOWN
            ),
            default=0.0,
        )

    async def claim(self, operation: Operation, *, owner: str, until: datetime) -> Operation | None:
        """See `Journal`."""
        call = self._journal.claim(operation, owner=owner, until=until)
        earlier = await self._observed("claim", call)
        if earlier is None:
            self._came_to(operation)
        return earlier

    async def reclaim(self, operation: Operation, *, owner: str, until: datetime) -> bool:
        """See `Journal`."""
        call = self._journal.reclaim(operation, owner=owner, until=until)
        begun = await self._observed("reclaim", call)
        if begun:
            self._came_to(operation)
        return begun

    async def record(self, operation: Operation, *, owner: str, until: datetime) -> bool:
        """See `Journal`."""
        call = self._journal.record(operation, owner=owner, until=until)
        recorded = await self._observed("record", call)
        if recorded:
            self._came_to(operation)
        else:
            self._open.pop(operation.id, None)
        return recorded

    async def get(self, operation_id: str, *, tenant: str) -> Operation | None:
        """See `Journal`."""
        return await self._observed("get", self._journal.get(operation_id, tenant=tenant))

    async def find_by_key(self, key: str, *, tenant: str) -> Operation | None:
        """See `Journal`."""
        return await self._observed("find_by_key", self._journal.find_by_key(key, tenant=tenant))

    async def page(
        self, wanted: OperationFilter, *, tenant: str, first: int, after: str | None
    ) -> tuple[tuple[Operation, ...], bool]:
        """See `Journal`."""
        call = self._journal.page(wanted, tenant=tenant, first=first, after=after)
        return await self._observed("page", call)

    async def take_over(
        self, *, owner: str, until: datetime, now: datetime, limit: int
    ) -> tuple[Operation, ...]:
        """See `Journal`."""
        call = self._journal.take_over(owner=owner, until=until, now=now, limit=limit)
        taken = await self._observed("take_over", call)
        for operation in taken:
            self._hold(operation)
        return taken

    async def aclose(self) -> None:
        """Close the journal."""
        await self._journal.aclose()

    async def _observed(self, call: str, answer: Awaitable[T]) -> T:
        started = self._clock()
        outcome = "ok"
        with self._tracer.span("journal.call", call=call) as span:
            try:
                found = await answer
            except JournalUnavailableError as error:
                self._reachable = False
                outcome = error.code
                span.failed(outcome)
                raise
            except BaseException as error:
                outcome = error.code if isinstance(error, GatewayError) else type(error).__name__
                raise
            finally:
                elapsed_s = self._clock() - started
                self._metrics.observe("journal.call", elapsed_s, call=call, outcome=outcome)
                span.note(outcome=outcome)
        self._reachable = True
        return found

    def _came_to(self, operation: Operation) -> None:
        """Count a state that is new; an operation is also recorded to go on owning it."""
        before = self._open.get(operation.id)
        if before is None or before[0] is not operation.state:
            self._metrics.count(
                "operation.state",
                backend=operation.backend,
                kind=operation.kind.value,
                state=operation.state.value,
            )
        if operation.state in SETTLED:
            self._open.pop(operation.id, None)
        else:
            self._hold(operation)

    def _hold(self, operation: Operation) -> None:
        self._open[operation.id] = (operation.state, operation.created_at)
        if len(self._open) > _MOST:
            del self._open[next(iter(self._open))]
