"""Both simulated clouds in a process of their own, and a desk beside them.

At the desk one learns which writes took effect, whatever their callers got to see, and orders what
shall go wrong next.
"""

import asyncio
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.simulators import alibaba, enos
from tests.exactly_once.targets import Target, alibaba_target, enos_target

Simulators = Mapping[str, alibaba.AlibabaSimulator | enos.EnosSimulator]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What is known of the clouds once they listen, by name: `enos` and `alibaba`.

    `backends` are settings of a gateway's backends, made for this run alone; `targets` what jobs
    can be made for; `desk` is an address.
    """

    backends: Mapping[str, Mapping[str, Any]]
    targets: Mapping[str, Target]
    desk: str


def run_clouds(opened: Connection) -> None:
    """Serve until terminated; tell through `opened` once the clouds listen.

    They take any number of calls, and their devices are slow to do anything by themselves.
    """
    asyncio.run(_serve(opened))


async def _serve(opened: Connection) -> None:
    organisation = asdict(enos.generate_credentials())
    account = asdict(alibaba.generate_credentials())
    grid = enos.EnosSimulator(
        **organisation, packages=8, jobs=24, tasks=2_000, failure_rate=0.0, offline_rate=1.0
    )
    lights = alibaba.AlibabaSimulator(
        **account,
        packages=8,
        jobs=24,
        tasks=2_000,
        throttle=False,
        habits=alibaba.Habits(failing=0.0, lingering=1.0),
    )
    simulators: Simulators = {"enos": grid, "alibaba": lights}
    servers = {name: _Server(simulator.app) for name, simulator in simulators.items()}
    desk = _Server(_desk(simulators))
    settings = {"enos": organisation, "alibaba": account}
    now_s = time.time()
    opened.send(
        Opened(
            backends={
                name: {"provider": name, "endpoint": server.address, **settings[name]}
                for name, server in servers.items()
            },
            targets={"enos": enos_target(grid, now_s), "alibaba": alibaba_target(lights, now_s)},
            desk=desk.address,
        )
    )
    await asyncio.gather(*(server.answer() for server in (*servers.values(), desk)))


def _desk(simulators: Simulators) -> ASGIApp:
    async def executed(_: Request) -> JSONResponse:
        """Every write that took effect, by cloud, in order."""
        return JSONResponse(
            {
                name: [
                    {
                        "operation": write.operation,
                        "parameters": dict(write.parameters),
                        "result_id": write.result_id,
                    }
                    for write in simulator.executed
                ]
                for name, simulator in simulators.items()
            }
        )

    async def calls(_: Request) -> JSONResponse:
        """How often each operation was called, by cloud."""
        return JSONResponse(
            {name: simulator.calls.counts() for name, simulator in simulators.items()}
        )

    async def order(request: Request) -> JSONResponse:
        """Let something go wrong: the name of a method of `faults`, and its arguments."""
        wanted = await request.json()
        faults = simulators[wanted["cloud"]].faults
        getattr(faults, wanted["fault"])(wanted["operation"], **wanted["options"])
        return JSONResponse({})

    return Starlette(
        routes=[
            Route("/executed", executed),
            Route("/calls", calls),
            Route("/faults", order, methods=["POST"]),
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
