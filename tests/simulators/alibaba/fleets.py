"""Fleets for tests that look at the state itself; building one is cheap, filling it is not."""

from functools import cache

from gateway.simulators.alibaba.fleet import Fleet
from tests.simulators.alibaba.caller import START_S


@cache
def default_fleet() -> Fleet:
    """As large as the simulator makes it unless told otherwise."""
    return make_fleet(packages=24, jobs=420, tasks=60_000)


@cache
def small_fleet() -> Fleet:
    return make_fleet(packages=24, jobs=200, tasks=3_000)


def make_fleet(*, seed: int = 7, packages: int, jobs: int, tasks: int) -> Fleet:
    return Fleet(seed=seed, origin_s=START_S, packages=packages, jobs=jobs, tasks=tasks)
