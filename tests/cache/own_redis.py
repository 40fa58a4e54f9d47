"""A redis-server of one test's own, which the test may stop, restart, hang and starve.

Tests that only use Redis share the server of `tests.redis_server`.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

_UNTIL_UP = Retry(ConstantBackoff(0.01), 1_000)


@dataclass(slots=True)
class RedisServer:
    """A server on loopback that keeps nothing on disk and can be started again on its port."""

    binary: str
    directory: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        """Address for the code under test."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """Connect beside the code under test; to be used in a `with`."""
        return redis.Redis(host="127.0.0.1", port=self.port, socket_timeout=10)

    def start(self) -> None:
        """Start the server and return when it answers."""
        self._process = subprocess.Popen(
            [
                *(self.binary, "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--enable-debug-command", "yes"),
                *("--dir", str(self.directory), "--loglevel", "warning"),
            ],
            stdout=subprocess.DEVNULL,
        )
        with redis.Redis(host="127.0.0.1", port=self.port, retry=_UNTIL_UP) as client:
            client.ping()

    def stop(self) -> None:
        """Kill the server; connections to it break."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A running server.

    Without the binary the tests are skipped, but fail where they must run: with `CI` set.
    """
    binary = shutil.which("redis-server")
    if binary is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs a redis-server binary")
        pytest.skip("no redis-server binary")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = RedisServer(binary=binary, directory=tmp_path, port=port)
    try:
        server.start()
        yield server
    finally:
        server.stop()
