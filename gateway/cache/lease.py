"""One load across replicas: a lease in the shared store, held by whoever loads.

The lease saves calls; it guards nothing. A replica that cannot learn who holds it loads itself.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict

from gateway.cache.envelope import Envelope
from gateway.cache.flight import Answer, Failure, Outcome
from gateway.cache.keys import failure_key, lease_key
from gateway.cache.policy import ReadPolicy
from gateway.cache.read_spec import ReadSpec
from gateway.cache.shelf import Shelf
from gateway.cache.store import Store
from gateway.domain.errors import (
    BudgetExhaustedError,
    GatewayError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)

T = TypeVar("T")

# Failures that would meet every replica alike, now. A deadline is its caller's own affair.
_PROVIDER_FAILURES: Final[dict[str, type[ProviderError]]] = {
    kind.code: kind
    for kind in (ProviderRateLimitedError, ProviderTimeoutError, ProviderUnavailableError)
}


class _FailureNote(BaseModel):
    """How the load under the lease `token` failed, for those who wait for it."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    token: str
    code: str
    message: str
    retry_after_s: float | None
    backend: str = ""
    operation: str = ""
    vendor_code: str | None = None
    request_id: str | None = None

    def error(self) -> GatewayError | None:
        """Return the error that was noted; None for a code that is not passed on."""
        if self.code == BudgetExhaustedError.code:
            return BudgetExhaustedError(self.message, retry_after_s=self.retry_after_s)
        kind = _PROVIDER_FAILURES.get(self.code)
        if kind is None:
            return None
        return kind(
            self.message,
            backend=self.backend,
            operation=self.operation,
            vendor_code=self.vendor_code,
            request_id=self.request_id,
            retry_after_s=self.retry_after_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to load `key`, until it is given back or has run out."""

    key: str
    token: str


class Leases:
    """Takes leases, gives them back, and waits for those that others hold."""

    def __init__(
        self,
        store: Store,
        shelf: Shelf,
        *,
        policy: ReadPolicy,
        sleep: Callable[[float], Awaitable[None]],
        beat: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Keep leases in `store`; `sleep` pauses between looks and `beat` between renewals."""
        self._store = store
        self._shelf = shelf
        self._policy = policy
        self._sleep = sleep
        self._beat = beat

    async def take(self, key: str) -> Lease | None:
        """Lease of `key`, also if the store did not answer; None if another replica holds it."""
        lease = Lease(key=key, token=secrets.token_hex(8))
        added = await self._store.add(lease_key(key), lease.token.encode(), self._policy.lease_s)
        return lease if added else None

    async def renew(self, lease: Lease) -> None:
        """Hold on to `lease` until cancelled; a replica that is gone loses it within moments."""
        while True:
            await self._beat(self._policy.lease_s / 3)
            await self._store.renew(
                lease_key(lease.key), lease.token.encode(), self._policy.lease_s
            )

    async def give_back(self, lease: Lease, failure: Failure | None = None) -> None:
        """End the lease; a `failure` that others would meet too is told to those who wait."""
        note = None if failure is None else _note(lease, failure.error)
        if note is not None:
            blob = note.model_dump_json().encode()
            await self._store.put(failure_key(lease.key), blob, self._policy.failure_s)
        await self._store.release(lease_key(lease.key), lease.token.encode())

    async def wait_for_other(
        self, spec: ReadSpec[T], is_good: Callable[[Envelope[T]], bool]
    ) -> Outcome[T] | None:
        """Wait for what the holder of the lease brings.

        Returns:
            An entry that `is_good`, or the failure of the holder. None if there will be neither:
            the lease ended without, took too long, or the store went away.
        """
        waited_s = 0.0
        pause_s = self._policy.first_poll_s
        token: bytes | None = None
        while waited_s < self._policy.longest_wait_s:
            found = await self._shelf.look(spec, (lease_key(spec.key), failure_key(spec.key)))
            if found.entry is not None and is_good(found.entry):
                return Answer(envelope=found.entry, paid=False)
            lease, note = found.beside
            token = token or lease
            failure = None if note is None else _failure(note, token)
            if failure is not None or lease is None or lease != token:
                return failure
            await self._sleep(pause_s)
            waited_s += pause_s
            pause_s = min(2 * pause_s, self._policy.longest_poll_s)
        return None


def _note(lease: Lease, error: Exception) -> _FailureNote | None:
    if isinstance(error, BudgetExhaustedError):
        return _FailureNote(
            token=lease.token,
            code=error.code,
            message=error.message,
            retry_after_s=error.retry_after_s,
        )
    if isinstance(error, ProviderError) and error.code in _PROVIDER_FAILURES:
        return _FailureNote(
            token=lease.token,
            code=error.code,
            message=error.message,
            retry_after_s=error.retry_after_s,
            backend=error.backend,
            operation=error.operation,
            vendor_code=error.vendor_code,
            request_id=error.request_id,
        )
    return None


def _failure(blob: bytes, token: bytes | None) -> Failure | None:
    """Failure of the lease `token`; None if the note is of another lease, or no note at all."""
    try:
        note = _FailureNote.model_validate_json(blob)
    except ValueError:
        return None
    error = note.error()
    if error is None or token not in {None, note.token.encode()}:
        return None
    return Failure(error=error)
