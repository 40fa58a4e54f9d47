"""GraphQL over HTTP: a request in, one reply out, whatever comes in.

The order of the checks is by cost: the head, then who asks, then the body, then the document.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing, nullcontext
from functools import partial
from typing import Generic

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from gateway.app.graphql.body import (
    BodyLimits,
    ClientGoneError,
    client_left,
    discard_body,
    read_body,
)
from gateway.app.graphql.event_stream import EventStream
from gateway.app.graphql.executor import Answer, Operation, PreparedT, RequestError
from gateway.app.graphql.media_types import Accepted, is_json, negotiate
from gateway.app.graphql.parameters import Parameters
from gateway.app.graphql.parts import Parts
from gateway.app.graphql.replies import EVENT_STREAM, Refused, Why
from gateway.app.graphql.reply import Reply, send_reply
from gateway.app.graphql.request_context import ContextT
from gateway.app.graphql.request_head import RequestHead, header_of, request_id_of
from gateway.app.graphql.runner import fault
from gateway.app.graphql.strict_json import UnreadableJsonError, aside, read_json
from gateway.app.graphql.turnstile import Turnstile
from gateway.app.observability.request_log import RequestEntry, RequestKind, RequestOutcome
from gateway.domain.call import CallContext
from gateway.domain.principal import Principal, Role


class HttpDoor(Generic[PreparedT, ContextT]):
    """Takes the HTTP requests of the endpoint."""

    def __init__(self, parts: Parts[PreparedT, ContextT]) -> None:
        """Begin with no body on its way."""
        self._parts = parts
        self._reading = Turnstile(parts.limits.max_reading)
        self._uploading = Turnstile(parts.limits.max_uploads)

    @property
    def arriving(self) -> int:
        """Requests whose bodies are on their way."""
        return self._reading.inside

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request_id = request_id_of(scope)
        traceparent = header_of(scope, b"traceparent")
        with self._parts.requests.following(request_id, traceparent=traceparent) as entry:
            exchange = _Exchange(
                self._parts, self._reading, self._uploading, receive, send, entry=entry
            )
            await exchange.carry_out(scope)


class _Exchange(Generic[PreparedT, ContextT]):
    """One request and its reply."""

    def __init__(
        self,
        parts: Parts[PreparedT, ContextT],
        reading: Turnstile,
        uploading: Turnstile,
        receive: Receive,
        send: Send,
        *,
        entry: RequestEntry,
    ) -> None:
        self._parts = parts
        self._reading = reading
        self._uploading = uploading
        self._receive = receive
        self._send = send
        self._entry = entry
        self._accepted = negotiate(None)
        self._head: RequestHead | None = None
        self._has_read_body = False

    async def carry_out(self, scope: Scope) -> None:
        """Answer, whatever happens."""
        try:
            reply = await self._reply(scope)
        except Refused as refused:
            reply = await self._refusal(refused)
        except ClientGoneError:
            self._entry.outcome = RequestOutcome.CANCELED
            return
        except Exception as error:  # noqa: BLE001 - the last place where a fault can be masked
            reply = await self._refusal(fault(error))
        if reply is not None:
            self._entry.status = int(reply.status)
            await send_reply(self._send, reply, request_id=self._entry.request_id)

    async def _reply(self, scope: Scope) -> Reply | None:
        """The reply; None if it was an event stream, and is sent already."""
        if self._parts.runner.turnstile.is_full:
            raise Refused(Why.OVERLOADED)
        self._head = head = RequestHead.read(scope, self._parts.limits)
        self._accepted = accepted = negotiate(head.accept)
        if head.method not in {"GET", "POST"}:
            raise Refused(Why.METHOD)
        if accepted.answer is None:
            raise Refused(Why.NOT_ACCEPTABLE)
        if head.method == "POST":
            _check_kind_of_body(head)
        principal = self._entry.principal = await self._parts.admit(head.authorization)
        parameters = await self._parameters(head, principal)
        self._entry.operation_name = parameters.operation_name
        try:
            operation = self._parts.runner.prepare(parameters)
        except RequestError as error:
            return await self._refused_document(Answer(data=None, errors=error.errors))
        self._entry.kind = RequestKind(operation.kind.value)
        self._entry.operation_name = operation.name
        _check_way(operation.kind, head, accepted)
        call = self._parts.runner.call_for(operation.kind, self._entry.request_id)
        self._entry.bill = call.bill
        if operation.kind is OperationType.SUBSCRIPTION or accepted.answer == EVENT_STREAM:
            await self._stream(self._answers(operation, principal, call), principal)
            return None
        answer = await self._parts.runner.answer(
            operation, principal, call, left=client_left(self._receive)
        )
        self._note(answer)
        return self._answered(answer)

    async def _parameters(self, head: RequestHead, principal: Principal) -> Parameters:
        limits = self._parts.limits
        if head.method == "GET":
            self._has_read_body = True  # a GET has none that means anything
            return Parameters.of_query_string(head.query_string, limits.json)
        is_upload = head.is_upload and principal.role.includes(Role.OPERATE)
        body_limits = self._upload_limits() if is_upload else self._usual_limits()
        body_limits.check(head.content_length)
        with self._reading.passed(), self._uploading.passed() if is_upload else nullcontext():
            body = await read_body(self._receive, body_limits)
            self._has_read_body = True
            try:
                sent = await aside(len(body), partial(read_json, body, limits.json))
            except UnreadableJsonError as error:
                raise Refused(Why.UNREADABLE, f"the body is not taken: {error}") from None
        return Parameters.of_json(sent)

    def _usual_limits(self) -> BodyLimits:
        limits = self._parts.limits
        return BodyLimits(max_bytes=limits.max_body_bytes, timeout_s=limits.body_timeout_s)

    def _upload_limits(self) -> BodyLimits:
        limits = self._parts.limits
        if limits.max_upload_bytes <= limits.max_body_bytes:
            return self._usual_limits()
        return BodyLimits(max_bytes=limits.max_upload_bytes, timeout_s=limits.upload_timeout_s)

    async def _refused_document(self, answer: Answer) -> Reply | None:
        self._entry.outcome = RequestOutcome.REFUSED
        if self._accepted.answer != EVENT_STREAM:
            return self._answered(answer)
        await self._relay(_one(answer))
        return None

    def _answered(self, answer: Answer) -> Reply:
        return Reply.answering(
            answer, media_type=self._accepted.refusal, request_id=self._entry.request_id
        )

    async def _answers(
        self, operation: Operation[PreparedT], principal: Principal, call: CallContext
    ) -> AsyncGenerator[Answer, None]:
        """The answers of an operation of any kind, for an event stream."""
        runner = self._parts.runner
        if operation.kind is not OperationType.SUBSCRIPTION:
            answer = await runner.answer(operation, principal, call)
            self._note(answer)
            yield answer
            return
        async with aclosing(runner.stream(operation, principal, call)) as answers:
            async for answer in answers:
                self._note(answer)
                yield answer

    async def _stream(self, answers: AsyncGenerator[Answer, None], principal: Principal) -> None:
        """Relay `answers`, as one of the open streams."""
        stream = self._event_stream()
        with (
            self._parts.streams.opened(stream.end) as place,
            self._parts.streams.belonging(place, principal),
        ):
            self._entry.status = 200
            await stream.relay(answers)

    async def _relay(self, answers: AsyncGenerator[Answer, None]) -> None:
        self._entry.status = 200
        await self._event_stream().relay(answers)

    def _event_stream(self) -> EventStream:
        return EventStream(
            self._receive,
            self._send,
            request_id=self._entry.request_id,
            limits=self._parts.limits,
        )

    def _note(self, answer: Answer) -> None:
        if answer.errors:
            self._entry.outcome = (
                RequestOutcome.REFUSED if answer.is_refusal else RequestOutcome.ERRORS
            )

    async def _refusal(self, refused: Refused) -> Reply:
        """The reply; what is left of the body is skipped, or the connection will be closed."""
        head = self._head
        limits = self._usual_limits()
        if refused.why is Why.BODY_TOO_LARGE and head is not None and not head.expects_continue:
            await discard_body(self._receive, limits)
        reply = Reply.refusing(
            refused, media_type=self._accepted.refusal, request_id=self._entry.request_id
        )
        is_endless = head is not None and (
            head.is_chunked or (head.content_length or 0) > limits.max_bytes
        )
        if is_endless and not self._has_read_body:
            return reply.closing()
        return reply


def _check_kind_of_body(head: RequestHead) -> None:
    if (head.content_encoding or "identity").strip().lower() != "identity":
        raise Refused(Why.CONTENT_ENCODING)
    if not is_json(head.content_type):
        raise Refused(Why.MEDIA_TYPE)


def _check_way(kind: OperationType, head: RequestHead, accepted: Accepted) -> None:
    """Refuse an operation that cannot be asked for in this way."""
    if kind is OperationType.MUTATION and head.method == "GET":
        raise Refused(Why.MUTATION_BY_GET)
    if kind is OperationType.SUBSCRIPTION and not accepted.streams:
        raise Refused(Why.NEEDS_STREAM)
    if head.is_upload and kind is not OperationType.MUTATION:
        raise Refused(Why.BAD_PARAMETERS, "X-OTA-Upload is for mutations that bring files")


async def _one(answer: Answer) -> AsyncGenerator[Answer, None]:
    yield answer
