"""Fixtures of the tests that need a real Redis."""

from tests.cache.own_redis import own_redis
from tests.redis_server import redis_server, redis_url

__all__ = ["own_redis", "redis_server", "redis_url"]
