import pytest

from gateway.domain.errors import (
    BudgetExhaustedError,
    ConflictError,
    GatewayError,
    NotFoundError,
    ProviderAuthError,
    ProviderContractError,
    ProviderRateLimitedError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from gateway.transport.breaker import CircuitOpenError
from gateway.transport.errors import NeverSentError
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.retry import RetryBudget, RetryRule

UNAVAILABLE = ProviderUnavailableError("down")


class FakeClock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def rule(draw: float = 0.5, clock: FakeClock | None = None) -> RetryRule:
    return RetryRule(policy=UpstreamPolicy(), clock=clock or FakeClock(), draw=lambda: draw)


def wait_s(
    error: GatewayError,
    *,
    draw: float = 0.5,
    attempt: int = 1,
    repeatable: bool = True,
    deadline: float | None = None,
) -> float | None:
    return rule(draw).wait_s(error, attempt=attempt, repeatable=repeatable, deadline=deadline)


@pytest.mark.parametrize(
    ("error", "read", "write"),
    [
        (ProviderUnavailableError("x"), True, False),
        (ProviderTimeoutError("x"), True, False),
        (NeverSentError("x"), True, True),
        (ProviderRateLimitedError("x"), True, True),
        (CircuitOpenError(retry_after_s=1), False, False),
        (ProviderAuthError("x"), False, False),
        (ProviderRejectedError("x"), False, False),
        (ProviderContractError("x"), False, False),
        (NotFoundError("x"), False, False),
        (ConflictError("x"), False, False),
        (BudgetExhaustedError("x"), False, False),
    ],
)
def test_only_what_may_succeed_and_cannot_act_twice_is_repeated(
    error: GatewayError, read: bool, write: bool
) -> None:
    assert (wait_s(error) is not None) is read
    assert (wait_s(error, repeatable=False) is not None) is write


def test_backoff_doubles_and_is_drawn_from_all_of_it() -> None:
    assert wait_s(UNAVAILABLE, draw=0) == 0
    assert wait_s(UNAVAILABLE, draw=0.999) == pytest.approx(0.1998)
    assert wait_s(UNAVAILABLE, draw=0.999, attempt=2) == pytest.approx(0.3996)


def test_third_attempt_is_the_last() -> None:
    assert wait_s(UNAVAILABLE, attempt=2) is not None
    assert wait_s(UNAVAILABLE, attempt=3) is None


def test_throttled_call_waits_a_second_or_what_it_was_told() -> None:
    assert wait_s(ProviderRateLimitedError("x"), draw=0) == 1.0
    assert wait_s(ProviderRateLimitedError("x"), draw=0.5) == 1.25
    assert wait_s(ProviderRateLimitedError("x", retry_after_s=4), draw=0.5) == 4
    assert wait_s(ProviderRateLimitedError("x", retry_after_s=0.1), draw=0) == 1.0


def test_wait_past_the_deadline_fails_at_once_and_says_when_to_try_again() -> None:
    error = ProviderRateLimitedError("x", retry_after_s=4)
    assert wait_s(error, deadline=1004.0) is None
    assert error.retry_after_s == 4
    assert wait_s(error, deadline=1004.1) == 4
    silent = ProviderRateLimitedError("x")
    assert wait_s(silent, draw=0, deadline=1000.5) is None
    assert silent.retry_after_s == 1.0


def test_caller_without_deadline_does_not_wait_for_an_hour() -> None:
    assert wait_s(ProviderRateLimitedError("x", retry_after_s=3600)) is None
    assert wait_s(ProviderRateLimitedError("x", retry_after_s=29)) == 29


def test_retries_are_a_tenth_of_the_calls() -> None:
    clock = FakeClock()
    budget = RetryBudget(clock=clock)
    for _ in range(500):
        budget.note_call()
    assert sum(budget.pay() for _ in range(500)) == 50
    clock.now += 10
    assert sum(budget.pay() for _ in range(500)) == 10


def test_quiet_backend_may_have_one_retry_a_second() -> None:
    clock = FakeClock()
    budget = RetryBudget(clock=clock)
    paid = 0
    for _ in range(100):
        budget.note_call()
        paid += budget.pay()
        clock.now += 1
    assert paid == 100
    assert sum(budget.pay() for _ in range(20)) <= 1


def test_outage_is_met_with_at_most_a_tenth_more_calls() -> None:
    clock = FakeClock()
    retry = rule(clock=clock)
    sent = 0
    for _ in range(1000):
        retry.note_call()
        attempt = 1
        while retry.wait_s(UNAVAILABLE, attempt=attempt, repeatable=True, deadline=None):
            attempt += 1
        sent += attempt
    assert sent == 1100
