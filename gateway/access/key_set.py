"""Keeps the keys of an identity provider up to date, whatever its callers and its network do."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from contextvars import Context
from dataclasses import dataclass

from jwt import PyJWK

from gateway.access.signing_keys import Algorithm, SigningKeys, signing_keys
from gateway.domain.errors import SignInUnavailableError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySetPolicy:
    """How old keys may get, and how often they are fetched; all in seconds.

    Attributes:
        renew_after_s: from this age on, keys are fetched anew behind those who use them.
        fresh_s: from this age on, the first who comes waits for the fetch.
        usable_s: keys of this age are used no more: the longest time that sign-in goes on while the
            provider cannot be reached, and that a key which it withdrew can live on.
        cool_down_s: pause after a fetch, in which an unknown key is not looked for again.
        retry_after_s: pause after a fetch that failed.
    """

    renew_after_s: float = 480.0
    fresh_s: float = 600.0
    usable_s: float = 3_600.0
    cool_down_s: float = 30.0
    retry_after_s: float = 5.0


class KeySet:
    """Keys that are fetched when they are needed, by one flight however many wait for it.

    The flight belongs to the set and not to whoever came first: callers who leave take nobody
    along.
    """

    def __init__(
        self,
        *,
        fetch: Callable[[], Awaitable[object]],
        algorithms: Collection[Algorithm],
        policy: KeySetPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fetch` brings the provider's document, decoded; `clock` is monotonic seconds."""
        self._fetch = fetch
        self._algorithms = frozenset(algorithms)
        self._policy = policy or KeySetPolicy()
        self._clock = clock
        self._keys: SigningKeys = {}
        self._fetched_at: float | None = None
        self._failed = False
        self._not_before = 0.0
        self._under_way: asyncio.Task[None] | None = None

    async def find(self, key_id: str, algorithm: Algorithm) -> PyJWK | None:
        """The key of exactly this id, for this algorithm; None if the provider has none such.

        An unknown id is asked for once, then not again for the cool-down.

        Raises:
            SignInUnavailableError: the provider cannot be reached, and the keys at hand are too
                old or do not tell.
        """
        await self._freshen()
        found = self._keys.get((key_id, algorithm))
        if found is None and self._may_fetch():
            await self._fetched()
            found = self._keys.get((key_id, algorithm))
        if found is None and self._failed:
            raise self._unavailable()
        return found

    async def aclose(self) -> None:
        """Give up a fetch under way."""
        if self._under_way is not None:
            self._under_way.cancel()
            await asyncio.gather(self._under_way, return_exceptions=True)

    async def _freshen(self) -> None:
        age_s = self._age_s()
        if age_s >= self._policy.usable_s:
            if self._may_fetch():
                await self._fetched()
            if self._age_s() >= self._policy.usable_s:
                raise self._unavailable()
        elif age_s >= self._policy.fresh_s and not self._failed:
            await self._fetched()
        elif age_s >= self._policy.renew_after_s and self._may_fetch():
            self._start()

    def _age_s(self) -> float:
        return float("inf") if self._fetched_at is None else self._clock() - self._fetched_at

    def _may_fetch(self) -> bool:
        # The pause is set when a flight ends, so while one is under way all may join it.
        return self._clock() >= self._not_before

    def _unavailable(self) -> SignInUnavailableError:
        wait_s = max(1.0, self._not_before - self._clock())
        message = "credentials cannot be checked now; try again"
        return SignInUnavailableError(message, retry_after_s=wait_s)

    async def _fetched(self) -> None:
        """Wait until the fetch under way has ended, one way or the other; starts one if none is."""
        await asyncio.wait({self._start()})

    def _start(self) -> asyncio.Task[None]:
        if self._under_way is None:
            # A context of its own: the deadline of the first caller is not that of the fetch.
            self._under_way = asyncio.create_task(self._renew(), context=Context())
        return self._under_way

    async def _renew(self) -> None:
        pause_s = self._policy.retry_after_s
        asked_at = self._clock()
        try:
            self._keys = signing_keys(await self._fetch(), self._algorithms)
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the door stays shut
            self._failed = True
            _log.warning("jwks.failed", extra={"cause": type(error).__name__})
        else:
            self._failed = False
            self._fetched_at = asked_at
            pause_s = self._policy.cool_down_s
        finally:
            self._not_before = self._clock() + pause_s
            self._under_way = None
