"""A real redis-server for tests: import the fixtures in a conftest, mark the tests `redis`."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator

import pytest
import redis

__all__ = ["redis_server", "redis_url"]


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a server of this test session, on loopback, that keeps nothing on disk.

    Without the binary the tests are skipped, but fail where they must run: with `CI` set.
    """
    binary = shutil.which("redis-server")
    if binary is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs a redis-server binary")
        pytest.skip("no redis-server binary")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(binary, "--port", str(port), "--bind", "127.0.0.1"),
        *("--save", "", "--appendonly", "no"),
        *("--dir", str(tmp_path_factory.mktemp("redis"))),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            said = []
            for line in server.stdout:
                said.append(line)
                if "Ready to accept connections" in line:
                    break
            else:
                pytest.fail("redis-server did not start: " + "".join(said))
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """URL of the server, emptied."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server
