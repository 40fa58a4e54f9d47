"""A journal in memory and a cloud that does what a test tells it to."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias, TypeVar

from gateway.domain.errors import InvalidInputError, JournalUnavailableError
from gateway.domain.operation import SETTLED, Operation, OperationFilter, OperationState
from gateway.domain.write import (
    CreateFirmware,
    CreateJob,
    Finding,
    PlannedCall,
    Receipt,
    RetryTasks,
    Verdict,
    Write,
    WritePlan,
)

T = TypeVar("T")

START: Final = datetime(2026, 11, 1, tzinfo=UTC)
CHUNK: Final = 2


def now() -> datetime:
    """The time of the running loop, as a date."""
    return START + timedelta(seconds=asyncio.get_running_loop().time())


@dataclass(slots=True)
class Row:
    operation: Operation
    owner: str
    until: datetime


@dataclass(slots=True)
class FakeJournal:
    """Keeps operations, and what each was, step by step.

    `trouble` is asked before each call, by the call's name. It raises to be down, and returns true
    to take the call but lose its answer.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    steps: list[tuple[str, OperationState]] = field(default_factory=list)
    trouble: Callable[[str], bool] = lambda _: False
    asked: list[str] = field(default_factory=list)

    async def claim(self, operation: Operation, *, owner: str, until: datetime) -> Operation | None:
        lost = await self._enter("claim")
        key = operation.idempotency_key
        earlier = self._by_key(key, operation.tenant) if key else None
        if earlier is None:
            self._put(operation, owner, until)
        return self._answer(earlier, lost=lost)

    async def reclaim(self, operation: Operation, *, owner: str, until: datetime) -> bool:
        lost = await self._enter("reclaim")
        row = self.rows.get(operation.id)
        free = row is not None and row.operation.state is OperationState.NOT_DONE
        if free:
            self._put(operation, owner, until)
        return self._answer(free, lost=lost)

    async def record(self, operation: Operation, *, owner: str, until: datetime) -> bool:
        lost = await self._enter("record")
        owned = self.rows[operation.id].owner == owner
        if owned:
            self._put(operation, owner, until)
        return self._answer(owned, lost=lost)

    async def get(self, operation_id: str, *, tenant: str) -> Operation | None:
        lost = await self._enter("get")
        row = self.rows.get(operation_id)
        found = row.operation if row and row.operation.tenant == tenant else None
        return self._answer(found, lost=lost)

    async def find_by_key(self, key: str, *, tenant: str) -> Operation | None:
        lost = await self._enter("find_by_key")
        return self._answer(self._by_key(key, tenant), lost=lost)

    async def page(
        self, wanted: OperationFilter, *, tenant: str, first: int, after: str | None
    ) -> tuple[tuple[Operation, ...], bool]:
        raise NotImplementedError

    async def take_over(
        self, *, owner: str, until: datetime, now: datetime, limit: int
    ) -> tuple[Operation, ...]:
        lost = await self._enter("take_over")
        left = [
            row
            for row in self.rows.values()
            if row.operation.state not in SETTLED and row.until < now
        ]
        for row in left[:limit]:
            row.owner, row.until = owner, until
        return self._answer(tuple(row.operation for row in left[:limit]), lost=lost)

    async def aclose(self) -> None:
        raise NotImplementedError

    def only(self) -> Operation:
        """The one operation there is."""
        (row,) = self.rows.values()
        return row.operation

    async def _enter(self, name: str) -> bool:
        self.asked.append(name)
        lost = self.trouble(name)
        await asyncio.sleep(0)  # others get in between, as they do with a real one
        return lost

    def _answer(self, answer: T, *, lost: bool) -> T:
        if lost:
            message = "the answer is lost"
            raise JournalUnavailableError(message)
        return answer

    def _by_key(self, key: str, tenant: str) -> Operation | None:
        for row in self.rows.values():
            if (row.operation.idempotency_key, row.operation.tenant) == (key, tenant):
                return row.operation
        return None

    def _put(self, operation: Operation, owner: str, until: datetime) -> None:
        self.rows[operation.id] = Row(operation, owner, until)
        self.steps.append((operation.id, operation.state))


def down(_: str) -> bool:
    """A journal that cannot be reached."""
    message = "the journal is down"
    raise JournalUnavailableError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """How one sending goes: it lasts, is executed at its end or not, and is answered or fails.

    `gate` holds it until the test opens it.
    """

    executed: bool = True
    error: BaseException | None = None
    lasts_s: float = 0.0
    gate: asyncio.Event | None = None
    executed_if_cut: bool = False


DONE: Final = Send()
Look: TypeAlias = Finding | BaseException
UNCLEAR: Final = Finding(verdict=Verdict.UNCLEAR)
NOT_FOUND: Final = Finding(verdict=Verdict.NOT_DONE)
CallKey: TypeAlias = tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class FakeCloud:
    """An `OtaWriter`. It remembers what it executed, and shows it after its lag.

    `sends` and `looks` tell how the next ones go; after them, all is well and true.
    """

    settle_s: float = 0.0
    sends: list[Send] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    refuse: InvalidInputError | None = None
    planned: list[tuple[str | None, datetime]] = field(default_factory=list)
    sent: list[CallKey] = field(default_factory=list)
    passed_on: list[Mapping[str, str]] = field(default_factory=list)
    executed: list[tuple[CallKey, str | None, float]] = field(default_factory=list)
    looked_at: list[float] = field(default_factory=list)
    under_way: asyncio.Event = field(default_factory=asyncio.Event)

    def plan(self, write: Write, *, marker: str | None, now: datetime) -> WritePlan:
        if self.refuse is not None:
            raise self.refuse
        self.planned.append((marker, now))
        parameters = {"marker": marker}
        if isinstance(write, RetryTasks):
            chunks = [
                write.targets[start : start + CHUNK]
                for start in range(0, len(write.targets), CHUNK)
            ]
            return WritePlan(
                calls=tuple(
                    PlannedCall(operation="retry", parameters=parameters, targets=chunk)
                    for chunk in chunks
                )
            )
        names = ["upload", "register"] if isinstance(write, CreateFirmware) else ["write"]
        calls = tuple(PlannedCall(operation=name, parameters=parameters) for name in names)
        return WritePlan(calls=calls, dependent=len(calls) > 1)

    async def send(self, call: PlannedCall, passed_on: Mapping[str, str]) -> Receipt:
        script = self.sends.pop(0) if self.sends else DONE
        key = key_of(call)
        self.sent.append(key)
        self.passed_on.append(passed_on)
        self.under_way.set()
        try:
            await asyncio.sleep(script.lasts_s)
            if script.gate is not None:
                await script.gate.wait()
        except asyncio.CancelledError:
            if script.executed_if_cut:
                self._execute(call)
            raise
        if script.executed:
            self._execute(call)
        if script.error is not None:
            raise script.error
        number = len(self.executed)
        return Receipt(
            native_id=f"n-{number}",
            request_id=f"r-{number}",
            passed_on={call.operation: f"p-{number}"},
        )

    async def find(
        self, write: Write, call: PlannedCall, *, marker: str | None, sent_at: datetime
    ) -> Finding:
        at = asyncio.get_running_loop().time()
        self.looked_at.append(at)
        await asyncio.sleep(0)
        if self.looks:
            look = self.looks.pop(0)
            if isinstance(look, BaseException):
                raise look
            return look
        for number, (key, its_marker, done_at) in enumerate(self.executed, start=1):
            if (key, its_marker) == (key_of(call), marker) and done_at + self.settle_s <= at:
                made = f"n-{number}" if isinstance(write, CreateJob) else None
                return Finding(verdict=Verdict.DONE, native_id=made)
        return NOT_FOUND

    async def aclose(self) -> None:
        raise NotImplementedError

    def _execute(self, call: PlannedCall) -> None:
        marker = call.parameters["marker"]
        assert marker is None or isinstance(marker, str)
        at = asyncio.get_running_loop().time()
        self.executed.append((key_of(call), marker, at))


def key_of(call: PlannedCall) -> CallKey:
    """What makes two calls of one write the same call."""
    return call.operation, tuple(target.task_id for target in call.targets)
