"""Stand-ins for the vendor clouds, written from the vendors' pages alone."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A simulated cloud, ready to be served.

    Attributes:
        app: the cloud as an ASGI application.
        settings: given the address at which `app` is served, the settings of a gateway's backend
            that may use it; its credentials were made for this simulation alone.
    """

    app: ASGIApp
    settings: Callable[[str], Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorPlugin:
    """What a simulator's folder exports as `SIMULATOR`.

    `key` is that of the provider it stands in for. `start` makes a simulation whose fleet follows
    from the seed, by a clock in epoch seconds.
    """

    key: str
    start: Callable[[int, Callable[[], float]], Simulation]


def discover() -> dict[str, SimulatorPlugin]:
    """Every simulator's folder of this package, by key, in order of key."""
    found: dict[str, SimulatorPlugin] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg:
            plugin = importlib.import_module(f"{__name__}.{module.name}").SIMULATOR
            found[plugin.key] = plugin
    return dict(sorted(found.items()))
