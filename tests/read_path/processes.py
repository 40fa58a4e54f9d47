"""Clouds and gateways as processes of their own, over real HTTP on loopback."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from gateway.providers import discover
from gateway.settings import ENV_PREFIX, secret_fields

_ROOT: Final = Path(__file__).parents[2]
_START_S: Final = 30.0
_STOP_S: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clouds:
    """Running clouds; see `tests.read_path.clouds` for what the fields hold."""

    backends: Mapping[str, Mapping[str, str]]
    jobs: Mapping[str, Sequence[str]]
    calls: str

    def asked(self) -> dict[str, dict[str, dict[str, int]]]:
        """By cloud and operation: `calls`, `busiest_second` and `throttled`."""
        with httpx.Client(trust_env=False) as http:
            report: dict[str, dict[str, dict[str, int]]] = http.get(self.calls).json()
        return report

    def forget(self) -> None:
        """Count from zero again."""
        with httpx.Client(trust_env=False) as http:
            http.delete(self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A running gateway and the address of its endpoint."""

    endpoint: str
    pid: int


@contextmanager
def running_clouds(*, replay: bool = False, **sizes: int) -> Iterator[Clouds]:
    """Clouds of these sizes, until the block ends.

    With `replay` they repeat from memory what they answered once, and count no repetition.
    """
    options = [option for size, value in sizes.items() for option in (f"--{size}", str(value))]
    options += ["--replay"] if replay else []
    with running("-m", "tests.read_path.clouds", *options) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the clouds ended before they were ready"
        yield Clouds(**json.loads(line))


@contextmanager
def running_gateway(
    backends: Mapping[str, Mapping[str, str]], tables: str, folder: Path
) -> Iterator[Gateway]:
    """`gateway serve` on these backends, until the block ends.

    `tables` is more TOML for its settings, written to a file in `folder` together with what of the
    backends' is no secret; the secrets go through the environment.
    """
    port = free_port()
    config = folder / f"gateway-{port}.toml"
    journal = f'[journal]\nurl = "sqlite:///{folder / "journal.sqlite3"}"\n'
    config.write_text(journal + tables + "".join(_tables(backends)), encoding="utf-8")
    secrets = dict(_secrets(backends))
    command = ("-m", "gateway", "serve", "--config", str(config), "--port", str(port))
    with running(*command, environment=secrets) as process:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield Gateway(endpoint=f"http://127.0.0.1:{port}/graphql", pid=process.pid)


def _tables(backends: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    plugins = discover()
    for name, settings in backends.items():
        secret = secret_fields(plugins[settings["provider"]].settings)
        yield f"\n[backends.{name}]\n"
        # A string of JSON is a string of TOML.
        yield from (
            f"{key} = {json.dumps(value)}\n" for key, value in settings.items() if key not in secret
        )


def _secrets(backends: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    plugins = discover()
    for name, settings in backends.items():
        for key in secret_fields(plugins[settings["provider"]].settings) & settings.keys():
            yield f"{ENV_PREFIX}BACKENDS__{name.upper()}__{key.upper()}", settings[key]


@contextmanager
def running(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Python with these arguments, until the block ends."""
    process: subprocess.Popen[Any]
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=_ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(address: str, process: subprocess.Popen[str]) -> None:
    """Return once `process` answers at `address`."""
    until = time.monotonic() + _START_S
    with httpx.Client(trust_env=False, timeout=_START_S) as http:
        while process.poll() is None and time.monotonic() < until:
            try:
                http.get(address).raise_for_status()
            except httpx.ConnectError:
                time.sleep(0.02)  # it is starting: nothing to wait on but the port
            else:
                return
    message = f"nothing answers at {address}"
    raise AssertionError(message)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
