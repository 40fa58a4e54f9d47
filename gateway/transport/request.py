"""An upstream call as plain values, so that vendor folders need no HTTP library."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, signed already.

    `query` is encoded (RFC 3986) and without its question mark; `content` are the exact bytes that
    were signed, None for no body.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer, complete and within the size cap; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Sender(Protocol):
    """Sends calls to one backend."""

    async def call(
        self,
        operation: str,
        build: Callable[[], Request],
        read: Callable[[Reply], T],
        *,
        repeatable: bool = True,
    ) -> T:
        """Send what `build` makes and return what `read` makes of the reply.

        `build` is called anew for each attempt, so that every attempt has its own nonce and time.
        `read` raises a `ProviderError` if the reply is one; that decides about another attempt.
        `operation` is the vendor's name of the call: budget, breaker and metrics go by it. A call
        that is not `repeatable` (a write) is sent again only if it was provably not executed.
        A refusal of the time or the signature is a `RefusedTimeError`.
        """
        ...

    def now(self) -> datetime:
        """The time to sign a request with, for `build`: UTC, as the backend's clock has it."""
        ...


class Uploader(Protocol):
    """Sends files to the storage that a backend's answer names: another host than the backend's."""

    async def upload(
        self, operation: str, address: str, request: Request, read: Callable[[Reply], T]
    ) -> T:
        """Send `request` once to `address` (scheme and host) and return what `read` makes of it.

        The caller vouches for `address`: it comes from an authenticated answer, and is checked.
        Failures are `ProviderError`s as from `Sender.call`; nothing is ever sent again.
        """
        ...
