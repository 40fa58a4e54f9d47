"""Several replicas on one store: one load for all, and nobody depends on anybody."""

import asyncio
import json

import pytest

from gateway.cache.engine import ReadEngine
from gateway.cache.keys import failure_key, lease_key
from gateway.cache.lease import Leases
from gateway.cache.policy import ReadPolicy
from gateway.cache.shelf import Shelf
from gateway.domain.call import CallContext, UpstreamBill, calling
from gateway.domain.errors import (
    BudgetExhaustedError,
    GatewayError,
    NotFoundError,
    ProviderAuthError,
    ProviderRateLimitedError,
    ProviderUnavailableError,
)
from gateway.domain.freshness import FreshnessSource, Sourced
from tests.cache.bench import FRESH_S, USABLE_S, Bench, SharedStore, Upstream, text_spec, turns

LIVE, CACHE, STALE = FreshnessSource.LIVE, FreshnessSource.CACHE, FreshnessSource.STALE
SPEC = text_spec()


async def ask(engine: ReadEngine, cloud: Upstream, callers: int) -> list[Sourced[str]]:
    return await asyncio.gather(*(engine.read(SPEC, cloud.load) for _ in range(callers)))


async def test_two_replicas_with_200_callers_each_cost_one_call() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    bills = [UpstreamBill(), UpstreamBill()]
    asked = []
    for bill in bills:
        with calling(CallContext(bill=bill)):
            asked.append(asyncio.create_task(ask(bench.engine(store), cloud, 200)))
    answers = [answer for task in asked for answer in await task]
    assert {(answer.value, answer.freshness.source) for answer in answers} == {("one", LIVE)}
    assert cloud.calls == 1
    assert sorted(bill.saved for bill in bills) == [199, 200]


async def test_the_one_who_waits_looks_ever_more_rarely_and_takes_what_it_finds() -> None:
    bench, holder, other = Bench(), Upstream(), Upstream()
    store = bench.shared()
    holder.gate.clear()
    first = asyncio.create_task(ask(bench.engine(store), holder, 1))
    await turns()
    second = asyncio.create_task(ask(bench.engine(store), other, 1))
    while len(bench.pauses) < 6:
        await turns(1)
    holder.gate.set()
    (answer,) = await second
    await first
    assert (answer.value, other.calls) == ("one", 0)
    assert bench.pauses[:6] == [0.02, 0.04, 0.08, 0.16, 0.2, 0.2]


async def test_a_value_brought_between_look_and_lease_is_found() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()

    class Overtaken(SharedStore):
        """Another replica finishes just before our lease is asked for."""

        async def add(self, key: str, blob: bytes, ttl_s: float) -> bool:
            await ask(bench.engine(store), cloud, 1)
            return await store.add(key, blob, ttl_s)

    view = Overtaken(bench.clock)
    view.held = store.held
    (answer,) = await ask(bench.engine(view), cloud, 1)
    assert (answer.value, cloud.calls) == ("one", 1)


@pytest.mark.parametrize(
    "error",
    [
        ProviderUnavailableError("down", backend="cloud", operation="Get", request_id="r-1"),
        ProviderRateLimitedError("throttled", vendor_code="Throttling.User", retry_after_s=2.5),
        BudgetExhaustedError("no call free", retry_after_s=0.5),
    ],
)
async def test_a_failure_that_would_meet_all_is_told_to_those_who_wait(error: GatewayError) -> None:
    bench, holder, other = Bench(), Upstream(), Upstream()
    store = bench.shared()
    holder.answer = error
    holder.gate.clear()
    first = asyncio.create_task(ask(bench.engine(store), holder, 1))
    await turns()
    second = asyncio.create_task(ask(bench.engine(store), other, 1))
    await turns(10)
    holder.gate.set()
    with pytest.raises(type(error)):
        await first
    with pytest.raises(type(error)) as told:
        await second
    assert (holder.calls, other.calls) == (1, 0)
    assert vars(told.value) == vars(error)


async def test_after_a_failure_the_next_reader_asks_at_once() -> None:
    bench, cloud = Bench(), Upstream()
    engine = bench.engine(bench.shared())
    cloud.answer = ProviderUnavailableError("down")
    with pytest.raises(ProviderUnavailableError):
        await engine.read(SPEC, cloud.load)
    await turns()
    cloud.answer = "back"
    assert (await engine.read(SPEC, cloud.load)).value == "back"


async def test_a_failure_noted_for_an_earlier_lease_is_not_taken_for_this_one() -> None:
    bench, holder, other = Bench(), Upstream(), Upstream()
    store = bench.shared()
    engine = bench.engine(store)
    holder.answer = ProviderUnavailableError("down")
    with pytest.raises(ProviderUnavailableError):
        await engine.read(SPEC, holder.load)
    await turns()
    assert await store.get_many([failure_key(SPEC.key)]) != [None]
    holder.answer = "back"
    holder.gate.clear()
    first = asyncio.create_task(ask(engine, holder, 1))
    await turns()
    second = asyncio.create_task(ask(bench.engine(store), other, 1))
    await turns(10)
    holder.gate.set()
    assert [(await task)[0].value for task in (first, second)] == ["back", "back"]
    assert other.calls == 0


@pytest.mark.parametrize(
    "note",
    [
        b"\xff",
        b"{}",
        b'{"token":1}',
        json.dumps(
            {"token": "t", "code": "NO_SUCH", "message": "", "retry_after_s": None}
        ).encode(),
    ],
)
async def test_a_failure_note_that_is_none_is_ignored(note: bytes) -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    await store.put(lease_key(SPEC.key), b"t", 0.1)
    await store.put(failure_key(SPEC.key), note, 60)
    (answer,) = await ask(bench.engine(store), cloud, 1)
    assert answer.value == "one"


async def test_a_failure_of_one_replica_alone_lets_the_others_try() -> None:
    bench, holder, other = Bench(), Upstream(), Upstream()
    store = bench.shared()
    holder.answer = ProviderAuthError("refused")
    holder.gate.clear()
    first = asyncio.create_task(ask(bench.engine(store), holder, 1))
    await turns()
    second = asyncio.create_task(ask(bench.engine(store), other, 1))
    await turns(10)
    holder.gate.set()
    with pytest.raises(ProviderAuthError):
        await first
    assert (await second)[0].value == "one"


async def test_an_absent_object_is_known_to_all_replicas() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    cloud.answer = NotFoundError("no such job")
    for engine in (bench.engine(store), bench.engine(store)):
        with pytest.raises(NotFoundError, match="no such job"):
            await engine.read(SPEC, cloud.load)
        await turns()
    assert cloud.calls == 1


async def test_a_holder_that_died_is_waited_for_no_longer_than_its_lease() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    await store.add(lease_key(SPEC.key), b"of a replica that died", ReadPolicy().lease_s)
    began_at = bench.clock.now
    (answer,) = await ask(bench.engine(store), cloud, 1)
    assert answer.value == "one"
    assert bench.clock.now - began_at <= ReadPolicy().lease_s + ReadPolicy().longest_poll_s


async def test_a_lease_is_renewed_for_as_long_as_it_is_held() -> None:
    bench = Bench()
    store = bench.shared()
    policy = ReadPolicy(lease_s=3.0)
    beats: list[float] = []

    async def beat(seconds: float) -> None:
        beats.append(seconds)
        bench.clock.now += seconds
        if len(beats) > 9:
            await asyncio.Event().wait()

    shelf = Shelf(store, metrics=bench.metrics, policy=policy, clock=bench.clock)
    leases = Leases(store, shelf, policy=policy, sleep=asyncio.sleep, beat=beat)
    lease = await leases.take(SPEC.key)
    assert lease is not None
    renewing = asyncio.create_task(leases.renew(lease))
    while len(beats) < 10:
        await turns(1)
    assert set(beats) == {1.0}
    assert await leases.take(SPEC.key) is None
    renewing.cancel()
    bench.clock.now += policy.lease_s
    assert await leases.take(SPEC.key) is not None


async def test_a_lease_is_given_back_but_never_that_of_another() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    cloud.gate.clear()
    reading = asyncio.create_task(ask(bench.engine(store), cloud, 1))
    await turns()
    await store.put(lease_key(SPEC.key), b"of another", 60)
    cloud.gate.set()
    await reading
    await turns()
    assert await store.get_many([lease_key(SPEC.key)]) == [b"of another"]
    other = text_spec("b")
    await bench.engine(store).read(other, cloud.load)
    await turns()
    assert await store.get_many([lease_key(other.key)]) == [None]


async def test_a_lease_is_given_back_at_shutdown() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    engine = bench.engine(store)
    cloud.gate.clear()
    reading = asyncio.create_task(ask(engine, cloud, 1))
    await turns()
    assert await store.get_many([lease_key(SPEC.key)]) != [None]
    await engine.aclose()
    with pytest.raises(ProviderUnavailableError):
        await reading
    assert await store.get_many([lease_key(SPEC.key)]) == [None]


async def test_an_answer_that_is_there_is_kept_even_at_shutdown() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    engine = bench.engine(store)
    await engine.read(SPEC, cloud.load)
    await engine.aclose()
    assert (await bench.engine(store).read(SPEC, cloud.load)).freshness.source is CACHE


async def test_while_another_replica_loads_stale_answers_go_on_at_once() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    engine = bench.engine(store)
    await engine.read(SPEC, cloud.load)
    await turns()
    bench.clock.now += FRESH_S
    await store.add(lease_key(SPEC.key), b"of another", 60)
    (answer,) = await ask(engine, cloud, 1)
    assert answer.freshness.source is STALE
    assert not bench.pauses
    await engine.aclose()


async def test_asked_for_now_nobody_waits_for_another_replica() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    await store.add(lease_key(SPEC.key), b"of another", 60)
    engine = bench.engine(store)
    lenient = asyncio.create_task(engine.read(SPEC, cloud.load, max_age_s=60))
    await turns(10)
    assert cloud.calls == 0
    await engine.read(SPEC, cloud.load, max_age_s=0)
    assert cloud.calls == 1
    assert (await lenient).value == "one"


async def test_asked_for_now_nobody_gets_what_another_replica_asked_for_earlier() -> None:
    bench, cloud, earlier = Bench(), Upstream(), Upstream()
    store = bench.shared()
    earlier.answer = "asked earlier"
    earlier.gate.clear()
    there = asyncio.create_task(bench.engine(store).read(SPEC, earlier.load))
    await turns()
    here = bench.engine(store)
    lenient = asyncio.create_task(here.read(SPEC, cloud.load))
    now = asyncio.create_task(here.read(SPEC, cloud.load, max_age_s=0))
    await turns(10)
    earlier.gate.set()
    assert (await now).value == "one"
    await asyncio.gather(there, lenient)


async def test_an_invalidation_is_seen_by_all_replicas() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    here, there = bench.engine(store), bench.engine(store)
    await there.read(SPEC, cloud.load)
    await turns()
    cloud.gate.clear()
    before = asyncio.create_task(there.read(SPEC, cloud.load, max_age_s=0))
    await turns()
    await here.invalidate(SPEC.tags)
    after = asyncio.create_task(there.read(SPEC, cloud.load))
    await turns()
    assert cloud.calls == 3
    cloud.gate.set()
    await asyncio.gather(before, after)
    await turns()
    assert (await there.read(SPEC, cloud.load)).freshness.source is CACHE


async def test_without_the_store_every_replica_loads_once_for_its_callers() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    store.away = True
    for engine in (bench.engine(store), bench.engine(store)):
        await ask(engine, cloud, 100)
    assert cloud.calls == 2


async def test_an_invalidation_the_store_missed_holds_here_and_is_handed_in_later() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    here, there = bench.engine(store), bench.engine(store)
    await here.read(SPEC, cloud.load)
    await turns()
    store.away = True
    await here.invalidate(SPEC.tags)
    store.away = False
    cloud.answer = "two"
    assert (await there.read(SPEC, cloud.load)).value == "one"
    assert (await here.read(SPEC, cloud.load)).value == "two"
    await turns()
    assert (await there.read(SPEC, cloud.load)).value == "two"
    assert cloud.calls == 2


async def test_what_was_loaded_while_the_store_was_away_is_kept_only_if_surely_new() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    engine = bench.engine(store)
    await engine.invalidate(SPEC.tags)
    for later_s, source in ((0.0, LIVE), (ReadPolicy().clock_skew_s + 0.1, CACHE)):
        bench.clock.now += later_s
        store.away = True
        cloud.gate.clear()
        reading = asyncio.create_task(engine.read(SPEC, cloud.load))
        await turns()
        store.away = False
        cloud.gate.set()
        await reading
        await turns()
        assert (await engine.read(SPEC, cloud.load)).freshness.source is source
        await turns()
        await engine.invalidate(SPEC.tags)


async def test_an_answer_from_a_clock_far_ahead_is_a_miss() -> None:
    bench, ahead, cloud = Bench(), Bench(), Upstream()
    store = bench.shared()
    ahead.clock.now = bench.clock.now + ReadPolicy().clock_skew_s + 1
    await ahead.engine(store).read(SPEC, cloud.load)
    await turns()
    assert (await bench.engine(store).read(SPEC, cloud.load)).freshness.source is LIVE


async def test_past_its_usable_time_an_answer_is_not_what_the_lease_was_waited_for() -> None:
    bench, cloud = Bench(), Upstream()
    store = bench.shared()
    engine = bench.engine(store)
    await engine.read(SPEC, cloud.load)
    await turns()
    bench.clock.now += USABLE_S
    cloud.answer = "two"
    assert (await engine.read(SPEC, cloud.load)).value == "two"
