"""A demo that runs as its own process, for as long as a test needs it."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

ROOT: Final = Path(__file__).parents[2]
_READY: Final = "Three queries to paste"
_STOP_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A running demo: where it answers, and what it printed until it was ready."""

    address: str
    banner: str
    process: subprocess.Popen[str]

    def ask(self, query: str) -> dict[str, Any]:
        """The whole answer to `query`."""
        with httpx.Client(trust_env=False, timeout=30) as client:
            reply = client.post(f"{self.address}/graphql", json={"query": query})
        answer: dict[str, Any] = reply.json()
        return answer

    def stop(self) -> tuple[int, str]:
        """Press Ctrl-C; the exit status and what it printed then."""
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=_STOP_S)
        return self.process.returncode, rest


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment() -> dict[str, str]:
    """This process's environment, without what a surrounding make would hand down."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return {**kept, "PYTHONUNBUFFERED": "1"}


@contextmanager
def running(command: Sequence[str], port: int) -> Iterator[Demo]:
    """Start `command`, wait until it says that it is ready, and end it with the block."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield Demo(address=f"http://127.0.0.1:{port}", banner=_banner(process), process=process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        if process.stdout is not None:
            process.stdout.close()


def _banner(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if _READY in line:
            return "".join(lines)
    raise AssertionError("the demo ended before it was ready:\n" + "".join(lines))
