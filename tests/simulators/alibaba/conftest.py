"""A small simulator on a fake clock and a client of it."""

import pytest

from gateway.simulators.alibaba import AlibabaSimulator
from tests.simulators.alibaba.caller import INSTANCE, KEY_ID, KEY_SECRET, Caller, FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def simulator(clock: FakeClock) -> AlibabaSimulator:
    return AlibabaSimulator(
        access_key_id=KEY_ID,
        access_key_secret=KEY_SECRET,
        instance_id=INSTANCE,
        clock=clock,
        packages=12,
        jobs=80,
        tasks=1_200,
        throttle=False,
    )


@pytest.fixture
def caller(simulator: AlibabaSimulator, clock: FakeClock) -> Caller:
    return Caller(simulator, clock)
