"""Access tokens that many callers share: got once, renewed ahead of time, dropped when refused."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.call import current_call
from gateway.domain.errors import DeadlineExceededError, ProviderContractError

_log = logging.getLogger(__name__)

_LONGEST_MARGIN_S: Final = 600.0
_MARGIN_RATIO: Final = 0.1

# After a renewal ahead of time failed, the token at hand is still good: no hurry to try again.
_COOL_DOWN_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token as the service handed it out; it is a secret and stays out of `repr`.

    `lifetime_s` counts from the moment the token was asked for.
    """

    value: str = field(repr=False)
    lifetime_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    token: AccessToken
    renew_at: float
    expires_at: float


class TokenStore:
    """Keeps one access token.

    The token service never sees two calls at a time. The call under way belongs to the store, not
    to the caller who came first: whoever gives up waiting takes nobody along.
    """

    def __init__(
        self,
        *,
        fetch: Callable[[], Awaitable[AccessToken]],
        renew: Callable[[AccessToken], Awaitable[AccessToken]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`renew` turns a token that is still valid into a fresh one; None if only `fetch` can."""
        self._fetch = fetch
        self._renew = renew
        self._clock = clock
        self._held: _Held | None = None
        self._under_way: asyncio.Task[None] | None = None
        self._not_before = 0.0

    async def get(self) -> str:
        """The value of a valid token.

        Ahead of its expiry (by a tenth of its life, at most ten minutes) the token is renewed in
        the background, and is handed out meanwhile.

        Raises:
            GatewayError: as `fetch` raised it, to all who waited for that call.
            ProviderContractError: the new token has no life left.
            DeadlineExceededError: the deadline of the current call came first.
        """
        while True:
            now = self._clock()
            if self._held is not None and now < self._held.expires_at:
                if now >= max(self._held.renew_at, self._not_before):
                    self._start()
                return self._held.token.value
            await self._wait(self._start())

    def invalidate(self, value: str) -> None:
        """Drop the token that the backend refused; a newer one stays."""
        if self._held is not None and self._held.token.value == value:
            self._held = None

    async def aclose(self) -> None:
        """Give up a call under way."""
        if self._under_way is not None:
            self._under_way.cancel()
            await asyncio.gather(self._under_way, return_exceptions=True)

    def _start(self) -> asyncio.Task[None]:
        if self._under_way is None:
            # A context of its own: the call outlives its first caller, deadline and bill included.
            self._under_way = asyncio.create_task(self._obtain(), context=Context())
            self._under_way.add_done_callback(self._ended)
        return self._under_way

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way = None
        if not task.cancelled() and (error := task.exception()) is not None:
            self._not_before = self._clock() + _COOL_DOWN_S
            _log.warning("token.failed", extra={"cause": type(error).__name__})

    async def _obtain(self) -> None:
        held = self._held
        if self._renew is not None and held is not None and self._clock() < held.expires_at:
            asked_at = self._clock()
            try:
                token = await self._renew(held.token)
            except Exception as error:  # noqa: BLE001 - whatever is wrong, fetching may still work
                _log.info("token.not_renewed", extra={"cause": type(error).__name__})
            else:
                self._keep(token, asked_at)
                return
        asked_at = self._clock()
        self._keep(await self._fetch(), asked_at)

    def _keep(self, token: AccessToken, asked_at: float) -> None:
        if not token.lifetime_s > 0:
            message = "The backend handed out an access token that has expired already."
            raise ProviderContractError(message)
        margin_s = min(_LONGEST_MARGIN_S, _MARGIN_RATIO * token.lifetime_s)
        expires_at = asked_at + token.lifetime_s
        self._held = _Held(token=token, renew_at=expires_at - margin_s, expires_at=expires_at)

    async def _wait(self, task: asyncio.Task[None]) -> None:
        deadline = current_call().deadline
        try:
            async with asyncio.timeout(
                None if deadline is None else deadline - self._clock()
            ) as limit:
                await asyncio.shield(task)
        except TimeoutError:
            if not limit.expired():
                raise  # the token service's own
            message = "The time for this request ran out before an access token was there."
            raise DeadlineExceededError(message) from None
