"""Scripted bad luck: what goes wrong with the next calls of an operation.

A fault meets a call that is in order: signed, within the rate, its parameters well formed. It
either refuses the call before anything happens, or lets it run and spoils the answer.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.simulators.alibaba import errors

LOST: Final = "LOST"
"""What the log of calls says of an answer that did not arrive."""


class BrokenConnectionError(ConnectionError):
    """Raised out of the application while it answers, which makes a server drop the connection.

    Over a socket the client sees a connection that ends early; a client that calls the
    application in its own process gets this exception.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing is executed, and the answer says so by `problem`."""

    problem: errors.ApiGatewayError


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedAfterwards:
    """The call is executed, and answered by `problem` all the same."""

    problem: errors.ApiGatewayError


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The call is executed; after this share of the answer's body (0 to 1) the line breaks."""

    body_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """The call is executed at once and answered after `delay_s`."""

    delay_s: float


Fault = Refused | FailedAfterwards | Broken | Late


class Faults:
    """A queue of faults for each operation; one call takes one."""

    def __init__(self, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Start without any; `sleep` waits that many seconds before a late answer."""
        self.sleep = sleep
        self._queues: dict[str, deque[Fault]] = {}

    def lose_answer(self, operation: str, *, times: int = 1) -> None:
        """Execute, then break the connection before the first byte of the body."""
        self._add(operation, Broken(body_share=0.0), times)

    def halve_answer(self, operation: str, *, times: int = 1) -> None:
        """Execute, then break the connection in the middle of the body."""
        self._add(operation, Broken(body_share=0.5), times)

    def fail_after(
        self,
        operation: str,
        *,
        status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR,
        times: int = 1,
    ) -> None:
        """Execute, then answer with a server error of this status."""
        self._add(operation, FailedAfterwards(problem=errors.server_failed(status)), times)

    def delay(self, operation: str, *, delay_s: float, times: int = 1) -> None:
        """Execute, then answer late."""
        self._add(operation, Late(delay_s=delay_s), times)

    def refuse(
        self,
        operation: str,
        *,
        status: HTTPStatus = HTTPStatus.SERVICE_UNAVAILABLE,
        times: int = 1,
    ) -> None:
        """Execute nothing and answer with a server error of this status."""
        self._add(operation, Refused(problem=errors.server_failed(status)), times)

    def throttle(
        self, operation: str, *, retry_after_ms: int | None = None, times: int = 1
    ) -> None:
        """Execute nothing and answer `Throttling.User`."""
        self._add(operation, Refused(problem=errors.throttled(retry_after_ms)), times)

    def take(self, operation: str) -> Fault | None:
        """The fault of the call that is just being served, None for the usual good luck."""
        queue = self._queues.get(operation)
        return queue.popleft() if queue else None

    def pending(self) -> Mapping[str, int]:
        """How many faults are still to come, by operation."""
        return {operation: len(queue) for operation, queue in self._queues.items() if queue}

    def clear(self) -> None:
        """Take all of them back."""
        self._queues.clear()

    def _add(self, operation: str, fault: Fault, times: int) -> None:
        self._queues.setdefault(operation, deque()).extend([fault] * times)


class BrokenResponse(Response):
    """An answer that promises its whole length and ends before it."""

    def __init__(self, whole: Response, *, body_share: float) -> None:
        """Send that share of the body of `whole`, then break."""
        super().__init__(bytes(whole.body), whole.status_code, whole.headers)
        self._sent = bytes(whole.body)[: int(len(whole.body) * body_share)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and the share.

        Raises:
            BrokenConnectionError: always, once that is sent.
        """
        del scope, receive
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        await send({"type": "http.response.body", "body": self._sent, "more_body": True})
        message = "the connection broke while the answer was sent"
        raise BrokenConnectionError(message)
