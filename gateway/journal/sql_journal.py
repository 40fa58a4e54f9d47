"""The journal in SQLite or PostgreSQL."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Executable, RowMapping, Select, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.domain.errors import InvalidRequestError, JournalUnavailableError
from gateway.domain.operation import (
    SETTLED,
    Operation,
    OperationFilter,
    OperationState,
)
from gateway.journal.rows import from_row, instant, to_changes, to_row
from gateway.journal.table import OPERATIONS

T = TypeVar("T")

# SQLAlchemy wraps what its drivers raise, but for trouble with sockets and files, and time-outs.
FAILURES: Final = (SQLAlchemyError, OSError)

_OPEN: Final = sorted(state.value for state in frozenset(OperationState) - SETTLED)

_log = logging.getLogger("gateway.journal")


class SqlJournal:
    """A `Journal` whose every change is one statement, which happens whole or not at all.

    The engine must commit each statement by itself. Clocks of replicas may differ: ownership ends
    by the clock of the replica that takes over, so they must agree to much less than the time for
    which operations are owned.
    """

    def __init__(self, engine: AsyncEngine, *, timeout_s: float) -> None:
        """Use the tables of `engine`, which exist; no call takes longer than `timeout_s`."""
        self._engine = engine
        self._timeout_s = timeout_s
        self._asking: set[asyncio.Task[Any]] = set()
        self._lookups: dict[tuple[str, str], asyncio.Task[list[RowMapping]]] = {}

    async def claim(self, operation: Operation, *, owner: str, until: datetime) -> Operation | None:
        """Write a new operation down; see `Journal`."""
        row = to_row(operation) | _owned(owner, until)
        insert = self._insert_unless_key_is_used(row)

        async def insert_or_find(connection: AsyncConnection) -> RowMapping | None:
            if (await connection.execute(insert)).first() is not None:
                return None
            by_key = _by_key(str(operation.idempotency_key), operation.tenant)
            first: RowMapping = (await connection.execute(by_key)).mappings().one()
            return first

        found = await self._ask(insert_or_find)
        return None if found is None else from_row(found)

    async def reclaim(self, operation: Operation, *, owner: str, until: datetime) -> bool:
        """Begin a NOT_DONE operation anew; see `Journal`."""
        changed = await self._rows(
            update(OPERATIONS)
            .where(
                OPERATIONS.c.id == operation.id,
                OPERATIONS.c.tenant == operation.tenant,
                OPERATIONS.c.state == OperationState.NOT_DONE.value,
            )
            .values(to_row(operation) | _owned(owner, until))
            .returning(OPERATIONS.c.id)
        )
        return bool(changed)

    async def record(self, operation: Operation, *, owner: str, until: datetime) -> bool:
        """Write a new state down; see `Journal`."""
        changed = await self._rows(
            update(OPERATIONS)
            .where(OPERATIONS.c.id == operation.id, OPERATIONS.c.owner == owner)
            .values(to_changes(operation) | _owned(owner, until))
            .returning(OPERATIONS.c.id)
        )
        return bool(changed)

    async def get(self, operation_id: str, *, tenant: str) -> Operation | None:
        """One operation; see `Journal`."""
        return await self._one(
            select(OPERATIONS).where(OPERATIONS.c.id == operation_id, OPERATIONS.c.tenant == tenant)
        )

    async def find_by_key(self, key: str, *, tenant: str) -> Operation | None:
        """The operation that used an idempotency key; see `Journal`.

        A thousand callers of one key wait for a connection once. One who asks when the statement
        has left shares it no more: it may miss what was written before they asked.
        """
        slot = (tenant, key)
        lookup = self._lookups.get(slot)
        if lookup is None:

            async def find(connection: AsyncConnection) -> list[RowMapping]:
                del self._lookups[slot]
                return list((await connection.execute(_by_key(key, tenant))).mappings())

            lookup = self._lookups[slot] = self._begin(find)
            lookup.add_done_callback(lambda ended: self._never_left(slot, ended))
        rows = await self._answer(lookup)
        return from_row(rows[0]) if rows else None

    async def page(
        self, wanted: OperationFilter, *, tenant: str, first: int, after: str | None
    ) -> tuple[tuple[Operation, ...], bool]:
        """Operations, newest first; see `Journal`.

        Raises:
            InvalidRequestError: `after` is no operation of this tenant.
        """
        place = tuple_(OPERATIONS.c.created_at, OPERATIONS.c.id)
        query = (
            _filtered(wanted)
            .where(OPERATIONS.c.tenant == tenant)
            .order_by(OPERATIONS.c.created_at.desc(), OPERATIONS.c.id.desc())
            .limit(first + 1)
        )
        if after is not None:
            last = await self.get(after, tenant=tenant)
            if last is None:
                message = "`after` is the cursor of no operation"
                raise InvalidRequestError(message, path=("after",))
            query = query.where(place < (instant(last.created_at), last.id))
        rows = await self._rows(query)
        return tuple(from_row(row) for row in rows[:first]), len(rows) > first

    async def take_over(
        self, *, owner: str, until: datetime, now: datetime, limit: int
    ) -> tuple[Operation, ...]:
        """Own what others left open, the longest left first; see `Journal`."""
        left_open = (
            OPERATIONS.c.state.in_(_OPEN),
            OPERATIONS.c.owned_until < instant(now),
        )
        # Each of several replicas that look at once locks other rows (SQLite has one writer and
        # needs no such thing). The condition stands in the update too: it holds when it changes.
        due = (
            select(OPERATIONS.c.id)
            .where(*left_open)
            .order_by(OPERATIONS.c.owned_until)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        rows = await self._rows(
            update(OPERATIONS)
            .where(OPERATIONS.c.id.in_(select(due.c.id)), *left_open)
            .values(_owned(owner, until))
            .returning(OPERATIONS)
        )
        return tuple(from_row(row) for row in rows)

    async def aclose(self) -> None:
        """Close the store, once what is under way has ended."""
        if self._asking:
            await asyncio.wait(self._asking, timeout=self._timeout_s)
        await self._engine.dispose()

    def _insert_unless_key_is_used(self, row: dict[str, Any]) -> Executable:
        index = ("tenant", "idempotency_key")
        match self._engine.dialect.name:
            case "postgresql":
                return (
                    postgresql.insert(OPERATIONS)
                    .values(row)
                    .on_conflict_do_nothing(index_elements=index)
                    .returning(OPERATIONS.c.id)
                )
            case _:
                return (
                    sqlite.insert(OPERATIONS)
                    .values(row)
                    .on_conflict_do_nothing(index_elements=index)
                    .returning(OPERATIONS.c.id)
                )

    async def _one(self, query: Select[Any]) -> Operation | None:
        rows = await self._rows(query)
        return from_row(rows[0]) if rows else None

    async def _rows(self, statement: Executable) -> list[RowMapping]:
        async def execute(connection: AsyncConnection) -> list[RowMapping]:
            return list((await connection.execute(statement)).mappings())

        return await self._ask(execute)

    async def _ask(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do `work` within the time allowed."""
        return await self._answer(self._begin(work))

    def _begin(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> asyncio.Task[T]:
        """Begin `work`, and let nobody interrupt it half-way.

        A driver that is cancelled in the middle may leave its connection, or a thread, behind. So
        the caller leaves, and what was begun ends by itself.
        """
        asking = asyncio.create_task(self._on_connection(work))
        self._asking.add(asking)
        asking.add_done_callback(self._asked)
        return asking

    async def _answer(self, asking: asyncio.Task[T]) -> T:
        """What was begun, if it ends within the time allowed."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.shield(asking)
        except FAILURES as error:
            _log.warning("journal.unavailable", extra={"kind": type(error).__name__})
            message = "the journal of writes cannot be reached; try again soon"
            raise JournalUnavailableError(message, retry_after_s=1.0) from None

    async def _on_connection(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._engine.connect() as connection:
            return await work(connection)

    def _never_left(self, slot: tuple[str, str], ended: asyncio.Task[list[RowMapping]]) -> None:
        """Let nobody share a lookup that failed while it waited for a connection."""
        if self._lookups.get(slot) is ended:
            del self._lookups[slot]

    def _asked(self, asking: asyncio.Task[Any]) -> None:
        self._asking.discard(asking)
        if not asking.cancelled():
            asking.exception()  # whoever asked has heard of it, or left


def _owned(owner: str, until: datetime) -> dict[str, Any]:
    return {"owner": owner, "owned_until": instant(until)}


def _by_key(key: str, tenant: str) -> Select[Any]:
    return select(OPERATIONS).where(
        OPERATIONS.c.tenant == tenant, OPERATIONS.c.idempotency_key == key
    )


def _filtered(wanted: OperationFilter) -> Select[Any]:
    query = select(OPERATIONS)
    if wanted.backend is not None:
        query = query.where(OPERATIONS.c.backend == wanted.backend)
    if wanted.kind is not None:
        query = query.where(OPERATIONS.c.kind == wanted.kind.value)
    if wanted.states:
        query = query.where(OPERATIONS.c.state.in_(sorted(state.value for state in wanted.states)))
    if wanted.subject is not None:
        query = query.where(OPERATIONS.c.subject == wanted.subject)
    if wanted.principal is not None:
        query = query.where(OPERATIONS.c.principal == wanted.principal)
    return query
