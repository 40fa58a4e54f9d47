"""One open WebSocket: who is on it, and the operations that run on it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from functools import partial
from typing import Final, Generic, assert_never

from graphql import OperationType

from gateway.app.graphql.body import ClientGoneError
from gateway.app.graphql.encoding import answer_of, errors_of, refusal_of
from gateway.app.graphql.executor import Answer, PreparedT, RequestError
from gateway.app.graphql.parameters import Parameters
from gateway.app.graphql.parts import Parts
from gateway.app.graphql.replies import CloseCode, Closing, Refused, Why
from gateway.app.graphql.request_context import ContextT
from gateway.app.graphql.request_head import RequestHead
from gateway.app.graphql.runner import fault
from gateway.app.graphql.streams import Ending, Place
from gateway.app.graphql.strict_json import aside
from gateway.app.graphql.websocket import messages
from gateway.app.graphql.websocket.messages import (
    Complete,
    ConnectionInit,
    Message,
    Ping,
    Pong,
    Subscribe,
    read_message,
)
from gateway.app.graphql.websocket.wire import Wire
from gateway.app.observability.request_log import RequestEntry, RequestKind, RequestOutcome

_ENDINGS: Final = {
    Ending.EXPIRED: CloseCode.FORBIDDEN,
    Ending.RESTART: CloseCode.RESTART,
}
_UNREAD: Final = Closing(CloseCode.TRY_AGAIN_LATER, "what was sent is not read")
"""The end of a conversation that an operation found out about; nobody hears of it."""


class Socket(Generic[PreparedT, ContextT]):
    """One conversation of the protocol, read in one task; each operation has its own."""

    def __init__(
        self,
        parts: Parts[PreparedT, ContextT],
        wire: Wire,
        *,
        request_id: str,
        head: RequestHead,
    ) -> None:
        """Nobody is let in yet. `head` is that of the handshake, and may hold credentials."""
        self._parts = parts
        self._wire = wire
        self._request_id = request_id
        self._authorization = head.authorization
        self._has_init = False
        self._is_let_in = False
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._main: asyncio.Task[None] | None = None
        self._closing: Closing | None = None
        self._is_interrupted = False
        self._held = ExitStack()

    def end(self, why: Ending) -> None:
        """Close the socket, from wherever this is called."""
        self._close_soon(Closing(_ENDINGS[why], why.value))

    async def converse(self, place: Place) -> None:
        """Take messages until somebody closes the socket."""
        self._main = asyncio.current_task()
        limits = self._parts.limits
        late = Closing(CloseCode.INIT_TIMEOUT, "Connection initialisation timeout")
        timer = asyncio.get_running_loop().call_later(
            limits.init_timeout_s, self._close_unless_init, late
        )
        try:
            with self._held:
                while self._closing is None:  # which it may be from before the beginning
                    text = await self._wire.read()
                    message = await aside(len(text), partial(read_message, text, limits))
                    await self._take(message, place)
        except Closing as closing:
            self._closing = closing
        except ClientGoneError:
            pass
        except asyncio.CancelledError:
            if not self._is_interrupted or self._main is None:
                raise
            self._main.uncancel()
        finally:
            self._main = None  # it is ending, and must not be interrupted again
            timer.cancel()
            await self._stop_operations()
        if self._closing is not None:
            await self._wire.close(self._closing)

    def _close_soon(self, closing: Closing) -> None:
        """Interrupt the conversation, which then closes the socket."""
        if self._closing is None:
            self._closing = closing
            if self._main is not None:
                self._is_interrupted = True
                self._main.cancel()

    def _close_unless_init(self, closing: Closing) -> None:
        if not self._has_init:
            self._close_soon(closing)

    async def _take(self, message: Message, place: Place) -> None:
        match message:
            case ConnectionInit():
                await self._let_in(message, place)
            case Ping():
                await self._wire.write(messages.pong())
            case Pong():
                pass
            case Subscribe():
                await self._begin(message)
            case Complete():
                task = self._operations.pop(message.id, None)
                if task is not None:
                    task.cancel()
            case _:
                assert_never(message)

    async def _let_in(self, message: ConnectionInit, place: Place) -> None:
        if self._has_init:
            raise Closing(CloseCode.TOO_MANY, "Too many initialisation requests")
        self._has_init = True
        self._authorization = message.authorization or self._authorization
        try:
            principal = await self._parts.admit(self._authorization)
            self._held.enter_context(self._parts.streams.belonging(place, principal))
        except Refused as refused:
            raise Closing.because(refused) from None
        await self._wire.write(messages.connection_ack())
        self._is_let_in = True

    async def _begin(self, message: Subscribe) -> None:
        if not self._is_let_in:
            raise Closing(CloseCode.NOT_INITIALISED, "Unauthorized")
        if message.id in self._operations:
            reason = f"Subscriber for {message.id} already exists"
            raise Closing(CloseCode.DUPLICATE_ID, reason)
        if len(self._operations) >= self._parts.limits.max_operations_each:
            refused = Refused(Why.TOO_MANY_OPERATIONS)
            await self._wire.write(messages.refusal(message.id, [refused.error]))
            return
        self._operations[message.id] = asyncio.create_task(
            self._run(message.id, message.parameters)
        )

    async def _run(self, operation_id: str, parameters: Parameters) -> None:
        """One operation, from its request to its `complete` or `error`."""
        last: str | None = None
        with self._parts.requests.following(self._request_id) as entry:
            try:
                async with aclosing(self._answers(parameters, entry)) as answers:
                    async for answer in answers:
                        shown = answer_of(answer, self._request_id)
                        if answer.is_refusal:
                            last = messages.refusal(
                                operation_id, errors_of(answer, self._request_id)
                            )
                            break
                        await self._wire.write(messages.next_answer(operation_id, shown))
            except Refused as refused:
                entry.status = int(refused.why.value.status)
                if refused.why is Why.UNAUTHENTICATED:
                    self._close_soon(Closing.because(refused))
                shown = refusal_of(refused.error, self._request_id)
                last = messages.refusal(operation_id, shown["errors"])
            except ClientGoneError:
                entry.outcome = RequestOutcome.CANCELED
                self._close_soon(_UNREAD)
                return
            except Exception as error:  # noqa: BLE001 - the last place where a fault can be masked
                entry.outcome = RequestOutcome.FAILED
                shown = refusal_of(fault(error).error, self._request_id)
                last = messages.refusal(operation_id, shown["errors"])
            # The id is free again as soon as the client knows, so it must be free before.
            self._operations.pop(operation_id, None)
            try:
                await self._wire.write(last or messages.complete(operation_id))
            except ClientGoneError:
                self._close_soon(_UNREAD)

    async def _answers(
        self, parameters: Parameters, entry: RequestEntry
    ) -> AsyncGenerator[Answer, None]:
        """The answers of one operation of any kind; a refusal is the only one."""
        # Each operation is admitted, as each request over HTTP is: the rate counts, and so does
        # that the credentials have ended.
        principal = entry.principal = await self._parts.admit(self._authorization)
        entry.operation_name = parameters.operation_name
        runner = self._parts.runner
        try:
            operation = runner.prepare(parameters)
        except RequestError as error:
            entry.outcome = RequestOutcome.REFUSED
            yield Answer(data=None, errors=error.errors)
            return
        entry.kind = RequestKind(operation.kind.value)
        entry.operation_name = operation.name
        call = runner.call_for(operation.kind, self._request_id)
        entry.bill = call.bill
        if operation.kind is OperationType.SUBSCRIPTION:
            async with aclosing(runner.stream(operation, principal, call)) as answers:
                async for answer in answers:
                    yield answer
        else:
            answer = await runner.answer(operation, principal, call)
            if answer.errors:
                entry.outcome = RequestOutcome.ERRORS
            yield answer

    async def _stop_operations(self) -> None:
        """Stop what runs; a mutation is let go, and goes on."""
        running = tuple(self._operations.values())
        self._operations.clear()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
