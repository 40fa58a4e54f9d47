"""Calls to Acme: an address in, a JSON object out."""

from typing import Any, Final
from urllib.parse import quote, urlencode

from gateway.domain.errors import (
    NotFoundError,
    ProviderAuthError,
    ProviderContractError,
    ProviderUnavailableError,
)
from gateway.domain.paging import PageRequest
from gateway.transport.json_reply import decode_json
from gateway.transport.request import Reply, Request, Sender

_MAX_PAGE: Final = 50


class AcmeClient:
    """Reads things of one cloud."""

    def __init__(self, sender: Sender, key: str) -> None:
        """Send `key` with every call."""
        self._sender = sender
        self._key = key

    async def one(self, *place: str) -> dict[str, Any]:
        """The thing at a place. NotFoundError if there is none."""
        return await self._get(place, "")

    async def page(
        self, page: PageRequest, *place: str, **narrowing: object
    ) -> tuple[list[dict[str, Any]], int]:
        """One page of the things at a place, and how many there are in all."""
        given = {name: value for name, value in narrowing.items() if value is not None}
        query = {"page": page.number, "size": min(page.size, _MAX_PAGE)} | given
        found = await self._get(place, urlencode(query, doseq=True))
        return found["items"], found["total"]

    async def _get(self, place: tuple[str, ...], query: str) -> dict[str, Any]:
        path = "/" + "/".join(quote(part, safe="") for part in place)

        def build() -> Request:
            return Request(method="GET", path=path, query=query, headers={"x-acme-key": self._key})

        return await self._sender.call(place[0], build, _read)


def _read(reply: Reply) -> dict[str, Any]:
    if reply.status == 401:
        message = "Acme refuses the key"
        raise ProviderAuthError(message)
    if reply.status == 404:
        message = "Acme has no such thing"
        raise NotFoundError(message)
    if reply.status != 200:
        message = f"Acme answered {reply.status}"
        raise ProviderUnavailableError(message)
    body = decode_json(reply)
    if not isinstance(body, dict):
        message = "Acme answered with something else than an object"
        raise ProviderContractError(message)
    return body
