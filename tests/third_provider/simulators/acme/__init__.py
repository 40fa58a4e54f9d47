"""Acme's cloud: a handful of GET operations over JSON, with a key in a header."""

import secrets
from collections.abc import Callable, Mapping

from gateway.simulators import Simulation, SimulatorPlugin

from .cloud import AcmeCloud


def _start(seed: int, clock: Callable[[], float]) -> Simulation:
    key = secrets.token_hex(16)
    cloud = AcmeCloud(key=key, seed=seed, now_s=clock())

    def settings(address: str) -> Mapping[str, object]:
        return {"provider": "acme", "endpoint": address, "key": key}

    return Simulation(app=cloud.app, settings=settings)


SIMULATOR = SimulatorPlugin(key="acme", start=_start)
