"""A small JSON document at a fixed address, such as the keys of an identity provider."""

import re
from typing import Final
from urllib.parse import urlsplit

from gateway.domain.errors import ProviderUnavailableError
from gateway.transport.addresses import AddressRule
from gateway.transport.endpoint import checked_endpoint
from gateway.transport.exchange import HttpExchange, HttpTransport
from gateway.transport.json_reply import decode_json
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.request import Request

_OK: Final = 200
_READABLE: Final = re.compile(r"[a-zA-Z]+://[!$-;=?-Z\[\]_a-z~]+")
_POLICY: Final = UpstreamPolicy(
    attempt_timeout_s=3.0, connect_timeout_s=2.0, max_body_bytes=256 * 1024, max_concurrent=1
)


def checked_document_address(address: str) -> str:
    """`address`, if it is `https://host[:port]/path[?query]`; plain HTTP is for this machine alone.

    Raises:
        ValueError: it is not. The message never quotes it: it may hold credentials.
    """
    _split(address)
    return address


class JsonDocument:
    """Fetches the document anew each time it is asked for: in 3 s, and at most 256 kB of it."""

    def __init__(
        self,
        address: str,
        *,
        policy: UpstreamPolicy = _POLICY,
        addresses: AddressRule | None = None,
        http_transport: HttpTransport | None = None,
    ) -> None:
        """Open no connection yet. `addresses` are those that it may lead to; see `HttpExchange`.

        Raises:
            ValueError: see `checked_document_address`.
        """
        origin, path, query = _split(address)
        self._request = Request(
            method="GET", path=path, query=query, headers={"Accept": "application/json"}
        )
        self._within_s = policy.attempt_timeout_s
        self._exchange = HttpExchange(
            base_url=origin, policy=policy, addresses=addresses, http_transport=http_transport
        )

    async def fetch(self) -> object:
        """The document, decoded by the rules of `decode_json`.

        Raises:
            ProviderError: there was no answer, or another one than 200 (a redirect, say), or it is
                too large or not JSON.
            BudgetExhaustedError: more than one fetch is under way.
        """
        reply = await self._exchange.send(self._request, within_s=self._within_s)
        if reply.status != _OK:
            message = f"The document cannot be had (HTTP {reply.status})."
            raise ProviderUnavailableError(message)
        return decode_json(reply)

    async def aclose(self) -> None:
        """Give the connection back."""
        await self._exchange.aclose()


def _split(address: str) -> tuple[str, str, str]:
    """Origin, path and query of `address`."""
    if not _READABLE.fullmatch(address):
        message = "must be https://host/path, percent-encoded and without a fragment"
        raise ValueError(message)
    try:
        parts = urlsplit(address)
    except ValueError:
        message = "is not a readable address"
        raise ValueError(message) from None
    origin = checked_endpoint(f"{parts.scheme}://{parts.netloc}", allow_plain_http=False)
    return origin, parts.path or "/", parts.query
