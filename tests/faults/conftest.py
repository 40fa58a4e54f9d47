"""Fixtures of the tests that need a Redis of their own."""

from tests.cache.own_redis import own_redis

__all__ = ["own_redis"]
