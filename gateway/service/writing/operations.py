"""The one way to write: at most once, written down first, and never resent on a guess."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from gateway.domain.call import Priority, calling, current_call
from gateway.domain.errors import (
    IdempotencyConflictError,
    InvalidRequestError,
    JournalUnavailableError,
    OperationInProgressError,
    ShuttingDownError,
)
from gateway.domain.operation import SETTLED, Journal, Operation, OperationState
from gateway.domain.principal import Principal
from gateway.domain.write import OtaWriter, Write, WritePlan
from gateway.service.incident import report_incident
from gateway.service.writing.codec import fingerprint, from_json, kind_of, subject_of, to_json
from gateway.service.writing.custody import Custody, CustodyLostError
from gateway.service.writing.execution import execute, recorded
from gateway.service.writing.policy import WritePolicy
from gateway.service.writing.settling import Settling

_MAX_KEY: Final = 255
_NO_MARKER: Final = "0" * 8
_TAKE_OVER: Final = 20
_UNDER_WAY: Final = frozenset({OperationState.PREPARED, OperationState.SENT})
_WITHOUT_EFFECT: Final = frozenset({OperationState.REJECTED, OperationState.NOT_DONE})

_log = logging.getLogger("gateway.writing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writable:
    """A backend as far as writing goes: its writer, and how to make its reads forget a write.

    `forget` is given the write and the seconds within which the cloud may still show the past.
    """

    id: str
    writer: OtaWriter
    forget: Callable[[Write, float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks for a write, and under which key; keys of different tenants never meet."""

    principal: Principal
    idempotency_key: str | None = None

    @property
    def tenant(self) -> str:
        """Whose write it is."""
        return self.principal.tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """An operation after `perform`; `replayed` if an earlier one with the same key answered."""

    operation: Operation
    replayed: bool


class Operations:
    """Performs writes and settles those of unknown outcome."""

    def __init__(
        self,
        journal: Journal,
        backends: Mapping[str, Writable],
        *,
        policy: WritePolicy | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        """Own nothing yet; `watch` takes over what an earlier process left."""
        self._journal = journal
        self._backends = backends
        self._policy = policy or WritePolicy()
        self._now = now
        self._sleep = sleep
        self._new_id = new_id
        self._writing: set[asyncio.Task[Any]] = set()
        self._following_up: set[asyncio.Task[Any]] = set()
        self._by_key: dict[tuple[str, str, str], asyncio.Task[Performed]] = {}
        self._draining = False

    async def preview(self, backend: str, write: Write) -> WritePlan:
        """What `perform` would send, with `00000000` for the marker, which is not drawn yet.

        Raises:
            InvalidRequestError, UnsupportedError: it cannot be done.
        """
        marker = _NO_MARKER if self._policy.mark else None
        return self._backends[backend].writer.plan(write, marker=marker, now=self._now())

    async def perform(self, backend: str, write: Write, asking: Asking) -> Performed:
        """Do `write` once, and answer when it is settled or its outcome is unknown.

        The write goes on if the caller leaves. When it has been executed, reads through the cache
        show its effect from the moment this returns. If the journal fails once something has been
        sent, the answer tells what is known here, and the journal hears of it later.

        Raises:
            IdempotencyConflictError: the key was used for another input.
            OperationInProgressError: the key's write did not end while the caller waited.
            InvalidRequestError, UnsupportedError: it cannot be done; nothing was written down.
            JournalUnavailableError, ShuttingDownError: nothing was sent.
        """
        if self._draining:
            message = "this replica is stopping; send the write again, with the same key"
            raise ShuttingDownError(message, retry_after_s=1.0)
        key = asking.idempotency_key
        digest = fingerprint(backend, write)
        if key is None:
            return await self._outcome(self._detach(self._begin(backend, write, asking, digest)))
        check_key(key)
        slot = (asking.tenant, key, digest)
        if (under_way := self._by_key.get(slot)) is not None:
            return await self._join(under_way)
        task = self._detach(self._begin(backend, write, asking, digest))
        self._by_key[slot] = task
        task.add_done_callback(lambda _: self._by_key.pop(slot))
        return await self._outcome(task)

    async def earlier(self, asking: Asking) -> Operation | None:
        """The operation that used the caller's key before and has, or awaits, an answer to repeat.

        One whose write was not done has none: the write would be sent.
        """
        if asking.idempotency_key is None:
            return None
        found = await self._journal.find_by_key(asking.idempotency_key, tenant=asking.tenant)
        return None if found is None or found.state is OperationState.NOT_DONE else found

    async def watch(self) -> None:
        """Settle operations that their process left behind; ends when cancelled."""
        while True:
            if not self._draining:
                owner = self._new_id()
                now = self._now()
                until = now + timedelta(seconds=self._policy.lease_s)
                try:
                    left = await self._journal.take_over(
                        owner=owner, until=until, now=now, limit=_TAKE_OVER
                    )
                except JournalUnavailableError:
                    left = ()
                for operation in left:
                    self._follow_up(self._settle(self._custody(operation, owner, until)))
            await self._sleep(self._policy.watch_every_s)

    async def drain(self, grace_s: float) -> None:
        """Take no more writes, and let those under way end; after `grace_s` they are left as sent.

        What is left is in the journal, and settled by the next process that watches.
        """
        self._draining = True
        if self._writing:
            await asyncio.wait(self._writing, timeout=grace_s)
        left = self._writing | self._following_up
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _begin(self, backend: str, write: Write, asking: Asking, digest: str) -> Performed:
        key = asking.idempotency_key
        earlier = await self._journal.find_by_key(key, tenant=asking.tenant) if key else None
        if earlier is not None:
            _refuse_other_input(earlier, digest)
            if earlier.state is not OperationState.NOT_DONE:
                return await self._answer_of(earlier)
        custody, plan = self._prepare(backend, write, asking, digest, earlier)
        faster = await self._take(custody, earlier)
        if faster is not None:
            _refuse_other_input(faster, digest)
            return await self._answer_of(faster)
        await self._carry_out(self._backends[backend], write, custody, plan)
        return Performed(operation=custody.operation, replayed=False)

    def _prepare(
        self, backend: str, write: Write, asking: Asking, digest: str, earlier: Operation | None
    ) -> tuple[Custody, WritePlan]:
        """The operation as it will be written down. One that begins anew keeps its id."""
        now = self._now()
        fresh = self._new_id()
        marker = fresh[: len(_NO_MARKER)] if self._policy.mark else None
        plan = self._backends[backend].writer.plan(write, marker=marker, now=now)
        calls = tuple(recorded(call) for call in plan.calls)
        if earlier is not None and len(earlier.calls) == len(calls):
            calls = tuple(
                replace(call, attempts=before.attempts)
                for call, before in zip(calls, earlier.calls, strict=True)
            )
        operation = Operation(
            id=fresh if earlier is None else earlier.id,
            tenant=asking.tenant,
            principal=asking.principal.id,
            backend=backend,
            kind=kind_of(write),
            idempotency_key=asking.idempotency_key,
            input_hash=digest,
            state=OperationState.PREPARED,
            created_at=now,
            updated_at=now,
            subject=subject_of(write),
            write=to_json(write),
            marker=marker,
            calls=calls,
        )
        return self._custody(operation, self._new_id()), plan

    async def _take(self, custody: Custody, earlier: Operation | None) -> Operation | None:
        """Own the operation; if another caller was faster, the operation that it began."""
        if earlier is None:
            return await custody.claim()
        if await custody.reclaim():
            return None
        return await self._journal.get(earlier.id, tenant=earlier.tenant) or earlier

    async def _carry_out(
        self, backend: Writable, write: Write, custody: Custody, plan: WritePlan
    ) -> None:
        """Send the plan; raises only if nothing was sent."""
        context = replace(current_call(), priority=Priority.PERSON, deadline=None)
        written = True
        try:
            with calling(context):
                await execute(plan, backend.writer, custody)
        except JournalUnavailableError:
            if not custody.sent:
                raise
            written = False
        custody.conclude()
        if custody.operation.state not in _WITHOUT_EFFECT:
            # Before the end is written down: who waits for it in the journal reads right after.
            await self._forget(backend, write)
        if written:
            try:
                await custody.record()
            except JournalUnavailableError:
                written = False
        if not written or custody.operation.state is OperationState.UNKNOWN:
            self._follow_up(self._settle(custody))

    async def _forget(self, backend: Writable, write: Write) -> None:
        """Let the cloud's lag pass, so that no read can show the state before the write."""
        settle_s = backend.writer.settle_s
        try:
            await backend.forget(write, settle_s)
            if settle_s:
                await self._sleep(settle_s)
                await backend.forget(write, 0.0)
        except Exception as error:  # noqa: BLE001 - the write has happened, whatever its reads do
            report_incident(error)

    async def _settle(self, custody: Custody) -> None:
        """Write down what is known, once that is possible, and look for the rest."""
        await self._write_down_at_last(custody)
        if custody.operation.state in SETTLED:
            return
        backend = self._backends.get(custody.operation.backend)
        write = _read(custody.operation)
        writer = backend.writer if backend else None
        await Settling(custody, policy=self._policy, sleep=self._sleep).settle(writer, write)
        if backend and write and custody.operation.state not in _WITHOUT_EFFECT:
            await self._forget(backend, write)
        await custody.record()
        _log.info(
            "operation.settled",
            extra={"operation": custody.operation.id, "state": custody.operation.state.value},
        )

    async def _write_down_at_last(self, custody: Custody) -> None:
        while True:
            try:
                await custody.record()
            except CustodyLostError:
                raise
            except JournalUnavailableError:
                await self._sleep(self._policy.watch_every_s)
            else:
                return

    async def _answer_of(self, earlier: Operation) -> Performed:
        """The answer of an operation that used the key before, once it has one."""
        waited_s = 0.0
        found = earlier
        while found.state in _UNDER_WAY:
            if waited_s >= self._policy.join_s or self._draining:
                raise _in_progress()
            await self._sleep(self._policy.join_every_s)
            waited_s += self._policy.join_every_s
            found = await self._journal.get(earlier.id, tenant=earlier.tenant) or found
        return Performed(operation=found, replayed=True)

    async def _join(self, under_way: asyncio.Task[Performed]) -> Performed:
        """The answer of the same write, under way for another caller in this process."""
        ended, _ = await asyncio.wait({under_way}, timeout=self._policy.join_s)
        if not ended:
            raise _in_progress()
        return replace(await self._outcome(under_way), replayed=True)

    async def _outcome(self, task: asyncio.Task[Performed]) -> Performed:
        """What `task` returns; it goes on if its caller leaves."""
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if task.cancelled() and not (caller and caller.cancelling()):
                raise _in_progress() from None  # `drain` gave up on it
            raise

    def _custody(
        self, operation: Operation, owner: str, owned_until: datetime | None = None
    ) -> Custody:
        return Custody(
            self._journal,
            operation,
            owner=owner,
            lease_s=self._policy.lease_s,
            now=self._now,
            owned_until=owned_until,
        )

    def _detach(self, work: Coroutine[Any, Any, Performed]) -> asyncio.Task[Performed]:
        """Run a write whoever waits for it, until it ends or the gateway does."""
        task = asyncio.create_task(work)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        task.add_done_callback(_heard)
        return task

    def _follow_up(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what nobody waits for, until it ends or the gateway does."""
        task = asyncio.create_task(work)
        self._following_up.add(task)
        task.add_done_callback(self._following_up.discard)
        task.add_done_callback(_log_if_left)


def _heard(task: asyncio.Task[Performed]) -> None:
    if not task.cancelled():
        task.exception()  # its caller has heard of it, or left


def _log_if_left(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.warning("operation.left", extra={"kind": type(error).__name__})


def _in_progress() -> OperationInProgressError:
    message = "the write with this key is under way; ask again with the same key"
    return OperationInProgressError(message, retry_after_s=1.0)


def check_key(key: str) -> None:
    """Raise InvalidRequestError if `key` is none that a journal can keep."""
    if not (0 < len(key) <= _MAX_KEY and key.isprintable()):
        message = f"an idempotency key is 1 to {_MAX_KEY} printable characters"
        raise InvalidRequestError(message, path=("idempotencyKey",))


def _refuse_other_input(earlier: Operation, digest: str) -> None:
    if earlier.input_hash != digest:
        message = "this idempotency key was used for another input; take a new key"
        raise IdempotencyConflictError(message)


def _read(operation: Operation) -> Write | None:
    """The write of an operation; None if another version wrote what this one cannot read."""
    try:
        return from_json(operation.kind, operation.write)
    except (KeyError, ValueError) as error:
        report_incident(error)
        return None
