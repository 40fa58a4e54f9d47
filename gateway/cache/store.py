"""The port behind which aiocache stands: bytes by key, with a time to live."""

import logging
from collections.abc import Sequence
from typing import Protocol

# aiocache prints keys at DEBUG and, when a backend fails, whole values at ERROR. What the engine
# has to say about its store goes to the metrics.
logging.getLogger("aiocache").setLevel(logging.CRITICAL + 1)


class Store(Protocol):
    """Keeps bytes; never raises on account of the place where it keeps them.

    A store that cannot answer says so by the value documented at each method, so that a read goes
    on without it.
    """

    @property
    def shared(self) -> bool:
        """Whether other processes see the same entries."""
        ...

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None] | None:
        """Bytes of each key, read at one moment; None for a key that is not there.

        None instead of the sequence: the store did not answer.
        """
        ...

    async def put(self, key: str, blob: bytes, ttl_s: float) -> bool:
        """Keep `blob` for `ttl_s` seconds (at least a millisecond); false if that failed."""
        ...

    async def add(self, key: str, blob: bytes, ttl_s: float) -> bool:
        """Keep `blob` unless the key is there already.

        True if it was added, and also if the store did not answer: then nobody else can know.
        """
        ...

    async def renew(self, key: str, blob: bytes, ttl_s: float) -> None:
        """Keep `key` for another `ttl_s` seconds if it still holds exactly `blob`."""
        ...

    async def release(self, key: str, blob: bytes) -> None:
        """Delete `key` if it still holds exactly `blob`."""
        ...

    async def aclose(self) -> None:
        """Give connections back."""
        ...
