"""The shared stores, as their settings say."""

from contextlib import AsyncExitStack
from urllib.parse import quote

from pydantic import SecretStr
from redis.asyncio import Redis

from gateway.cache.memory_store import MemoryStore
from gateway.cache.redis_store import RedisStore
from gateway.cache.store import Store
from gateway.domain.metrics import Metrics
from gateway.settings import CacheSettings
from gateway.transport.shared_budget import connect


def store_of(cache: CacheSettings, metrics: Metrics) -> Store:
    """Where reads are kept."""
    url = _url(cache)
    if url is None:
        return MemoryStore(
            max_entries=cache.max_entries, max_bytes=cache.max_bytes, metrics=metrics
        )
    return RedisStore(url, metrics=metrics)


async def redis_of(cache: CacheSettings, stack: AsyncExitStack) -> Redis | None:
    """Where the budget is shared, until `stack` ends; None if it is not."""
    url = _url(cache)
    if url is None:
        return None
    client = connect(url)
    stack.push_async_callback(client.aclose)
    return client


def _url(cache: CacheSettings) -> str | None:
    """The address of the shared cache with its credentials; None for the memory."""
    return None if cache.url is None else signed_in(cache.url, cache.username, cache.password)


def signed_in(url: str, username: str | None, password: SecretStr | None) -> str:
    """`url` with the credentials in it; as it is if there are none."""
    if username is None and password is None:
        return url
    scheme, _, place = url.partition("://")
    user = quote(username or "", safe="")
    secret = "" if password is None else f":{quote(password.get_secret_value(), safe='')}"
    return f"{scheme}://{user}{secret}@{place}"
