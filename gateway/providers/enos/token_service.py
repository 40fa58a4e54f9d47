"""Getting and renewing access tokens."""

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import ValidationError

from gateway.domain.errors import ProviderContractError
from gateway.providers.enos.auth import (
    UniqueMilliseconds,
    json_bytes,
    milliseconds_of,
    token_encryption,
)
from gateway.providers.enos.config import EnosSettings
from gateway.providers.enos.envelope import open_envelope
from gateway.providers.enos.wire import GrantedToken
from gateway.transport.request import Reply, Request, Sender
from gateway.transport.tokens import AccessToken

_LIFETIME_S: Final = 7200  # what EnOS documents as the initial value

FETCH_CALL: Final = "token.get"
RENEWAL_CALL: Final = "token.refresh"


class EnosTokenService:
    """EnOS's token service; made for a `TokenStore`, which never has two calls under way.

    Every attempt has a timestamp of its own: EnOS takes each millisecond once.
    """

    def __init__(
        self,
        settings: EnosSettings,
        sender: Sender,
        *,
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        """Stamp calls with `now_ms`, epoch milliseconds; without it with the sender's time."""
        self._settings = settings
        self._sender = sender
        self._timestamp_ms = UniqueMilliseconds(now_ms or milliseconds_of(sender.now))

    async def fetch(self) -> AccessToken:
        """The token of the application; while one is valid EnOS gives the same again.

        Raises:
            ProviderAuthError: the application's keys are wrong.
            ProviderError: the token service failed.
        """
        return await self._ask(FETCH_CALL, {})

    async def renew(self, token: AccessToken) -> AccessToken:
        """A token that follows `token`, which has not expired yet.

        Raises:
            ProviderError: the token service failed, or will not renew this token.
        """
        return await self._ask(RENEWAL_CALL, {"accessToken": token.value})

    async def _ask(self, operation: str, extra: Mapping[str, str]) -> AccessToken:
        def build() -> Request:
            return self._request(operation, extra)

        return await self._sender.call(operation, build, _read)

    def _request(self, operation: str, extra: Mapping[str, str]) -> Request:
        settings = self._settings
        timestamp_ms = self._timestamp_ms()
        encryption = token_encryption(
            app_key=settings.app_key,
            timestamp_ms=timestamp_ms,
            app_secret=settings.app_secret.get_secret_value(),
        )
        body = {
            "appKey": settings.app_key,
            "encryption": encryption,
            "timestamp": timestamp_ms,
            **extra,
        }
        return Request(
            method="POST",
            path=f"{settings.token_path}/{operation.replace('.', '/')}",
            headers={
                "accept": "application/json",
                "content-type": "application/json;charset=UTF-8",
            },
            content=json_bytes(body),
        )


def _read(reply: Reply) -> AccessToken:
    """The token in a successful answer; a missing lifetime is the documented one."""
    try:
        granted = GrantedToken.model_validate(open_envelope(reply).data)
    except ValidationError:
        message = "the token service of EnOS gave no readable token"
        raise ProviderContractError(message) from None  # its cause would hold the answer
    lifetime_s = _LIFETIME_S if granted.expire is None else granted.expire
    return AccessToken(value=granted.access_token, lifetime_s=lifetime_s)
