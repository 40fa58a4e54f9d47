"""Signed calls of the connection service, with an access token that is renewed when refused."""

from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import quote, urlencode

from gateway.domain.errors import ProviderError
from gateway.providers.enos.auth import apim_signature, milliseconds_of
from gateway.providers.enos.config import EnosSettings
from gateway.providers.enos.envelope import Envelope, open_envelope
from gateway.providers.enos.errors import ExpiredTokenError
from gateway.providers.enos.payload import Payload, json_payload
from gateway.transport.request import Reply, Request, Sender
from gateway.transport.tokens import TokenStore

T = TypeVar("T")


class EnosSession:
    """Sends calls of one organisation and opens their envelopes."""

    def __init__(
        self,
        settings: EnosSettings,
        sender: Sender,
        tokens: TokenStore,
        *,
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        """Sign with `now_ms`, epoch milliseconds; without it with the sender's time."""
        self._settings = settings
        self._sender = sender
        self._tokens = tokens
        self._now_ms = now_ms or milliseconds_of(sender.now)

    async def call(
        self,
        operation: str,
        query: Mapping[str, str],
        body: Mapping[str, object] | None,
        read: Callable[[Envelope], T],
    ) -> T:
        """Ask `operation`, which is `resource.action`, and read its successful answer.

        Without a `body` it is a GET. `query` needs neither the action nor the organisation. If the
        token is refused the call is repeated once, with a new one.

        Raises:
            ProviderAuthError: a new token was refused too.
            GatewayError: what EnOS answered.
        """
        payload = None if body is None else json_payload(body)
        method = "GET" if payload is None else "POST"
        return await self._exchange(method, operation, query, payload, read, repeatable=True)

    async def write(
        self,
        operation: str,
        query: Mapping[str, str],
        payload: Payload | None,
        read: Callable[[Envelope], T],
    ) -> T:
        """Like `call`, for an operation that changes something: always a POST, sent once.

        It is sent again only if it was provably not executed; a refused token proves that.

        Raises:
            ProviderAuthError: a new token was refused too.
            GatewayError: what EnOS answered; `executed_perhaps` tells what that means.
        """
        return await self._exchange("POST", operation, query, payload, read, repeatable=False)

    async def _exchange(
        self,
        method: str,
        operation: str,
        query: Mapping[str, str],
        payload: Payload | None,
        read: Callable[[Envelope], T],
        *,
        repeatable: bool,
    ) -> T:
        resource, _, action = operation.partition(".")
        signed = {"action": action, "orgId": self._settings.org_id, **query}

        def read_reply(reply: Reply) -> T:
            return read(open_envelope(reply))

        async def send(token: str) -> T:
            def build() -> Request:
                return self._request(method, resource, signed, payload, token)

            return await self._sender.call(operation, build, read_reply, repeatable=repeatable)

        token = await self._token()
        try:
            return await send(token)
        except ExpiredTokenError:
            self._tokens.invalidate(token)
        return await send(await self._token())

    async def _token(self) -> str:
        try:
            return await self._tokens.get()
        except ProviderError as error:
            error.never_sent = True  # for want of a token the operation itself never left
            raise

    def _request(
        self,
        method: str,
        resource: str,
        query: Mapping[str, str],
        payload: Payload | None,
        token: str,
    ) -> Request:
        timestamp_ms = self._now_ms()
        signature = apim_signature(
            token=token,
            query=query,
            body=payload.content if payload is not None and payload.signed else b"",
            timestamp_ms=timestamp_ms,
            app_secret=self._settings.app_secret.get_secret_value(),
        )
        headers = {
            "accept": "application/json",
            "apim-accesstoken": token,
            "apim-timestamp": str(timestamp_ms),
            "apim-signature": signature,
        }
        if payload is not None:
            headers["content-type"] = payload.media_type
        return Request(
            method=method,
            path=f"{self._settings.service_path}/{resource}",
            # A blank as %20: EnOS's gateway and its own client disagree about a plus sign.
            query=urlencode(query, quote_via=quote, safe=""),
            headers=headers,
            content=None if payload is None else payload.content,
        )
