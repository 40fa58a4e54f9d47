"""Clouds and gateways as processes of their own, which share nothing but what they are told to.

They are forked off a process that has all modules loaded and nothing else, so that one starts in a
fraction of a second and may be killed as often as a proof asks for.
"""

import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

import httpx

from gateway.domain.ids import GlobalId, NodeKind
from gateway.providers import discover
from gateway.service.writing.policy import WritePolicy
from tests.exactly_once.clouds import Opened, run_clouds
from tests.exactly_once.gateway_process import run_gateway
from tests.exactly_once.targets import Target

_START_S: Final = 30.0
_STOP_S: Final = 40.0

# Forked children would inherit whatever the tests have open; these inherit modules alone.
_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.exactly_once.clouds", "tests.exactly_once.gateway_process"])

HASTY: Final = WritePolicy(
    lease_s=3.0, looks_after_s=(0.2, 0.6, 1.5, 4.0), watch_every_s=0.2, join_s=20.0
)
"""A gateway that takes over what another left three seconds after its last word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clouds:
    """Running clouds."""

    opened: Opened
    http: httpx.Client = field(repr=False)

    def target(self, cloud: str) -> Target:
        """What jobs can be made for."""
        return self.opened.targets[cloud]

    def firmware(self, cloud: str) -> str:
        """The global id of that package."""
        key = (self.target(cloud).firmware_id,)
        return str(GlobalId(kind=NodeKind.FIRMWARE, backend=cloud, key=key))

    def executed(self, cloud: str) -> list[dict[str, Any]]:
        """Every write that took effect: `operation`, `parameters` and `result_id`, in order."""
        found: list[dict[str, Any]] = self.http.get("/executed").json()[cloud]
        return found

    def calls(self, cloud: str) -> Mapping[str, int]:
        """How often each operation was called."""
        counts: Mapping[str, int] = self.http.get("/calls").json()[cloud]
        return counts

    def order(self, cloud: str, fault: str, operation: str, **options: float) -> None:
        """Let something go wrong with the next call of an operation."""
        wanted = {"cloud": cloud, "fault": fault, "operation": operation, "options": options}
        self.http.post("/faults", json=wanted).raise_for_status()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A running gateway."""

    endpoint: str
    process: ForkServerProcess

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """End the process at once, in the middle of whatever it does."""
        self.signal(signal.SIGKILL)
        self.process.join(_STOP_S)

    def wait(self) -> int | None:
        """The exit code, once the process has ended."""
        self.process.join(_STOP_S)
        return self.process.exitcode


@contextmanager
def running_clouds() -> Iterator[Clouds]:
    """Both clouds, until the block ends."""
    ours, theirs = _FORKS.Pipe(duplex=False)
    with _running(run_clouds, theirs):
        assert ours.poll(_START_S), "the clouds did not start"
        opened: Opened = ours.recv()
        with httpx.Client(base_url=opened.desk, trust_env=False, timeout=30) as http:
            yield Clouds(opened=opened, http=http)


@contextmanager
def running_gateway(
    clouds: Clouds,
    journal: str,
    folder: Path,
    *,
    policy: WritePolicy = HASTY,
    patience_s: int = 30,
    **tables: Mapping[str, object],
) -> Iterator[Gateway]:
    """A gateway over both clouds, until the block ends.

    `journal` is the address of its journal, `tables` are further settings; its log and whatever
    else it leaves behind is in `folder`. It keeps no rates, so that nothing but writing takes time.
    Told to stop, it gives requests under way `patience_s`.
    """
    plugins = discover()
    values = {
        "backends": {
            name: {**settings, "rates": dict.fromkeys(plugins[name].rates, 1_000.0)}
            for name, settings in clouds.opened.backends.items()
        },
        "journal": _journal(journal),
        **tables,
    }
    port = _free_port()
    log = str(folder / "gateway.log")
    with _running(run_gateway, values, port, policy, patience_s, log) as process:
        _wait_for(port, process)
        yield Gateway(endpoint=f"http://127.0.0.1:{port}/graphql", process=process)


def _journal(address: str) -> dict[str, str]:
    """Settings of a journal at an address that may name a user, which settings keep apart."""
    scheme, _, place = address.partition("://")
    user, at, rest = place.partition("@")
    return {"url": f"{scheme}://{rest}", "username": user} if at else {"url": address}


@contextmanager
def _running(target: Callable[..., None], *arguments: object) -> Iterator[ForkServerProcess]:
    process = _FORKS.Process(target=target, args=arguments)
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join(_STOP_S)
        if process.exitcode is None:
            process.kill()
            process.join()


def _wait_for(port: int, process: ForkServerProcess) -> None:
    until = time.monotonic() + _START_S
    with httpx.Client(trust_env=False, timeout=_START_S) as http:
        while process.is_alive() and time.monotonic() < until:
            try:
                http.get(f"http://127.0.0.1:{port}/healthz").raise_for_status()
            except httpx.ConnectError:
                time.sleep(0.01)  # it is starting: nothing to wait on but the port
            else:
                return
    message = "the gateway did not start"
    raise AssertionError(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
