"""The record of calls, and the optional limit that it lets a test watch."""

from collections.abc import Callable

import pytest

from gateway.simulators.enos import EnosSimulator
from gateway.simulators.enos.calls import CallLog, ServedCall
from gateway.simulators.enos.limits import RateLimit

from .conftest import Client, FakeClock


def logged(*arrivals: float, operation: str = "ota-jobs.get", capacity: int = 1000) -> CallLog:
    log = CallLog(capacity=capacity)
    for arrival in arrivals:
        log.record(ServedCall(at_s=arrival, operation=operation, code=0))
    return log


def test_busiest_second_slides_and_leaves_out_the_call_a_full_second_later() -> None:
    log = logged(0.0, 0.6, 0.9, 1.5, 1.9, 7.0)
    assert log.busiest_second("ota-jobs.get") == 3
    assert logged(0.0, 1.0).busiest_second("ota-jobs.get") == 1


def test_busiest_second_equals_a_count_by_hand() -> None:
    arrivals = [(n * n * 0.618) % 20 for n in range(200)]
    by_hand = max(sum(a <= b < a + 1 for b in arrivals) for a in arrivals)
    assert logged(*arrivals).busiest_second("ota-jobs.get") == by_hand


def test_an_operation_never_called_has_no_busy_second() -> None:
    assert logged(1.0).busiest_second("ota-jobs.search") == 0


def test_old_calls_fall_out_while_counts_stay() -> None:
    log = logged(1.0, 2.0, 3.0, capacity=2)
    assert [call.at_s for call in log] == [2.0, 3.0]
    assert len(log) == 2
    assert log.count("ota-jobs.get") == 3
    log.clear()
    assert (len(log), log.counts()) == (0, {})


async def test_served_and_refused_calls_are_recorded(
    client: Client, simulator: EnosSimulator, clock: FakeClock
) -> None:
    await client.search("ota-jobs", "search")
    clock.advance(5)
    await client.get("ota-jobs", "get", jobId="nothing")
    await client.send("POST", "ota-jobs", {"action": "search"}, headers={"apim-signature": "x"})
    calls = list(simulator.calls)
    assert [(call.operation, call.code) for call in calls] == [
        ("token.get", 0),
        ("ota-jobs.search", 0),
        ("ota-jobs.get", 24404),
        ("ota-jobs.search", 1003),
    ]
    assert calls[2].at_s - calls[1].at_s == pytest.approx(5)
    assert simulator.calls.counts()["ota-jobs.search"] == 2


def test_the_limit_counts_each_operation_in_a_sliding_second() -> None:
    limit = RateLimit(per_second=2)
    assert [limit.admits("a", at_s=t) for t in (0.0, 0.5, 0.9, 1.0, 1.4)] == [
        True,
        True,
        False,
        True,
        False,
    ]
    assert limit.admits("b", at_s=0.9)


async def test_no_limit_holds_unless_asked_for(
    connect: Callable[..., tuple[EnosSimulator, Client]],
) -> None:
    simulator, free = connect()
    for _ in range(30):
        assert (await free.search("ota-firmwares", "search"))["code"] == 0
    assert simulator.calls.busiest_second("ota-firmwares.search") == 30

    _, limited = connect(calls_per_second=10)
    await limited.log_in()
    query = {"action": "search", "orgId": "o15475466766371"}
    statuses = [(await limited.send("POST", "ota-firmwares", query)).status_code for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2
