import asyncio
from itertools import pairwise

import pytest

from gateway.domain.call import CallContext, Priority, calling
from gateway.domain.errors import BudgetExhaustedError
from gateway.domain.metrics import CountingMetrics, Metrics
from gateway.transport.budget import Budget
from gateway.transport.pace import LocalPace
from tests.transport.virtual_time import clock, virtual_time


def ten_a_second(*, metrics: Metrics | None = None, queue_size: int = 256) -> Budget:
    return Budget({"op": 10.0}, backend="b1", queue_size=queue_size, metrics=metrics, clock=clock)


def near(moment: float) -> object:
    """Equal to whatever is within a millisecond of `moment`."""
    return pytest.approx(moment, abs=0.001)


class Calls:
    """Starts calls and remembers who got through, and when."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.through: list[tuple[str, float]] = []

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.through]

    def start(
        self,
        name: str,
        priority: Priority = Priority.PERSON,
        *,
        deadline: float | None = None,
        operation: str = "op",
        lasts_s: float = 0.0,
    ) -> asyncio.Task[None]:
        async def call() -> None:
            await self.budget.acquire(operation, priority=priority, deadline=deadline)
            self.through.append((name, clock()))
            try:
                await asyncio.sleep(lasts_s)
            finally:
                self.budget.release()

        return asyncio.create_task(call())


def most_in_a_second(moments: list[float]) -> int:
    return max(sum(start <= other < start + 1 for other in moments) for start in moments)


async def refusal(task: asyncio.Task[None]) -> BudgetExhaustedError:
    with pytest.raises(BudgetExhaustedError) as caught:
        await task
    return caught.value


@virtual_time
async def test_no_second_sees_more_calls_than_the_rate() -> None:
    calls = Calls(ten_a_second())
    await asyncio.gather(*(calls.start(str(n)) for n in range(40)))
    moments = [moment for _, moment in calls.through]
    assert most_in_a_second(moments) == 10
    assert moments[-1] == pytest.approx(39 * 0.105, abs=0.001)


@virtual_time
async def test_persons_come_before_subscriptions_before_background_work() -> None:
    calls = Calls(ten_a_second())
    tasks = [
        calls.start("first"),
        calls.start("refresh 1", Priority.BACKGROUND),
        calls.start("refresh 2", Priority.BACKGROUND),
        calls.start("watch", Priority.SUBSCRIPTION),
    ]
    await asyncio.sleep(0.15)
    tasks += [calls.start("person 1"), calls.start("person 2")]
    await asyncio.gather(*tasks)
    assert calls.names == ["first", "watch", "person 1", "person 2", "refresh 1", "refresh 2"]


@virtual_time
async def test_late_person_gets_the_moment_that_background_work_waits_for() -> None:
    calls = Calls(ten_a_second())
    tasks = [calls.start("first"), calls.start("refresh", Priority.BACKGROUND)]
    await asyncio.sleep(0.1)
    tasks.append(calls.start("person"))
    await asyncio.gather(*tasks)
    assert calls.through[1] == ("person", near(0.105))


@virtual_time
async def test_background_work_without_deadline_waits_as_long_as_it_takes() -> None:
    calls = Calls(ten_a_second())
    tasks = [calls.start(str(n)) for n in range(50)]
    tasks.append(calls.start("refresh", Priority.BACKGROUND))
    await asyncio.gather(*tasks)
    assert calls.names[-1] == "refresh"


@virtual_time
async def test_caller_who_cannot_be_served_in_time_is_told_at_once() -> None:
    metrics = CountingMetrics()
    calls = Calls(ten_a_second(metrics=metrics))
    tasks = [calls.start(str(n)) for n in range(11)]
    await asyncio.sleep(0)
    refused = await refusal(calls.start("late", deadline=clock() + 1.0))
    assert clock() < 0.001
    assert refused.retry_after_s == pytest.approx(11 * 0.105, abs=0.001)
    assert metrics.total("budget.refused", operation="op", reason="deadline") == 1
    in_time = calls.start("in time", deadline=clock() + 1.2)
    await asyncio.gather(*tasks, in_time)
    assert calls.names[-1] == "in time"


@virtual_time
async def test_deadline_that_has_passed_is_refused_before_waiting() -> None:
    calls = Calls(ten_a_second())
    await calls.start("first")
    await refusal(calls.start("late", deadline=clock() - 1))
    assert clock() < 0.001


@virtual_time
async def test_persons_who_come_later_push_others_past_their_deadline() -> None:
    calls = Calls(ten_a_second())
    first = calls.start("first")
    refresh = calls.start("refresh", Priority.BACKGROUND, deadline=0.3)
    await asyncio.sleep(0.01)
    person = calls.start("person 1")
    await asyncio.sleep(0.01)
    assert not refresh.done()
    persons = [calls.start("person 2"), calls.start("person 3")]
    await refusal(refresh)
    assert clock() < 0.03
    await asyncio.gather(first, person, *persons)


@virtual_time
async def test_throttle_refuses_those_who_are_now_too_late() -> None:
    budget = ten_a_second()
    calls = Calls(budget)
    tasks = [calls.start(str(n), deadline=1.0) for n in range(9)]
    await asyncio.sleep(0.01)
    await budget.throttled("op")
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(result, BudgetExhaustedError) for result in results) > 3
    assert len(calls.through) > 3
    assert calls.through[-1][1] <= 1.0


@virtual_time
async def test_cancelled_caller_uses_no_moment() -> None:
    calls = Calls(ten_a_second())
    await calls.start("first")
    gone = calls.start("gone")
    others = [calls.start("second"), calls.start("third")]
    await asyncio.sleep(0.01)
    gone.cancel()
    await asyncio.gather(*others)
    assert calls.through[1:] == [
        ("second", near(0.105)),
        ("third", near(0.21)),
    ]


@virtual_time
async def test_moment_nobody_waits_for_any_more_stays_free() -> None:
    calls = Calls(ten_a_second())
    await calls.start("first")
    gone = calls.start("gone")
    await asyncio.sleep(0.1)
    gone.cancel()
    await asyncio.sleep(0.01)
    started = clock()
    await calls.start("second")
    assert calls.through[-1] == ("second", near(started))


@virtual_time
async def test_caller_cancelled_as_it_is_let_through_gives_its_place_back() -> None:
    class Treacherous(LocalPace):
        victim: asyncio.Task[None] | None = None

        def take_now(self, operation: str) -> bool:
            return False

        async def take(self, operation: str, *, within_s: float | None) -> float:
            if self.victim is not None:
                asyncio.get_running_loop().call_soon(self.victim.cancel)
                self.victim = None
            return clock()

    pace = Treacherous({})
    calls = Calls(Budget(pace=pace, max_concurrent=1, clock=clock))
    pace.victim = gone = calls.start("gone")
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert calls.names == []
    await asyncio.wait_for(calls.start("second"), 1)


@virtual_time
async def test_only_so_many_calls_are_under_way_at_once() -> None:
    calls = Calls(Budget({}, max_concurrent=3, clock=clock))
    await asyncio.gather(*(calls.start(str(n), operation="any", lasts_s=1) for n in range(7)))
    starts = [moment for _, moment in calls.through]
    assert starts == pytest.approx([0, 0, 0, 1, 1, 1, 2], abs=0.001)


@virtual_time
async def test_calls_held_up_by_others_under_way_do_not_leave_in_a_burst() -> None:
    calls = Calls(Budget({"op": 10.0}, max_concurrent=5, clock=clock))
    await asyncio.gather(*(calls.start(str(n), lasts_s=3) for n in range(20)))
    moments = [moment for _, moment in calls.through]
    gaps = [after - before for before, after in pairwise(moments)]
    assert min(gaps) >= 0.1049


@virtual_time
async def test_deadline_passes_while_others_are_under_way() -> None:
    calls = Calls(Budget({}, max_concurrent=1, clock=clock))
    long = calls.start("long", lasts_s=10)
    await refusal(calls.start("late", deadline=2.0))
    assert clock() == pytest.approx(2.0, abs=0.001)
    await long


@virtual_time
async def test_queue_has_an_end() -> None:
    metrics = CountingMetrics()
    calls = Calls(ten_a_second(queue_size=5, metrics=metrics))
    tasks = [calls.start(str(n)) for n in range(6)]
    await asyncio.sleep(0)
    refused = await refusal(calls.start("too many"))
    assert refused.retry_after_s == pytest.approx(6 * 0.105, abs=0.001)
    assert metrics.total("budget.refused", reason="queue_full") == 1
    await asyncio.gather(*tasks)


@virtual_time
async def test_operations_wait_for_their_own_rate_only() -> None:
    calls = Calls(Budget({"a": 1.0, "b": 1.0}, clock=clock))
    tasks = [calls.start(f"{name}{n}", operation=name) for n in range(2) for name in "ab"]
    await asyncio.gather(*tasks)
    assert calls.through[3][1] == pytest.approx(1.05, abs=0.001)


@virtual_time
async def test_time_in_the_queue_stands_on_the_bill_and_in_the_metrics() -> None:
    metrics = CountingMetrics()
    budget = ten_a_second(metrics=metrics)
    await Calls(budget).start("first")
    context = CallContext()
    with calling(context):
        await budget.acquire("op")
    assert context.bill.waited_s == pytest.approx(0.105, abs=0.001)
    assert metrics.total("budget.wait", backend="b1", operation="op") == 1


@virtual_time
async def test_report_tells_what_is_in_use_waiting_and_throttled() -> None:
    budget = Budget({"op": 10.0, "other": 5.0}, clock=clock)
    calls = Calls(budget)
    tasks = [calls.start(str(n)) for n in range(15)]
    await asyncio.sleep(0.5)
    await budget.throttled("op")
    await budget.acquire("free")
    free, op, other = budget.report()
    assert (free.operation, free.limit_per_second, free.effective_per_second) == (
        "free",
        None,
        None,
    )
    assert (op.operation, op.limit_per_second) == ("op", 10.0)
    assert op.effective_per_second == pytest.approx(5.0, abs=0.01)
    assert (op.in_use, op.waiting, op.throttled) == (5, 10, 1)
    assert (other.in_use, other.waiting, other.throttled) == (0, 0, 0)
    await asyncio.gather(*tasks)
    await asyncio.sleep(1)
    assert budget.report()[1].in_use == 0


@virtual_time
async def test_closing_refuses_those_who_wait() -> None:
    budget = ten_a_second()
    calls = Calls(budget)
    await calls.start("first")
    waiting = [calls.start(str(n)) for n in range(3)]
    await asyncio.sleep(0.01)
    await budget.aclose()
    for task in waiting:
        await refusal(task)


@virtual_time
async def test_failing_pace_fails_the_callers_and_not_the_budget() -> None:
    class Broken(LocalPace):
        broken = True

        def take_now(self, operation: str) -> bool:
            return False

        async def take(self, operation: str, *, within_s: float | None) -> float:
            if self.broken:
                message = "broken"
                raise OSError(message)
            return clock()

    pace = Broken({}, clock=clock)
    calls = Calls(Budget(pace=pace, max_concurrent=1, clock=clock))
    with pytest.raises(OSError, match="broken"):
        await calls.start("first")
    pace.broken = False
    await calls.start("second")
    assert calls.names == ["second"]


@virtual_time
async def test_server_of_a_queue_leaves_no_task_behind() -> None:
    calls = Calls(ten_a_second())
    await asyncio.gather(*(calls.start(str(n)) for n in range(3)))
    await asyncio.sleep(1)
    assert len(asyncio.all_tasks()) == 1
