"""How the demo starts this cloud."""

from collections.abc import Callable, Mapping

from gateway.simulators import Simulation, SimulatorPlugin
from gateway.simulators.enos.credentials import generate_credentials
from gateway.simulators.enos.simulator import EnosSimulator


def _start(seed: int, clock: Callable[[], float]) -> Simulation:
    known = generate_credentials()
    simulator = EnosSimulator(
        app_key=known.app_key,
        app_secret=known.app_secret,
        org_id=known.org_id,
        seed=seed,
        clock=clock,
    )

    def settings(address: str) -> Mapping[str, object]:
        return {
            "provider": "enos",
            "title": "EnOS (simulated)",
            "endpoint": address,
            "org_id": known.org_id,
            "app_key": known.app_key,
            "app_secret": known.app_secret,
        }

    return Simulation(app=simulator.app, settings=settings)


SIMULATOR = SimulatorPlugin(key="enos", start=_start)
