"""Every provider there is, the test folder's own included, over the simulation with its key."""

import itertools
import time
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Final

import httpx
import pytest

from gateway import providers, simulators
from gateway.settings import Settings
from tests.conformance.subject import Cloud, Subject, running_subject
from tests.third_provider.joining import acme_joins

_STEP_S: Final = 0.1
"""How far a simulation's clock goes at each look, so that rate limits are kept without waiting."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test here once for each provider, in order of key."""
    if "key" in metafunc.fixturenames:
        with acme_joins():
            metafunc.parametrize("key", list(providers.discover()), scope="session")


@cache
def _cloud(key: str) -> Cloud:
    """The simulated cloud of one provider; started once, since fleets are large."""
    with acme_joins():
        plugin = providers.discover()[key]
        simulation = simulators.discover()[key].start(7, _ticking())
        table = dict(simulation.settings("http://127.0.0.1:9"))
        settings = Settings.build({"backends": {"under_test": table}})
    return Cloud(
        plugin=plugin,
        settings=settings.backends["under_test"].own,
        transport=httpx.ASGITransport(simulation.app),
    )


def _ticking() -> Callable[[], float]:
    began = time.time()  # signatures carry the real time, and simulations check it
    looks = itertools.count()
    return lambda: began + _STEP_S * next(looks)


@pytest.fixture
def cloud(key: str) -> Cloud:
    return _cloud(key)


@pytest.fixture
async def subject(cloud: Cloud) -> AsyncIterator[Subject]:
    async with running_subject(cloud) as subject:
        yield subject
