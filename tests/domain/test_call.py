import asyncio
import math
import time

import pytest

from gateway.domain.call import CallContext, Priority, calling, current_call


def test_persons_are_served_first_and_background_work_last() -> None:
    assert sorted(Priority) == [Priority.PERSON, Priority.SUBSCRIPTION, Priority.BACKGROUND]


def test_outside_of_a_request_there_is_a_fresh_context_each_time() -> None:
    call = current_call()
    call.bill.calls = 7
    assert call.priority is Priority.PERSON
    assert call.remaining_s() is None
    assert current_call().bill.calls == 0


def test_the_context_holds_within_its_block_and_no_longer() -> None:
    outer, inner = CallContext(), CallContext(priority=Priority.BACKGROUND)
    with calling(outer) as given:
        assert given is outer
        with calling(inner):
            assert current_call() is inner
        assert current_call() is outer
    assert current_call() is not outer


def test_the_context_ends_with_its_block_even_if_that_fails() -> None:
    outer = CallContext()
    with pytest.raises(LookupError), calling(outer):
        raise LookupError
    assert current_call() is not outer


async def test_a_task_keeps_the_context_that_it_was_started_in() -> None:
    async def ask() -> CallContext:
        await asyncio.sleep(0)
        return current_call()

    context = CallContext()
    with calling(context):
        task = asyncio.create_task(ask())
    with calling(CallContext()):
        assert await task is context


def test_remaining_time_runs_out_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    assert CallContext(deadline=103.5).remaining_s() == 3.5
    assert CallContext(deadline=100.0).remaining_s() == 0.0
    assert CallContext(deadline=90.0).remaining_s() == 0.0
    assert CallContext(deadline=math.inf).remaining_s() == math.inf


def test_each_request_has_a_bill_of_its_own() -> None:
    one, other = CallContext(), CallContext()
    one.bill.calls += 1
    assert (one.bill.calls, other.bill.calls) == (1, 0)
