"""A store in Redis or Valkey, shared by all replicas of the gateway."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

from aiocache.backends.redis import RedisCache
from aiocache.serializers import NullSerializer
from redis.asyncio.connection import BlockingConnectionPool, SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.cache.guard import Guard
from gateway.domain.metrics import Metrics, NoMetrics

OPERATION_LIMIT_S: Final = 0.2
SOCKET_LIMIT_S: Final = 0.2
POOL_SIZE: Final = 32
_KEYS_PER_CALL: Final = 500
_Lookup: TypeAlias = "asyncio.Task[dict[str, bytes | None] | None]"

_PROLONG_IF_EQUAL: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
"""
_DELETE_IF_EQUAL: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
"""


class RedisStore:
    """`Store` over aiocache's Redis backend; fails open through one `Guard`.

    Lookups of one turn of the event loop travel together as one MGET, each key once. They are
    gathered before they are sent, so none of them sees an older state than it asked for.
    """

    shared = True

    def __init__(
        self,
        url: str,
        *,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare connections to `url`; none is made before the first call.

        `url` is `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS, whose query
        may hold options of the connection such as `ssl_ca_certs`. `valkey` stands for `redis`.

        Raises:
            ValueError: `url` is of another form.
        """
        self._cache = _open(url)
        self._guard = Guard(metrics or NoMetrics(), clock=clock)
        self._gathering: tuple[set[str], _Lookup] | None = None
        self._lookups: set[_Lookup] = set()

    @property
    def is_away(self) -> bool:
        """Whether calls are skipped at this moment, because the last ones failed."""
        return self._guard.is_open

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None] | None:
        """Bytes of each key; None if Redis did not answer."""
        if self._gathering is None:
            wanted: set[str] = set()
            lookup = asyncio.create_task(self._send(wanted))
            self._gathering = (wanted, lookup)
            self._lookups.add(lookup)
            lookup.add_done_callback(self._lookups.discard)
        wanted, lookup = self._gathering
        wanted.update(keys)
        # Shielded: a caller who leaves must not take the others' lookup along.
        found = await asyncio.shield(lookup)
        return None if found is None else [found[key] for key in keys]

    async def put(self, key: str, blob: bytes, ttl_s: float) -> bool:
        """Keep `blob`; false if Redis did not take it."""
        # A float: with whole seconds aiocache would use a deprecated command.
        done = await self._guard.run("put", lambda: self._cache.set(key, blob, ttl=float(ttl_s)))
        return done is not None

    async def add(self, key: str, blob: bytes, ttl_s: float) -> bool:
        """Keep `blob` unless the key is there; true also if Redis did not answer."""
        return await self._guard.run("add", lambda: self._add(key, blob, ttl_s)) is not False

    async def renew(self, key: str, blob: bytes, ttl_s: float) -> None:
        """Keep `key` for another `ttl_s` seconds if it still holds exactly `blob`."""
        ttl_ms = str(round(ttl_s * 1000)).encode()
        await self._guard.run(
            "renew", lambda: self._cache.raw("eval", _PROLONG_IF_EQUAL, 1, key, blob, ttl_ms)
        )

    async def release(self, key: str, blob: bytes) -> None:
        """Delete `key` if it still holds exactly `blob`."""
        await self._guard.run(
            "release", lambda: self._cache.raw("eval", _DELETE_IF_EQUAL, 1, key, blob)
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await asyncio.gather(*self._lookups)
        await self._cache.client.aclose()  # aiocache's own close() calls a deprecated method

    async def _send(self, wanted: set[str]) -> dict[str, bytes | None] | None:
        self._gathering = None
        keys = sorted(wanted)
        found: dict[str, bytes | None] = {}
        for start in range(0, len(keys), _KEYS_PER_CALL):
            part = keys[start : start + _KEYS_PER_CALL]
            blobs = await self._guard.run("get", self._multi_get(part))
            if not blobs:  # failed, or aiocache is switched off by its AIOCACHE_DISABLE
                return None
            found.update(zip(part, blobs, strict=True))
        return found

    def _multi_get(self, keys: list[str]) -> Callable[[], Awaitable[list[bytes | None]]]:
        return lambda: self._cache.multi_get(keys)

    async def _add(self, key: str, blob: bytes, ttl_s: float) -> bool:
        try:
            await self._cache.add(key, blob, ttl=float(ttl_s))
        except ValueError:  # how aiocache says that the key is there
            return False
        return True


def _open(url: str) -> Any:  # noqa: ANN401 - aiocache is untyped; the callers above are not
    scheme, separator, rest = url.partition("://")
    options = dict(parse_url(scheme.replace("valkey", "redis") + separator + rest))
    if "path" in options:
        message = "the cache needs a redis:// or rediss:// address, not a socket file"
        raise ValueError(message)
    build: Callable[..., Any] = RedisCache
    as_they_are: Callable[..., Any] = NullSerializer
    return build(
        endpoint=options.pop("host", "localhost"),
        port=options.pop("port", 6379),
        db=options.pop("db", 0),
        password=options.pop("password", None),
        ssl=options.pop("connection_class", None) is SSLConnection,
        serializer=as_they_are(encoding=None),  # bytes in, bytes out: never pickle
        timeout=OPERATION_LIMIT_S,
        create_connection_timeout=SOCKET_LIMIT_S,
        # The default pool raises when all connections are taken; this one waits.
        connection_pool_class=BlockingConnectionPool,
        pool_max_size=POOL_SIZE,
        connection_pool_kwargs={
            **options,
            "timeout": OPERATION_LIMIT_S,
            "socket_timeout": SOCKET_LIMIT_S,
            # aiocache's pool has no retry: the first use after the server closed would fail.
            "retry": Retry(NoBackoff(), 1),
        },
    )
