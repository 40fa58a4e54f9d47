"""A gateway of several workers, as processes of their own: who they are, and what they log."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from gateway.settings import ENV_PREFIX
from tests.exactly_once.processes import Clouds
from tests.read_path.processes import free_port

ROOT: Final = Path(__file__).parents[2]
LONG_S: Final = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingGateway:
    """The parent process; `log` is the file with what it and its workers log."""

    port: int
    parent: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """The lines of the log, or those of one event."""
        lines = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if name is None or line["event"] == name]

    def workers(self) -> set[int]:
        """Process ids of the workers that the parent holds to be running."""
        started = {line["worker"] for line in self.events("worker.started")}
        return started - {line["worker"] for line in self.events("worker.ended")}

    def ask(self, query: str = "{ __typename }") -> dict[str, Any]:
        """The answer to a query over a connection of its own."""
        reply = httpx.post(
            f"{self.address}/graphql", json={"query": query}, timeout=LONG_S, trust_env=False
        )
        answer: dict[str, Any] = reply.raise_for_status().json()
        return answer

    def holder(self, client_port: int) -> int:
        """Which worker holds the connection that comes from `client_port` of this machine."""
        table = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        mine = (f"{self.port:04X}", f"{client_port:04X}")
        (inode,) = (
            entry[9]
            for entry in map(str.split, table)
            if (entry[1].partition(":")[2], entry[2].partition(":")[2]) == mine
        )
        for pid in self.workers():
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(FileNotFoundError):
                    if descriptor.readlink().name == f"socket:[{inode}]":
                        return pid
        message = "no worker holds it"
        raise AssertionError(message)

    def wait(self) -> int:
        """The parent's exit status."""
        return self.parent.wait(LONG_S)


@contextmanager
def working_gateway(
    clouds: Clouds, redis: str, folder: Path, *, is_awaited: bool = True, **server: object
) -> Iterator[WorkingGateway]:
    """Two workers over the clouds, until the block ends; `server` are more of their settings.

    Both serve, if that `is_awaited`.
    """
    port = free_port()
    log = folder / f"gateway-{port}.log"
    environment = dict(_variables(clouds, redis, folder, {"workers": 2, **server}))
    with (
        log.open("wb") as file,
        subprocess.Popen(
            [sys.executable, "-m", "tests.cli.hasty_workers", str(port)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stderr=file,
            start_new_session=True,
        ) as parent,
    ):
        found = WorkingGateway(port=port, parent=parent, log=log)
        try:
            if is_awaited:
                until(lambda: parent.poll() is not None or _serve(found))
                assert parent.poll() is None, log.read_text(encoding="utf-8")
            yield found
        finally:
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)  # its own group: it and what it started


def _serve(gateway: WorkingGateway) -> bool:
    """Whether both workers have answered a request."""
    with suppress(httpx.TransportError):
        gateway.ask()
    return len({line["pid"] for line in gateway.events("graphql.request")}) > 1


def _variables(
    clouds: Clouds, redis: str, folder: Path, server: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    tables: dict[str, Mapping[str, object]] = {
        "server": server,
        "cache": {"url": redis},
        "journal": {"url": f"sqlite:///{folder / 'journal.sqlite3'}"},
        "upstream": {"attempt_timeout_s": 60.0},  # nothing but an end of the gateway cuts a write
        **{f"backends__{name}": table for name, table in clouds.opened.backends.items()},
    }
    for table, values in tables.items():
        for key, value in values.items():
            yield f"{ENV_PREFIX}{table}__{key}".upper(), str(value)


def runs(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(is_so: Callable[[], bool]) -> None:
    """Return once it is so; other processes are to get there."""
    give_up_at = time.monotonic() + LONG_S
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
