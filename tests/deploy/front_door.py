"""HAProxy with the configuration of deploy/compose, in front of two small servers on loopback."""

import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest

from tests.deploy.manifests import ROOT

CONFIG: Final = ROOT / "deploy" / "compose" / "haproxy.cfg"
PATIENCE_S: Final = 0.5
"""What the time limit of a request is shortened to."""


def haproxy() -> str:
    """The binary. Without it the test is skipped, but fails where it must run: with `CI` set."""
    found = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs a haproxy binary")
        pytest.skip("no haproxy binary")
    return found


@dataclass(slots=True, kw_only=True)
class Upstream:
    """One server behind the proxy: is it ready, does it drop calls, what was it asked."""

    port: int = 0
    ready: bool = True
    drops: bool = False
    asked: list[list[tuple[str, str]]] = field(default_factory=list)
    """Headers of every request but those of the proxy's own checks."""
    checks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDoor:
    """A running proxy."""

    port: int
    upstreams: tuple[Upstream, Upstream]

    def asked(self) -> list[list[tuple[str, str]]]:
        """What reached either upstream."""
        return [headers for each in self.upstreams for headers in each.asked]

    def connect(self) -> socket.socket:
        """A connection to the proxy."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


@contextmanager
def front_door(folder: Path, *, patience_s: float = PATIENCE_S) -> Iterator[FrontDoor]:
    """The proxy until the block ends, with both upstreams found ready.

    `patience_s` is its time limit of a request.
    """
    with ExitStack() as stack:
        upstreams = (stack.enter_context(_upstream()), stack.enter_context(_upstream()))
        port, health = _free_port(), _free_port()
        config = folder / "haproxy.cfg"
        text = _on_loopback(port, health, upstreams, patience_s)
        config.write_text(text, encoding="utf-8")
        process = stack.enter_context(
            subprocess.Popen([haproxy(), "-db", "-f", str(config)], stdout=subprocess.DEVNULL)
        )
        stack.callback(process.kill)
        until = time.monotonic() + 20
        while not all(each.checks for each in upstreams) or not _answers(port):
            assert process.poll() is None
            assert time.monotonic() < until, "the proxy does not start"
            time.sleep(0.02)  # nothing to wait on but its checks
        yield FrontDoor(port=port, upstreams=upstreams)


def _on_loopback(port: int, health: int, upstreams: tuple[Upstream, ...], patience_s: float) -> str:
    """The configuration with other addresses, and other patience; nothing else is changed."""
    servers = "\n".join(f"  server g{each.port} 127.0.0.1:{each.port}" for each in upstreams)
    text = CONFIG.read_text(encoding="utf-8")
    for pattern, replacement in (
        (r"bind :8080", f"bind 127.0.0.1:{port}"),
        (r"bind 127.0.0.1:8404", f"bind 127.0.0.1:{health}"),
        (r"  server-template gateway \d+ gateway:8000", servers),
        (r"resolvers docker init-addr none ", ""),
        (r"check inter 2s fall 2 rise 1", "check inter 50ms fall 2 rise 1"),
        (r"timeout http-request \d+s", f"timeout http-request {round(patience_s * 1000)}ms"),
    ):
        text, found = re.subn(pattern, replacement, text)
        assert found == 1, pattern
    return text


@contextmanager
def _upstream() -> Iterator[Upstream]:
    state = Upstream()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/readyz":
                state.checks += 1
                self._reply(200 if state.ready else 503)
            else:
                state.asked.append(self.headers.items())
                self._reply(200)

        def do_POST(self) -> None:
            state.asked.append(self.headers.items())
            self.rfile.read(int(self.headers["content-length"]))
            if state.drops:
                self.close_connection = True
            else:
                self._reply(200)

        def _reply(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Keep quiet."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

        def handle_error(self, request: object, client_address: object) -> None:
            """Keep quiet of connections that the proxy cuts when it ends."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
