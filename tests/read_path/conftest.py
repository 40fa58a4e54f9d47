"""Fixtures of the tests that need a real Redis."""

from tests.redis_server import redis_server, redis_url

__all__ = ["redis_server", "redis_url"]
