"""What the head of a request says, of all that the endpoint listens to."""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from starlette.types import Scope

from gateway.app.graphql.limits import Limits
from gateway.app.graphql.replies import Refused, Why

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

_ONCE: Final = frozenset(
    {b"authorization", b"content-type", b"content-encoding", b"content-length", b"origin", b"host"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHead:
    """The head of one request. A header that is absent is None.

    Attributes:
        method: in capitals; empty for a WebSocket.
        query_string: of the address, still encoded.
        accept: all Accept headers, joined.
        content_length: in bytes, as declared; None if the body comes in chunks, or there is none.
        is_chunked: whether the body's length is not known beforehand.
        expects_continue: whether the client waits for a word before it sends the body.
        is_upload: whether the body brings files, and may therefore be large; X-OTA-Upload says so.
    """

    method: str
    query_string: bytes
    accept: str | None
    authorization: str | None
    content_type: str | None
    content_encoding: str | None
    content_length: int | None
    is_chunked: bool
    expects_continue: bool
    is_upload: bool
    origin: str | None
    host: str | None

    @classmethod
    def read(cls, scope: Scope, limits: Limits) -> Self:
        """The head of the request of `scope`.

        Raises:
            Refused: it is too large, or says two things at once.
        """
        headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
        if sum(len(name) + len(value) for name, value in headers) > limits.max_header_bytes:
            raise Refused(Why.HEADERS_TOO_LARGE)
        query_string: bytes = scope["query_string"]
        if len(query_string) > limits.max_url_bytes:
            raise Refused(Why.URL_TOO_LONG)
        found: dict[bytes, str] = {}
        for name, value in headers:
            text = value.decode("latin-1")
            if name not in found:
                found[name] = text
            elif name in _ONCE:
                raise Refused(Why.AMBIGUOUS_HEADER)
            else:
                found[name] += f",{text}"
        return cls(
            method=scope.get("method", ""),
            query_string=query_string,
            accept=found.get(b"accept"),
            authorization=found.get(b"authorization"),
            content_type=found.get(b"content-type"),
            content_encoding=found.get(b"content-encoding"),
            content_length=_length(found),
            is_chunked=b"transfer-encoding" in found,
            expects_continue=found.get(b"expect", "").lower() == "100-continue",
            is_upload=found.get(b"x-ota-upload", "").lower() in {"1", "true"},
            origin=found.get(b"origin"),
            host=found.get(b"host"),
        )


def _length(found: Mapping[bytes, str]) -> int | None:
    declared = found.get(b"content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() else None


def header_of(scope: Scope, name: bytes) -> str | None:
    """The first header of this name, which is in small letters; None if there is none."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def request_id_of(scope: Scope) -> str:
    """The id that the client gave its request in X-Request-Id, or a new one.

    One that is longer than 64, or has other characters than letters, digits, `.`, `_` and `-`, is
    not taken over: it stands in the log and in answers.
    """
    given = header_of(scope, b"x-request-id")
    return given if given and _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
