"""The gate: an `Authorization` header in, a principal out, or one of three refusals."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from gateway.access.api_key import looks_like_api_key
from gateway.access.bearer import bearer_credential
from gateway.access.key_ring import KeyRing
from gateway.access.refusal import Reason, RefusedError
from gateway.access.request_limit import RequestLimit
from gateway.access.token_verifier import TokenVerifier
from gateway.domain.errors import UnauthenticatedError
from gateway.domain.principal import Principal

_log = logging.getLogger(__name__)

# One text for all, so that it tells nothing about what was nearly right.
_REFUSAL: Final = (
    "credentials are needed, and these are missing, wrong or expired; send "
    "`Authorization: Bearer <API key or token>`"
)


class Gate(Protocol):
    """Lets callers in."""

    async def admit(self, authorization: str | None) -> Principal:
        """Who sends this `Authorization` header; None if there is no such header.

        Raises:
            UnauthenticatedError: nobody whom the gateway knows.
            SignInUnavailableError: that cannot be told now.
            TooManyRequestsError: somebody who asks too often.
        """
        ...


class OpenGate:
    """Lets in everybody as the same anonymous principal, as often as they like."""

    async def admit(self, authorization: str | None) -> Principal:
        """The anonymous principal; credentials are not looked at."""
        del authorization
        return Principal.anonymous()


class Gatekeeper:
    """Lets in whoever has an API key, or a token of the identity provider."""

    def __init__(
        self,
        *,
        keys: KeyRing,
        tokens: TokenVerifier | None,
        limit: RequestLimit,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`tokens` is None if there is no identity provider; `now` is aware."""
        self._keys = keys
        self._tokens = tokens
        self._limit = limit
        self._now = now

    @staticmethod
    def open() -> OpenGate:
        """A gate at which nobody has to sign in."""
        return OpenGate()

    async def admit(self, authorization: str | None) -> Principal:
        """See `Gate.admit`; the log gets to know why somebody is refused, in one word."""
        try:
            principal = await self._known(bearer_credential(authorization))
        except RefusedError as refused:
            _log.info("sign_in.refused", extra={"reason": refused.reason.value})
            raise UnauthenticatedError(_REFUSAL) from None
        self._limit.charge(f"{principal.tenant}/{principal.id}")
        return principal

    async def _known(self, credential: str) -> Principal:
        if looks_like_api_key(credential):
            return self._keys.principal(credential, now=self._now())
        if self._tokens is None:
            raise RefusedError(Reason.MALFORMED)
        return await self._tokens.principal(credential)
