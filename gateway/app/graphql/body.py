"""Reading a request's body: no longer, and no slower, than it may be."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Receive

from gateway.app.graphql.replies import Refused, Why

_DISCARDED_S: Final = 1.0
_DISCARDED_BODIES: Final = 8
"""What is still read of a body that is too large: for so long, and so many times the limit."""


class ClientGoneError(Exception):
    """The client closed the connection; nobody is left to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """How large one body may be, and how long it may take to arrive."""

    max_bytes: int
    timeout_s: float

    def check(self, size: int | None) -> None:
        """Refuse a body of `size` bytes, or of a size that is not known yet, if it is too large.

        Raises:
            Refused: it is.
        """
        if size is not None and size > self.max_bytes:
            raise Refused(Why.BODY_TOO_LARGE, f"the body has more than {self.max_bytes} bytes")


async def read_body(receive: Receive, limits: BodyLimits) -> bytes:
    """The whole body.

    Raises:
        Refused: it is too large, or does not arrive in time.
        ClientGoneError: the client left before the end.
    """
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(limits.timeout_s):
            while True:
                message = await _part(receive)
                part: bytes = message.get("body", b"")
                size += len(part)
                limits.check(size)
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise Refused(Why.BODY_TOO_SLOW) from None


async def discard_body(receive: Receive, limits: BodyLimits) -> None:
    """Read on for a moment, and forget it, so that a client which is still sending gets to listen.

    Closing a connection with unread bytes resets it, and some clients then lose the answer.
    """
    left = _DISCARDED_BODIES * limits.max_bytes
    try:
        async with asyncio.timeout(_DISCARDED_S):
            while left > 0:
                message = await _part(receive)
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except (TimeoutError, ClientGoneError):
        return


async def client_left(receive: Receive) -> None:
    """Return when the client closes the connection. For after the body was read."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _part(receive: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    message: dict[str, Any] = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    return message
