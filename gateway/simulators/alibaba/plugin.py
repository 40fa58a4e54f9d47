"""How the demo starts this cloud."""

from collections.abc import Callable, Mapping

from gateway.simulators import Simulation, SimulatorPlugin
from gateway.simulators.alibaba.credentials import generate_credentials
from gateway.simulators.alibaba.simulator import AlibabaSimulator


def _start(seed: int, clock: Callable[[], float]) -> Simulation:
    known = generate_credentials()
    simulator = AlibabaSimulator(
        access_key_id=known.access_key_id,
        access_key_secret=known.access_key_secret,
        instance_id=known.instance_id,
        seed=seed,
        clock=clock,
    )

    def settings(address: str) -> Mapping[str, object]:
        simulator.public_address = address
        return {
            "provider": "alibaba",
            "title": "Alibaba Cloud (simulated)",
            "endpoint": address,
            "access_key_id": known.access_key_id,
            "access_key_secret": known.access_key_secret,
            "instance_id": known.instance_id,
        }

    return Simulation(app=simulator.app, settings=settings)


SIMULATOR = SimulatorPlugin(key="alibaba", start=_start)
