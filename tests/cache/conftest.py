"""What the tests of the cache share: clocks that tests move, and a spec of a small read."""

from tests.redis_server import redis_server

__all__ = ["redis_server"]
