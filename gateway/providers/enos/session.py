"""Signed calls of the connection service, with an access token that is renewed when refused."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

from gateway.providers.enos.auth import apim_signature, json_bytes, system_time_ms
from gateway.providers.enos.config import EnosSettings
from gateway.providers.enos.envelope import Envelope, open_envelope
from gateway.providers.enos.errors import ExpiredTokenError
from gateway.transport.request import Reply, Request, Sender
from gateway.transport.tokens import TokenStore

T = TypeVar("T")

_JSON: Final = "application/json;charset=UTF-8"


class EnosSession:
    """Sends calls of one organisation and opens their envelopes."""

    def __init__(
        self,
        settings: EnosSettings,
        sender: Sender,
        tokens: TokenStore,
        *,
        now_ms: Callable[[], int] = system_time_ms,
    ) -> None:
        """Sign with `now_ms`, epoch milliseconds."""
        self._settings = settings
        self._sender = sender
        self._tokens = tokens
        self._now_ms = now_ms

    async def call(
        self,
        operation: str,
        query: Mapping[str, str],
        body: Mapping[str, object] | None,
        read: Callable[[Envelope], T],
    ) -> T:
        """Send `operation`, which is `resource.action`, and read its successful answer.

        Without a `body` it is a GET. `query` needs neither the action nor the organisation. If the
        token is refused the call is repeated once, with a new one.

        Raises:
            ProviderAuthError: a new token was refused too.
            GatewayError: what EnOS answered.
        """
        resource, _, action = operation.partition(".")
        signed = {"action": action, "orgId": self._settings.org_id, **query}
        content = None if body is None else json_bytes(body)

        def read_reply(reply: Reply) -> T:
            return read(open_envelope(reply))

        async def send(token: str) -> T:
            def build() -> Request:
                return self._request(resource, signed, content, token)

            return await self._sender.call(operation, build, read_reply)

        token = await self._tokens.get()
        try:
            return await send(token)
        except ExpiredTokenError:
            self._tokens.invalidate(token)
        return await send(await self._tokens.get())

    def _request(
        self,
        resource: str,
        query: Mapping[str, str],
        content: bytes | None,
        token: str,
    ) -> Request:
        timestamp_ms = self._now_ms()
        signature = apim_signature(
            token=token,
            query=query,
            body=content or b"",
            timestamp_ms=timestamp_ms,
            app_secret=self._settings.app_secret.get_secret_value(),
        )
        headers = {
            "accept": "application/json",
            "apim-accesstoken": token,
            "apim-timestamp": str(timestamp_ms),
            "apim-signature": signature,
        }
        if content is not None:
            headers["content-type"] = _JSON
        return Request(
            method="GET" if content is None else "POST",
            path=f"{self._settings.service_path}/{resource}",
            # A blank as %20: EnOS's gateway and its own client disagree about a plus sign.
            query=urlencode(query, quote_via=quote, safe=""),
            headers=headers,
            content=content,
        )
