"""Two gateways, and a load balancer before them of the least kind there is."""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx

from tests.exactly_once.processes import Gateway

_LOOK_EVERY_S: Final = 0.2
_GIVE_UP_S: Final = 10.0
_KEPT_S: Final = 2.0
"""How long an unused connection is kept: for less than the gateway keeps it."""


class NoReplicaError(Exception):
    """No replica answered, however often it was tried."""


class Replicas:
    """Gateways that can be killed and started again; each start takes another port."""

    def __init__(self, start: Callable[[], AbstractContextManager[Gateway]], number: int) -> None:
        """Start `number` of them."""
        self._start = start
        self._stack = ExitStack()
        self.running: list[Gateway | None] = []
        for _ in range(number):
            self.running.append(self._stack.enter_context(start()))

    def kill(self, place: int) -> None:
        """End one in the middle of whatever it does."""
        gateway, self.running[place] = self.running[place], None
        assert gateway is not None  # noqa: S101 - nobody kills it twice
        gateway.kill()

    def start_again(self, place: int) -> None:
        """Start one in the place of one that was killed."""
        self.running[place] = self._stack.enter_context(self._start())

    def resident_mib(self) -> dict[int, float]:
        """Resident memory of each that runs, by its process."""
        return {
            pid: _resident_mib(pid)
            for gateway in self.running
            if gateway is not None and (pid := gateway.process.pid) is not None
        }

    def close(self) -> None:
        """Stop all of them."""
        self._stack.close()


class Door:
    """Sends requests to replicas in turn; to one that broke off, not before it is ready again.

    What a load balancer does: a request whose connection was cut, or that a replica would not take
    because it stops, goes to another. A write goes with its key, so that it is not done twice.
    """

    def __init__(self, replicas: Replicas, key: str) -> None:
        """Sign in with the API key `key`."""
        self._replicas = replicas
        self._turn = itertools.count()
        self._away: set[str] = set()
        self._headers = {"authorization": f"Bearer {key}"}
        self._http = httpx.AsyncClient(
            trust_env=False,
            timeout=45,
            limits=httpx.Limits(max_connections=None, keepalive_expiry=_KEPT_S),
        )
        self.moved = 0

    async def ask(self, query: str, variables: Mapping[str, object]) -> dict[str, Any]:
        """The GraphQL answer of the first replica that has one.

        Raises:
            NoReplicaError: none has, for some seconds.
        """
        body = {"query": query, "variables": dict(variables)}
        give_up_at = asyncio.get_running_loop().time() + _GIVE_UP_S
        while asyncio.get_running_loop().time() < give_up_at:
            endpoint = self.endpoint()
            if endpoint is None:
                await asyncio.sleep(_LOOK_EVERY_S / 4)
                continue
            try:
                reply = await self._http.post(endpoint, json=body, headers=self._headers)
            except httpx.TransportError:
                self._away.add(endpoint)
                self.moved += 1
                continue
            if reply.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                found: dict[str, Any] = reply.json()
                return found
            self.moved += 1
            await asyncio.sleep(_LOOK_EVERY_S)
        message = f"no replica answered within {_GIVE_UP_S:g} s"
        raise NoReplicaError(message)

    def endpoint(self) -> str | None:
        """Where the next request goes; None if no replica is known to be ready."""
        ready = [found for found in self._endpoints() if found not in self._away]
        return ready[next(self._turn) % len(ready)] if ready else None

    async def watch(self) -> None:
        """Look whether those that broke off are ready again; ends when cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            for endpoint in tuple(self._away):
                if await self._is_ready(endpoint):
                    self._away.discard(endpoint)

    async def aclose(self) -> None:
        """Hang up."""
        await self._http.aclose()

    async def _is_ready(self, endpoint: str) -> bool:
        try:
            reply = await self._http.get(endpoint.replace("/graphql", "/readyz"), timeout=1)
        except httpx.TransportError:
            return False
        return reply.is_success

    def _endpoints(self) -> Iterator[str]:
        yield from (found.endpoint for found in self._replicas.running if found is not None)


def _resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
