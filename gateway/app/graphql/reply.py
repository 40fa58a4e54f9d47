"""One HTTP reply, and how it is sent."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from starlette.types import Send

from gateway.app.graphql.encoding import answer_of, encode, is_fault, refusal_of
from gateway.app.graphql.executor import Answer
from gateway.app.graphql.replies import Refused, status_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP reply: JSON of the type `media_type`, and `headers` beside those of all replies."""

    status: HTTPStatus
    media_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def answering(cls, answer: Answer, *, media_type: str, request_id: str) -> "Reply":
        """The reply that brings `answer`."""
        status = status_of(
            is_refusal=answer.is_refusal, is_fault=is_fault(answer), media_type=media_type
        )
        body = encode(answer_of(answer, request_id))
        return cls(status=status, media_type=media_type, body=body)

    @classmethod
    def refusing(cls, refused: Refused, *, media_type: str, request_id: str) -> "Reply":
        """The reply to a request that is refused."""
        return cls(
            status=refused.why.value.status,
            media_type=media_type,
            body=encode(refusal_of(refused.error, request_id)),
            headers=refused.headers,
        )

    def closing(self) -> "Reply":
        """This reply, after which the connection ends."""
        return replace(self, headers={**self.headers, "Connection": "close"})


def raw_headers(request_id: str, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """`headers` and those of every reply, as ASGI wants them."""
    named = {
        "Cache-Control": "no-store",
        "Vary": "Accept",
        "X-Content-Type-Options": "nosniff",
        "X-Request-Id": request_id,
        **headers,
    }
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in named.items()]


async def send_reply(send: Send, reply: Reply, *, request_id: str, kind: str = "http") -> None:
    """Send all of `reply`; a client that is gone misses it.

    `kind` is "websocket.http" for the refusal of a handshake.
    """
    headers = {
        "Content-Type": f"{reply.media_type}; charset=utf-8",
        "Content-Length": str(len(reply.body)),
        **reply.headers,
    }
    start: dict[str, Any] = {
        "type": f"{kind}.response.start",
        "status": int(reply.status),
        "headers": raw_headers(request_id, headers),
    }
    with suppress(OSError):
        await send(start)
        await send({"type": f"{kind}.response.body", "body": reply.body})
