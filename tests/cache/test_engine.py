"""What one replica answers, and when it asks the cloud."""

import asyncio
import gc
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime

import pytest

from gateway.cache.engine import ReadEngine
from gateway.cache.policy import ReadPolicy
from gateway.domain.call import CallContext, Priority, UpstreamBill, calling, current_call
from gateway.domain.errors import (
    DeadlineExceededError,
    NotFoundError,
    ProviderAuthError,
    ProviderContractError,
    ProviderUnavailableError,
)
from gateway.domain.freshness import FreshnessSource, Sourced
from tests.cache.bench import FRESH_S, USABLE_S, Bench, Upstream, text_spec, turns

LIVE, CACHE, STALE = FreshnessSource.LIVE, FreshnessSource.CACHE, FreshnessSource.STALE
SPEC = text_spec()


def said(answer: Sourced[str]) -> tuple[str, FreshnessSource]:
    return answer.value, answer.freshness.source


async def test_a_cold_read_is_live_and_the_next_comes_from_the_cache() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    assert said(await engine.read(SPEC, cloud.load)) == ("one", LIVE)
    asked_at = bench.clock.now
    bench.clock.now += FRESH_S - 0.1
    answer = await engine.read(SPEC, cloud.load)
    assert said(answer) == ("one", CACHE)
    assert answer.freshness.as_of == datetime.fromtimestamp(asked_at, UTC)
    assert cloud.calls == 1
    assert bench.metrics.total("cache.miss", backend="cloud", kind="job") == 1
    assert bench.metrics.total("cache.hit", backend="cloud", kind="job") == 1


async def test_a_stale_answer_is_given_at_once_and_refreshed_once_behind() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await engine.read(SPEC, cloud.load)
    bench.clock.now += FRESH_S
    cloud.answer = "two"
    cloud.gate.clear()
    answers = await asyncio.gather(*(engine.read(SPEC, cloud.load) for _ in range(100)))
    assert {said(answer) for answer in answers} == {("one", STALE)}
    await turns()
    assert cloud.calls == 2
    cloud.gate.set()
    await turns()
    assert said(await engine.read(SPEC, cloud.load)) == ("two", CACHE)
    assert bench.metrics.total("cache.stale_hit", kind="job") == 100
    assert bench.metrics.total("cache.refresh", kind="job", outcome="ok") == 1


async def test_a_refresh_runs_in_the_background_on_its_own_account() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await engine.read(SPEC, cloud.load)
    bench.clock.now += FRESH_S
    seen: list[CallContext] = []

    async def load() -> str:
        seen.append(current_call())
        current_call().bill.calls += 1
        return "two"

    person = CallContext(deadline=bench.clock.now + 1)
    with calling(person):
        await engine.read(SPEC, load)
        await turns()
    assert [context.priority for context in seen] == [Priority.BACKGROUND]
    assert seen[0].deadline == bench.clock.now + ReadPolicy().refresh_s
    assert person.bill == UpstreamBill(calls=0, saved=1)


async def test_a_flight_sees_the_context_of_its_caller_but_a_refresh_sees_none() -> None:
    bench = Bench()
    engine = bench.engine()
    request_id: ContextVar[str] = ContextVar("request_id", default="none")
    request_id.set("r-1")
    seen: list[str] = []

    async def load() -> str:
        seen.append(request_id.get())
        return "one"

    for _ in range(2):
        await engine.read(SPEC, load)
        bench.clock.now += FRESH_S
    await turns()
    assert seen == ["r-1", "none"]


async def test_past_its_usable_time_an_answer_is_fetched() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await engine.read(SPEC, cloud.load)
    bench.clock.now += USABLE_S
    cloud.answer = "two"
    assert said(await engine.read(SPEC, cloud.load)) == ("two", LIVE)


async def test_a_dead_cloud_is_bridged_with_an_honest_age_until_it_is_back() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await engine.read(SPEC, cloud.load)
    stored_at = bench.clock.now
    cloud.answer = ProviderUnavailableError("down")
    for _ in range(300):  # through the usable time and the time that an error extends it by
        bench.clock.now += FRESH_S
        answer = await engine.read(SPEC, cloud.load)
        assert said(answer) == ("one", STALE)
        now = datetime.fromtimestamp(bench.clock.now, UTC)
        assert answer.freshness.age_s(now) == pytest.approx(bench.clock.now - stored_at)
        await turns(5)
    cloud.answer = "two"
    assert said(await engine.read(SPEC, cloud.load)) == ("two", LIVE)
    bench.clock.now += FRESH_S
    cloud.answer = "three"
    assert said(await engine.read(SPEC, cloud.load)) == ("two", STALE)
    await turns()
    assert said(await engine.read(SPEC, cloud.load)) == ("three", CACHE)


async def test_after_all_its_time_an_answer_no_longer_stands_in() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await engine.read(SPEC, cloud.load)
    bench.clock.now += USABLE_S + ReadPolicy().stale_if_error_s
    cloud.answer = ProviderUnavailableError("down")
    with pytest.raises(ProviderUnavailableError):
        await engine.read(SPEC, cloud.load)


async def test_a_malformed_reply_is_bridged_but_a_refusal_of_our_rights_is_told() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await engine.read(SPEC, cloud.load)
    bench.clock.now += USABLE_S
    cloud.answer = ProviderContractError("not JSON")
    assert said(await engine.read(SPEC, cloud.load)) == ("one", STALE)
    cloud.answer = ProviderAuthError("refused")
    with pytest.raises(ProviderAuthError):
        await engine.read(SPEC, cloud.load)


async def test_an_absent_object_is_remembered_for_five_seconds() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.answer = NotFoundError("no such job")
    for _ in range(3):
        with pytest.raises(NotFoundError, match="no such job"):
            await engine.read(SPEC, cloud.load)
    assert cloud.calls == 1
    bench.clock.now += 5
    cloud.answer = "born"
    assert said(await engine.read(SPEC, cloud.load)) == ("born", LIVE)


async def test_an_object_that_is_gone_replaces_its_last_answer() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await engine.read(SPEC, cloud.load)
    bench.clock.now += USABLE_S
    cloud.answer = NotFoundError("deleted")
    for _ in range(2):
        with pytest.raises(NotFoundError):
            await engine.read(SPEC, cloud.load)
    assert cloud.calls == 2


async def test_other_errors_are_not_kept() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.answer = ProviderAuthError("refused")
    for _ in range(2):
        with pytest.raises(ProviderAuthError):
            await engine.read(SPEC, cloud.load)
    assert cloud.calls == 2


@pytest.mark.parametrize(("age_s", "source"), [(3.0, CACHE), (3.1, LIVE)])
async def test_a_maximum_age_is_held(age_s: float, source: FreshnessSource) -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await engine.read(SPEC, cloud.load)
    bench.clock.now += age_s
    assert (await engine.read(SPEC, cloud.load, max_age_s=3)).freshness.source is source


async def test_a_maximum_age_does_not_make_an_unusable_answer_usable() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await engine.read(SPEC, cloud.load)
    bench.clock.now += USABLE_S
    assert said(await engine.read(SPEC, cloud.load, max_age_s=1e6)) == ("one", LIVE)


async def test_a_maximum_age_of_zero_asks_the_cloud_even_in_the_same_instant() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await engine.read(SPEC, cloud.load)
    assert said(await engine.read(SPEC, cloud.load, max_age_s=0)) == ("one", LIVE)
    assert cloud.calls == 2


async def test_asked_for_now_a_dead_cloud_gets_the_old_answer_marked_stale() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await engine.read(SPEC, cloud.load)
    cloud.answer = ProviderUnavailableError("down")
    assert said(await engine.read(SPEC, cloud.load, max_age_s=0)) == ("one", STALE)


async def test_a_thousand_callers_of_a_cold_key_cost_one_call() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    bill = UpstreamBill()

    async def load() -> str:
        current_call().bill.calls += 1
        return await cloud.load()

    with calling(CallContext(bill=bill)):
        answers = await asyncio.gather(*(engine.read(SPEC, load) for _ in range(1_000)))
    assert {said(answer) for answer in answers} == {("one", LIVE)}
    assert cloud.calls == 1
    assert bill == UpstreamBill(calls=1, saved=999)
    assert bench.metrics.total("cache.joined", kind="job") == 999


async def test_callers_of_the_same_instant_share_a_flight_even_if_asked_for_now() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await asyncio.gather(*(engine.read(SPEC, cloud.load, max_age_s=0) for _ in range(1_000)))
    assert cloud.calls == 1


async def test_asked_for_now_nobody_joins_a_flight_that_began_before() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.gate.clear()
    first = asyncio.create_task(engine.read(SPEC, cloud.load))
    await turns()
    bench.clock.now += 0.001
    now = asyncio.create_task(engine.read(SPEC, cloud.load, max_age_s=0))
    lenient = asyncio.create_task(engine.read(SPEC, cloud.load, max_age_s=1))
    await turns()
    assert cloud.calls == 2
    cloud.gate.set()
    await asyncio.gather(first, now, lenient)
    assert cloud.calls == 2


@pytest.mark.parametrize("slow", [0, 1])
async def test_of_two_loads_that_overtake_each_other_the_one_asked_later_is_kept(slow: int) -> None:
    bench, clouds = Bench(), [Upstream(), Upstream()]
    engine = bench.engine()
    readings = []
    for number, cloud in enumerate(clouds):
        cloud.answer = f"asked as number {number}"
        cloud.gate.clear()
        readings.append(asyncio.create_task(engine.read(SPEC, cloud.load, max_age_s=0)))
        await turns()
        bench.clock.now += 0.1
    for number in (1 - slow, slow):
        clouds[number].gate.set()
        await turns()
        bench.clock.now += 0.1
    await asyncio.gather(*readings)
    assert said(await engine.read(SPEC, clouds[0].load)) == ("asked as number 1", CACHE)


async def test_two_hundred_waiters_on_a_failing_load_fail_once_each_with_their_own_error() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.answer = ProviderUnavailableError("down", backend="cloud", operation="GetJob")
    results = await asyncio.gather(
        *(engine.read(SPEC, cloud.load) for _ in range(200)), return_exceptions=True
    )
    errors = [result for result in results if isinstance(result, ProviderUnavailableError)]
    assert len(errors) == 200
    assert cloud.calls == 1
    assert len({id(error) for error in errors}) == 200
    assert {(e.message, e.backend, e.operation) for e in errors} == {("down", "cloud", "GetJob")}
    depths = {len(traceback.extract_tb(error.__traceback__)) for error in errors}
    assert len(depths) == 1
    assert len(traceback.extract_tb(cloud.answer.__traceback__)) == 2  # attempt, load


async def test_a_failed_flight_leaves_nothing_behind() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()

    class TracedError(ProviderUnavailableError):
        """Of this test alone, so that its instances can be counted."""

    async def load() -> str:
        message = "down"
        raise TracedError(message)

    for _ in range(3):
        with pytest.raises(TracedError):
            await engine.read(SPEC, load)
    await turns()
    gc.collect()
    assert not [thing for thing in gc.get_objects() if isinstance(thing, TracedError)]
    assert said(await engine.read(SPEC, cloud.load)) == ("one", LIVE)


async def test_waiters_on_a_failing_load_get_the_old_answer_where_there_is_one() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await engine.read(SPEC, cloud.load)
    bench.clock.now += USABLE_S
    cloud.answer = ProviderUnavailableError("down")
    answers = await asyncio.gather(*(engine.read(SPEC, cloud.load) for _ in range(200)))
    assert {said(answer) for answer in answers} == {("one", STALE)}
    assert cloud.calls == 2


async def test_an_error_that_no_one_expects_reaches_every_waiter() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.answer = KeyError("bug")
    results = await asyncio.gather(
        *(engine.read(SPEC, cloud.load) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [KeyError] * 3
    assert cloud.calls == 1


async def test_the_first_caller_cancelled_leaves_the_others_their_answer() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.gate.clear()
    callers = [asyncio.create_task(engine.read(SPEC, cloud.load)) for _ in range(200)]
    await turns()
    callers[0].cancel()
    await turns()
    cloud.gate.set()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert [result.value for result in results[1:] if isinstance(result, Sourced)] == ["one"] * 199
    assert cloud.calls == 1


async def test_when_all_callers_have_left_the_flight_still_fills_the_cache() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.gate.clear()
    caller = asyncio.create_task(engine.read(SPEC, cloud.load))
    await turns()
    caller.cancel()
    await turns()
    cloud.gate.set()
    await turns()
    assert said(await engine.read(SPEC, cloud.load)) == ("one", CACHE)
    assert cloud.calls == 1


async def hung_up(caller: asyncio.Task[Sourced[str]], context: CallContext) -> None:
    """Let a caller hang up."""
    context.caller.has_left = True
    caller.cancel()
    await turns()


async def test_a_flight_ends_when_the_last_of_its_callers_has_hung_up() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.gate.clear()
    contexts = [CallContext(), CallContext()]
    callers = []
    for context in contexts:
        with calling(context):
            callers.append(asyncio.create_task(engine.read(SPEC, cloud.load)))
    await turns()
    await hung_up(callers[0], contexts[0])
    assert cloud.ended == 0
    await hung_up(callers[1], contexts[1])
    assert cloud.ended == 1
    cloud.gate.set()
    assert said(await engine.read(SPEC, cloud.load)) == ("one", LIVE)
    assert cloud.calls == 2


async def test_a_flight_goes_on_for_whoever_ran_out_of_time_and_may_ask_again() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.gate.clear()
    with calling(CallContext(deadline=0.0)):
        hurried = asyncio.create_task(engine.read(SPEC, cloud.load))
    context = CallContext()
    with calling(context):
        leaving = asyncio.create_task(engine.read(SPEC, cloud.load))
    with pytest.raises(DeadlineExceededError):
        await hurried
    await hung_up(leaving, context)
    cloud.gate.set()
    await turns()
    assert said(await engine.read(SPEC, cloud.load)) == ("one", CACHE)


async def test_a_caller_out_of_time_leaves_alone() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.gate.clear()
    with calling(CallContext(deadline=0.0)):
        hurried = asyncio.create_task(engine.read(SPEC, cloud.load))
    patient = asyncio.create_task(engine.read(SPEC, cloud.load))
    with pytest.raises(DeadlineExceededError):
        await hurried
    cloud.gate.set()
    assert said(await patient) == ("one", LIVE)
    assert cloud.calls == 1


async def test_a_flight_has_a_time_of_its_own_however_little_its_first_caller_has() -> None:
    bench = Bench()
    engine = bench.engine()
    seen: list[CallContext] = []

    async def load() -> str:
        seen.append(current_call())
        return "one"

    for deadline in (bench.clock.now + 1, bench.clock.now + 60, None):
        with calling(CallContext(deadline=deadline, priority=Priority.SUBSCRIPTION)):
            await engine.read(SPEC, load, max_age_s=0)
    assert [context.deadline for context in seen[1:]] == [bench.clock.now + 60, None]
    assert seen[0].deadline == bench.clock.now + ReadPolicy().flight_s
    assert {context.priority for context in seen} == {Priority.SUBSCRIPTION}


async def test_a_person_does_not_queue_behind_a_background_flight() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.gate.clear()
    with calling(CallContext(priority=Priority.BACKGROUND)):
        slow = asyncio.create_task(engine.read(SPEC, cloud.load))
    await turns()
    person = asyncio.create_task(engine.read(SPEC, cloud.load))
    with calling(CallContext(priority=Priority.BACKGROUND)):
        joiner = asyncio.create_task(engine.read(SPEC, cloud.load))
    await turns()
    assert cloud.calls == 2
    cloud.gate.set()
    await asyncio.gather(slow, person, joiner)


async def test_invalidation_by_tag_makes_a_miss_of_every_answer_with_the_tag() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    job, jobs, other = (
        text_spec("j", tags=("j", "all")),
        text_spec("l", tags=("all",)),
        text_spec("o", tags=("o",)),
    )
    for spec in (job, jobs, other):
        await engine.read(spec, cloud.load)
    await engine.invalidate(["all"])
    sources = [
        (await engine.read(spec, cloud.load)).freshness.source for spec in (job, jobs, other)
    ]
    assert sources == [LIVE, LIVE, CACHE]
    assert (await engine.read(job, cloud.load)).freshness.source is CACHE


async def test_what_was_under_way_when_invalidated_is_neither_kept_nor_joined() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.gate.clear()
    before = asyncio.create_task(engine.read(SPEC, cloud.load))
    await turns()
    await engine.invalidate(SPEC.tags)
    after = asyncio.create_task(engine.read(SPEC, cloud.load))
    await turns()
    assert cloud.calls == 2
    cloud.gate.set()
    await asyncio.gather(before, after)
    await engine.invalidate(SPEC.tags)
    cloud.gate.clear()
    before = asyncio.create_task(engine.read(SPEC, cloud.load))
    await turns()
    await engine.invalidate(SPEC.tags)
    cloud.gate.set()
    await before
    assert said(await engine.read(SPEC, cloud.load)) == ("one", LIVE)


async def test_nothing_is_kept_that_is_asked_within_the_settle_window() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    await engine.invalidate(SPEC.tags, settle_s=2)
    for _ in range(2):
        assert said(await engine.read(SPEC, cloud.load)) == ("one", LIVE)
    bench.clock.now += 2
    assert said(await engine.read(SPEC, cloud.load)) == ("one", LIVE)
    assert said(await engine.read(SPEC, cloud.load)) == ("one", CACHE)


async def test_an_answer_without_a_json_form_is_given_but_not_kept() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.answer = "\ud800"
    for _ in range(2):
        assert said(await engine.read(SPEC, cloud.load)) == ("\ud800", LIVE)
    assert bench.metrics.total("cache.error", operation="encode") == 2


async def test_shutdown_ends_flights_and_tells_their_callers() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    cloud.gate.clear()
    caller = asyncio.create_task(engine.read(SPEC, cloud.load))
    await turns()
    await engine.aclose()
    with pytest.raises(ProviderUnavailableError, match="abandoned"):
        await caller


async def test_shutdown_ends_refreshes() -> None:
    bench, cloud = Bench(), Upstream()
    engine: ReadEngine = bench.engine()
    await engine.read(SPEC, cloud.load)
    bench.clock.now += FRESH_S
    cloud.gate.clear()
    await engine.read(SPEC, cloud.load)
    await turns()
    await engine.aclose()
    assert len(asyncio.all_tasks()) == 1


async def test_with_aiocache_switched_off_reads_still_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIOCACHE_DISABLE", "1")
    bench, cloud = Bench(), Upstream()
    engine = bench.engine()
    for _ in range(2):
        assert said(await engine.read(SPEC, cloud.load)) == ("one", LIVE)
