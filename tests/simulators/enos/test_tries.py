"""How devices of new jobs fare: timeouts, automatic retries, asking devices, repeatable chance."""

import math
from dataclasses import replace

import pytest

from gateway.simulators.enos.catalogue import PRODUCTS
from gateway.simulators.enos.records import Attempt, Device, Job
from gateway.simulators.enos.tries import DeviceLuck

from .test_laying import JOB

GOOD = DeviceLuck(seed=1, failure_rate=0.0, offline_rate=0.0)
BAD = DeviceLuck(seed=1, failure_rate=1.0, offline_rate=0.0)


def device(number: int) -> Device:
    return Device(product=PRODUCTS[0], device_key=f"d{number}", asset_id=f"a{number}")


def retrying(policy: dict[str, object] | None) -> Job:
    return replace(JOB, retry=policy)


def drawn(luck: DeviceLuck, of: Job) -> list[tuple[Attempt, ...]]:
    return [luck.attempts(of, device(number)) for number in range(200)]


def test_the_same_seed_draws_the_same() -> None:
    luck = DeviceLuck(seed=1, failure_rate=0.3, offline_rate=0.1)
    assert drawn(luck, JOB) == drawn(luck, JOB)
    assert drawn(luck, JOB) != drawn(replace(luck, seed=2), JOB)


def test_rates_are_kept() -> None:
    luck = DeviceLuck(seed=1, failure_rate=0.3, offline_rate=0.1)
    attempts = drawn(luck, JOB)
    assert 30 <= sum(not tries[0].succeeds for tries in attempts) <= 90
    assert 8 <= sum(tries[0].push_s == math.inf for tries in attempts) <= 40
    assert all(tries[0].succeeds for tries in drawn(GOOD, JOB))


def test_a_try_longer_than_the_timeout_fails_when_it_is_over() -> None:
    short = replace(JOB, timeout_s=300)
    timed_out = [tries for tries in drawn(GOOD, short) if not tries[0].succeeds]
    assert 20 < len(timed_out) < 180
    for (attempt,) in timed_out:
        assert (attempt.run_s, attempt.outcome, attempt.desc) == (300.0, -1, "升级超时")
        assert attempt.peak < 99
    assert all(tries[0].succeeds for tries in drawn(GOOD, replace(JOB, timeout_s=7200)))


@pytest.mark.parametrize(
    ("retry", "tries"),
    [
        (None, 1),
        ({"enableRetry": False}, 1),
        ({"enableRetry": False, "retryInterval": 9, "retryCount": 3}, 1),
        ({}, 1),
        ({"enableRetry": True, "retryInterval": 9, "retryCount": 3}, 4),
    ],
)
def test_failures_are_retried_as_often_as_the_policy_says(
    retry: dict[str, object] | None, tries: int
) -> None:
    for attempts in drawn(BAD, retrying(retry)):
        assert len(attempts) == tries
        assert [attempt.wait_s for attempt in attempts[1:]] == [9.0] * (tries - 1)
    assert {len(attempts) for attempts in drawn(GOOD, retrying(retry))} == {1}


def test_devices_that_ask_come_later_than_those_that_are_pushed() -> None:
    pushed = [tries[0].push_s for tries in drawn(GOOD, JOB)]
    asking = [tries[0].push_s for tries in drawn(GOOD, replace(JOB, enable_upgrade_request=True))]
    assert 0.5 <= min(pushed) <= max(pushed) <= 6
    assert 2 <= min(asking) <= max(asking) <= 45
    assert sum(asking) > 3 * sum(pushed)


def test_each_retry_draws_anew() -> None:
    luck = DeviceLuck(seed=1, failure_rate=0.5, offline_rate=0.0)
    attempts = {luck.retried(JOB, device(0), number=number) for number in range(10)}
    assert len(attempts) == 10
