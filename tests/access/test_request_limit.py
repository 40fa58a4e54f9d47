import math

import pytest

from gateway.access.request_limit import RequestLimit, RequestRate
from gateway.domain.errors import TooManyRequestsError


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def limit(clock: Clock, *, per_second: float = 10, burst: int = 5, most: int = 100) -> RequestLimit:
    rate = RequestRate(per_second=per_second, burst=burst)
    return RequestLimit(rate, clock=clock, max_principals=most)


def admitted(subject: RequestLimit, attempts: int, principal: str = "key:ci") -> int:
    count = 0
    for _ in range(attempts):
        try:
            subject.charge(principal)
        except TooManyRequestsError:
            continue
        count += 1
    return count


def test_a_burst_passes_and_then_the_rate() -> None:
    clock = Clock()
    subject = limit(clock)

    assert admitted(subject, 50) == 5
    clock.now += 0.1
    assert admitted(subject, 50) == 1
    clock.now += 0.3
    assert admitted(subject, 50) == 3
    clock.now += 1_000
    assert admitted(subject, 50) == 5


def test_the_refusal_says_when_one_request_may_come() -> None:
    clock = Clock()
    subject = limit(clock)
    admitted(subject, 5)
    clock.now += 0.04

    with pytest.raises(TooManyRequestsError) as caught:
        subject.charge("key:ci")

    wait_s = caught.value.retry_after_s
    assert wait_s == pytest.approx(0.06)
    assert wait_s is not None
    clock.now = math.nextafter(clock.now + wait_s, math.inf)
    subject.charge("key:ci")


def test_requests_at_exactly_the_rate_are_never_refused() -> None:
    clock = Clock()
    subject = limit(clock, per_second=30, burst=1)
    for _ in range(10_000):
        subject.charge("key:ci")
        clock.now += 1 / 30


def test_being_refused_costs_nothing() -> None:
    clock = Clock()
    subject = limit(clock)
    admitted(subject, 10_000)
    clock.now += 0.5
    assert admitted(subject, 50) == 5


def test_principals_have_a_bucket_each() -> None:
    subject = limit(Clock())
    assert admitted(subject, 50, "key:ci") == 5
    assert admitted(subject, 50, "jwt:ci") == 5


def test_a_rate_of_0_sets_no_limit() -> None:
    assert admitted(limit(Clock(), per_second=0), 1_000) == 1_000


def test_the_table_of_principals_is_bounded() -> None:
    subject = limit(Clock(), most=10)
    admitted(subject, 50, "key:ci")
    for number in range(9):
        admitted(subject, 1, f"jwt:{number}")
    assert admitted(subject, 1, "key:ci") == 0
    for number in range(10):
        admitted(subject, 1, f"jwt:{number}")
    assert admitted(subject, 1, "key:ci") == 1
