"""Simulated clouds in a process of their own, and what they were asked on a port beside them.

It prints one line of JSON once they listen: `backends` (settings of a gateway's backends by name,
made for this run alone), `jobs` (ids by backend) and `calls` (an address: GET tells what each cloud
was asked so far, DELETE makes them forget it).
"""

import argparse
import asyncio
import gc
import json
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.simulators import alibaba, enos
from gateway.simulators.alibaba.calls import CallLog as AlibabaCalls
from gateway.simulators.enos.calls import CallLog as EnosCalls
from tests.read_path.replay import Replay


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cloud:
    """One simulator: its application, its log, and what a gateway must know of it."""

    app: ASGIApp
    calls: AlibabaCalls | EnosCalls
    settings: Mapping[str, object]
    jobs: tuple[str, ...]

    def report(self) -> dict[str, dict[str, Any]]:
        """By operation: calls, the most in any second, and how many were throttled."""
        throttled = [
            call.operation for call in self.calls if str(call.code).startswith("Throttling")
        ]
        return {
            operation: {
                "calls": count,
                "busiest_second": self.calls.busiest_second(operation),
                "throttled": throttled.count(operation),
            }
            for operation, count in self.calls.counts().items()
        }


def _alibaba(sizes: Mapping[str, int]) -> _Cloud:
    known = alibaba.generate_credentials()
    simulator = alibaba.AlibabaSimulator(
        access_key_id=known.access_key_id,
        access_key_secret=known.access_key_secret,
        instance_id=known.instance_id,
        packages=sizes["packages"],
        jobs=sizes["jobs"],
        tasks=sizes["tasks"],
    )
    return _Cloud(
        app=simulator.app,
        calls=simulator.calls,
        settings={
            "provider": "alibaba",
            "access_key_id": known.access_key_id,
            "access_key_secret": known.access_key_secret,
            "instance_id": known.instance_id,
        },
        jobs=tuple(job.id for job in simulator.fleet.jobs),
    )


def _enos(sizes: Mapping[str, int]) -> _Cloud:
    known = enos.generate_credentials()
    simulator = enos.EnosSimulator(
        app_key=known.app_key,
        app_secret=known.app_secret,
        org_id=known.org_id,
        packages=sizes["packages"],
        jobs=sizes["jobs"],
        tasks=sizes["tasks"],
    )
    return _Cloud(
        app=simulator.app,
        calls=simulator.calls,
        settings={
            "provider": "enos",
            "app_key": known.app_key,
            "app_secret": known.app_secret,
            "org_id": known.org_id,
        },
        jobs=tuple(view.job.job_id for view in simulator.fleet.jobs(at_s=time.time())),
    )


def _log_app(clouds: Mapping[str, _Cloud]) -> ASGIApp:
    async def read(_: Request) -> JSONResponse:
        return JSONResponse({name: cloud.report() for name, cloud in clouds.items()})

    async def forget(_: Request) -> JSONResponse:
        for cloud in clouds.values():
            cloud.calls.clear()
        return JSONResponse({})

    return Starlette(
        routes=[
            Route("/calls", read, methods=["GET"]),
            Route("/calls", forget, methods=["DELETE"]),
        ]
    )


class _Server(uvicorn.Server):
    """A server on a free port of its own, which it listens on from the start.

    It leaves signals alone: several servers share this process.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(uvicorn.Config(app, log_level="critical", access_log=False))
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def answer(self) -> None:
        await self.serve([self._listener])


async def _main(sizes: Mapping[str, int], *, replay: bool) -> None:
    clouds = {"alibaba": _alibaba(sizes), "enos": _enos(sizes)}
    servers = {
        name: _Server(Replay(cloud.app) if replay else cloud.app) for name, cloud in clouds.items()
    }
    log = _Server(_log_app(clouds))
    ready = {
        "backends": {
            name: {**cloud.settings, "endpoint": servers[name].address}
            for name, cloud in clouds.items()
        },
        "jobs": {name: cloud.jobs for name, cloud in clouds.items()},
        "calls": f"{log.address}/calls",
    }
    gc.freeze()  # a full collection would hold calls up at the door, and count them as a burst
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    await asyncio.gather(*(server.answer() for server in (*servers.values(), log)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Serve simulated clouds until they are terminated."
    )
    for size, default in {"packages": 50, "jobs": 1_000, "tasks": 20_000}.items():
        parser.add_argument(f"--{size}", type=int, default=default)
    parser.add_argument("--replay", action="store_true", help="answer each question only once")
    options = vars(parser.parse_args())
    asyncio.run(_main(options, replay=options.pop("replay")))
