"""Real `gateway serve` processes over one scripted EnOS organisation, `grid`."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from tests.faults.scripted_upstream import ScriptedUpstream, scripted_upstream
from tests.faults.stage import JOB, Simulators
from tests.read_path.processes import Gateway, running_gateway

LONG_S: Final = 30.0
_UNKNOWN: Final = """
mutation($input: CreateOtaJobInput!) {
  createOtaJob(input: $input, idempotencyKey: "k") { operation { id settled } }
}
"""
_PACKAGES: Final = "{ firmwares(first: 50) { edges { node { id verification } } } }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A gateway process, the cloud behind it, and a client."""

    gateway: Gateway
    cloud: ScriptedUpstream
    jobs: list[str]
    http: httpx.AsyncClient

    @property
    def port(self) -> int:
        """Where it listens."""
        port = httpx.URL(self.gateway.endpoint).port
        assert port is not None
        return port

    async def job(self, number: int) -> httpx.Response:
        """Ask for a job."""
        return await self.http.post("/graphql", json=self.job_body(number))

    def job_body(self, number: int) -> dict[str, Any]:
        """The request for a job."""
        variables = {"backend": "grid", "id": self.jobs[number], "age": None}
        return {"query": JOB, "variables": variables}

    async def creation(self) -> dict[str, Any]:
        """The request for a new job."""
        answer = (await self.http.post("/graphql", json={"query": _PACKAGES})).json()
        package = next(
            edge["node"]["id"]
            for edge in answer["data"]["firmwares"]["edges"]
            if edge["node"]["verification"] == "VERIFIED"
        )
        scope = {"target": {"allDevices": True}, "sourceVersions": ["V1.0.0"]}
        given = {"firmwareId": package, "scope": scope, "policy": "SNAPSHOT"}
        return {"query": _UNKNOWN, "variables": {"input": given}}


@asynccontextmanager
async def cloud_alone() -> AsyncIterator[tuple[ScriptedUpstream, list[str]]]:
    """The cloud, and native ids of its jobs."""
    simulators = Simulators.started()
    async with scripted_upstream(simulators.grid.app) as cloud:
        yield cloud, simulators.job_ids("grid")


@asynccontextmanager
async def serving(
    folder: Path,
    tables: str = "",
    *,
    beside: tuple[ScriptedUpstream, list[str]] | None = None,
) -> AsyncIterator[Serving]:
    """A gateway with `tables` as more of its settings, over a cloud of its own or one `beside`."""
    async with AsyncExitStack() as stack:
        if beside is None:
            beside = await stack.enter_async_context(cloud_alone())
        cloud, jobs = beside
        backend = {
            "provider": "enos",
            "endpoint": cloud.address,
            "org_id": "o1",
            "app_key": "key",
            "app_secret": "enos-app-secret",
        }
        starting = running_gateway({"grid": backend}, tables, folder)
        gateway = await asyncio.to_thread(starting.__enter__)
        stack.push_async_callback(asyncio.to_thread, starting.__exit__, None, None, None)
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=gateway.endpoint.removesuffix("/graphql"),
                trust_env=False,
                timeout=LONG_S,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            )
        )
        yield Serving(gateway=gateway, cloud=cloud, jobs=jobs, http=http)


async def until(is_so: Callable[[], bool], *, within_s: float = LONG_S) -> float:
    """Wait for what nobody tells of; returns how many seconds that took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < within_s
        await asyncio.sleep(0.002)
    return time.monotonic() - began


def is_gone(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has asked yet how."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def children(pid: int) -> set[int]:
    """Processes that a process has started and that run (Linux)."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return {int(child) for child in text.split() if not is_gone(int(child))}


def open_files(pid: int) -> int:
    """How many files, sockets among them, a process has open (Linux)."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def resident_mib(pid: int) -> float:
    """Resident memory of a process (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def post(body: Mapping[str, Any], *headers: str) -> bytes:
    """A POST to the endpoint, as bytes."""
    data = json.dumps(body).encode()
    lines = [
        "POST /graphql HTTP/1.1",
        "Host: gateway.test",
        "Content-Type: application/json",
        f"Content-Length: {len(data)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + data
