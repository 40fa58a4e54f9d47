"""Scripted bad luck: what goes wrong with the next calls of an operation.

A fault meets a call that the API gateway has let pass: signed and within the rate. It either
turns the call away before anything happens, or lets it run and spoils the answer.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

LOST: Final = -1
"""What the log of calls has as the code of an answer that did not arrive."""

TOO_MANY_REQUESTS: Final = 429
_BAD_GATEWAY: Final = 502
_UNAVAILABLE: Final = 503


class BrokenConnectionError(ConnectionError):
    """Raised out of the application while it answers, which makes a server drop the connection.

    Over a socket the client sees a connection that ends early; a client that calls the
    application in its own process gets this exception.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing is executed; the answer has this status."""

    http_status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedAfterwards:
    """The call is executed; the answer has this status all the same."""

    http_status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The line breaks after this share (0 to 1) of the answer's body.

    `executes` False plays a connection that is lost on the way in.
    """

    body_share: float
    executes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """The call is executed at once and answered after `delay_s`."""

    delay_s: float


Fault = Refused | FailedAfterwards | Broken | Late


class Faults:
    """A queue of faults for each operation, such as `ota-jobs.create`; one call takes one."""

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
        self, operation: str, *, http_status: int = _BAD_GATEWAY, times: int = 1
    ) -> None:
        """Execute, then answer with this status and no envelope, as a proxy would."""
        self._add(operation, FailedAfterwards(http_status=http_status), times)

    def delay(self, operation: str, *, delay_s: float, times: int = 1) -> None:
        """Execute, then answer late."""
        self._add(operation, Late(delay_s=delay_s), times)

    def lose_call(self, operation: str, *, times: int = 1) -> None:
        """Execute nothing and break the connection; the caller cannot tell from `lose_answer`."""
        self._add(operation, Broken(body_share=0.0, executes=False), times)

    def refuse(self, operation: str, *, http_status: int = _UNAVAILABLE, times: int = 1) -> None:
        """Execute nothing and answer with this status and no envelope, as a proxy would."""
        self._add(operation, Refused(http_status=http_status), times)

    def throttle(self, operation: str, *, times: int = 1) -> None:
        """Execute nothing and answer like the optional limit of calls, with HTTP 429."""
        self._add(operation, Refused(http_status=TOO_MANY_REQUESTS), times)

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
