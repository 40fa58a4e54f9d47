"""The cache's server of deploy/compose, started by its own command line with Redis in its place."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import redis

from tests.deploy.manifests import ROOT, documents
from tests.redis_server import redis_server

__all__ = ["redis_server"]

SERVICE: Final = documents(ROOT / "deploy/compose/compose.yaml")[0]["services"]["valkey"]


@pytest.fixture
def valkey(redis_server: str, tmp_path: Path) -> Iterator[int]:
    """Port of a server that the service's command started; `redis_server` skips where none is."""
    (tmp_path / "cache_password").write_text("canary", encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    shell, option, script = SERVICE["command"]
    script = script.replace("$$", "$").replace("/run/secrets", str(tmp_path))
    binary = shutil.which("redis-server")
    script = script.replace("valkey-server -", f"{binary} - --port {port} --bind 127.0.0.1")
    process: subprocess.Popen[Any]
    with subprocess.Popen(
        [shell, option, script], cwd=tmp_path, stdout=subprocess.DEVNULL
    ) as process:
        try:
            until = time.monotonic() + 10
            while time.monotonic() < until and process.poll() is None:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.02)  # it is starting: nothing to wait on but the port
            yield port
        finally:
            process.terminate()


@pytest.mark.redis
def test_it_wants_the_password_and_forgets_the_least_used(valkey: int) -> None:
    with (
        redis.Redis(port=valkey) as stranger,
        pytest.raises(redis.exceptions.AuthenticationError),
    ):
        stranger.ping()
    with redis.Redis(port=valkey, password="canary") as gateway:
        set_up = {**gateway.config_get("maxmemory*"), **gateway.config_get("save")}

    assert set_up["maxmemory-policy"] == "allkeys-lru"
    assert int(set_up["maxmemory"]) == 256 * 1024 * 1024
    assert set_up["save"] == ""


@pytest.mark.redis
def test_it_takes_its_signals_itself(valkey: int) -> None:
    """`exec` makes it the first process of its container; a shell there would swallow SIGTERM."""
    with redis.Redis(port=valkey, password="canary") as gateway:
        pid = gateway.info("server")["process_id"]

    assert "redis-server" in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    assert "exec valkey-server" in SERVICE["command"][2]
    assert "canary" not in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
