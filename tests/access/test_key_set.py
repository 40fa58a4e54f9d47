"""Keys of a provider that rotates them, is slow, is down, or is asked for keys it never had."""

import asyncio
import logging

import pytest

from gateway.access.key_set import KeySet
from gateway.access.signing_keys import Algorithm
from gateway.domain.errors import ProviderUnavailableError, SignInUnavailableError
from tests.access.issuer import document, rsa_entry
from tests.transport.virtual_time import clock, virtual_time

RS256 = Algorithm.RS256


class Provider:
    def __init__(self, *, takes_s: float = 1.0) -> None:
        self.document: object = document(rsa_entry("one"))
        self.takes_s = takes_s
        self.down = False
        self.fetched_at: list[float] = []
        self.under_way = 0
        self.most_under_way = 0

    async def fetch(self) -> object:
        self.fetched_at.append(clock())
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.under_way -= 1
        if self.down:
            message = "down"
            raise ProviderUnavailableError(message)
        return self.document

    def keys(self) -> KeySet:
        return KeySet(fetch=self.fetch, algorithms=[RS256], clock=clock)


async def held(keys: KeySet, kid: str = "one") -> bool:
    return await keys.find(kid, RS256) is not None


async def at(seconds: float) -> None:
    await asyncio.sleep(seconds - clock())


@virtual_time
async def test_a_thousand_callers_cost_one_fetch() -> None:
    provider = Provider()
    keys = provider.keys()
    assert all(await asyncio.gather(*(held(keys) for _ in range(1_000))))
    assert len(provider.fetched_at) == 1


@virtual_time
async def test_nothing_is_fetched_before_it_is_needed() -> None:
    provider = Provider()
    provider.keys()
    await asyncio.sleep(10_000)
    assert provider.fetched_at == []


@virtual_time
async def test_g7_a_rotated_key_is_picked_up_by_its_unknown_id() -> None:
    provider = Provider()
    keys = provider.keys()
    await held(keys)
    provider.document = document(rsa_entry("one"), rsa_entry("two"))
    await at(100)

    assert all(await asyncio.gather(*(held(keys, "two") for _ in range(100))))

    assert provider.fetched_at == pytest.approx([0, 100], abs=0.01)


@virtual_time
async def test_g7_an_unknown_id_is_asked_for_once_and_then_not_for_30_s() -> None:
    provider = Provider(takes_s=0)
    keys = provider.keys()
    await held(keys)

    await at(29)
    assert not await held(keys, "two")
    assert len(provider.fetched_at) == 1
    await at(31)
    assert not await held(keys, "two")
    assert not await held(keys, "two")
    assert len(provider.fetched_at) == 2


@virtual_time
async def test_g9_a_flood_of_random_ids_is_no_flood_of_fetches() -> None:
    provider = Provider()
    keys = provider.keys()
    for second in range(300):
        found = await asyncio.gather(*(held(keys, f"{second}-{n}") for n in range(50)))
        assert not any(found)
        assert await held(keys)
        await asyncio.sleep(1)

    assert len(provider.fetched_at) <= 300 / 30 + 1
    assert provider.most_under_way == 1


@virtual_time
async def test_keys_are_renewed_behind_those_who_use_them() -> None:
    provider = Provider(takes_s=2)
    keys = provider.keys()
    await held(keys)
    await at(479)
    assert await held(keys)
    assert len(provider.fetched_at) == 1

    await at(481)
    before = clock()
    assert await held(keys)
    assert clock() - before < 0.001
    await asyncio.sleep(3)
    assert await held(keys)
    assert len(provider.fetched_at) == 2


@virtual_time
async def test_a_withdrawn_key_is_gone_after_ten_minutes_however_quiet_it_was() -> None:
    provider = Provider()
    keys = provider.keys()
    await held(keys)
    provider.document = document(rsa_entry("two"))
    await at(601)

    assert not await held(keys, "one")
    assert await held(keys, "two")


@virtual_time
async def test_g8_known_keys_serve_for_an_hour_while_the_provider_is_down() -> None:
    provider = Provider()
    keys = provider.keys()
    await held(keys)
    provider.down = True

    for minute in range(1, 60):
        await at(60 * minute)
        assert await held(keys)
    await at(3_601)
    with pytest.raises(SignInUnavailableError) as caught:
        await keys.find("one", RS256)

    assert caught.value.retry_after_s is not None
    assert caught.value.retry_after_s >= 1
    provider.down = False
    await asyncio.sleep(5)
    assert await held(keys)


@virtual_time
async def test_g8_nobody_waits_twice_for_a_provider_that_does_not_answer() -> None:
    provider = Provider(takes_s=3)
    keys = provider.keys()
    await held(keys)
    provider.down = True
    await at(700)

    waits = []
    for _ in range(20):
        before = clock()
        assert await held(keys)
        waits.append(round(clock() - before))
        await asyncio.sleep(1)

    assert waits == [3] + [0] * 19
    # Every 5 s after the 3 s that each attempt takes.
    assert len(provider.fetched_at) <= 1 + 1 + 20 / 8 + 1


@virtual_time
async def test_without_any_key_nobody_is_let_in_and_fetches_are_spaced() -> None:
    provider = Provider(takes_s=0)
    provider.down = True
    keys = provider.keys()
    for _ in range(100):
        with pytest.raises(SignInUnavailableError):
            await keys.find("one", RS256)
        await asyncio.sleep(0.1)

    assert len(provider.fetched_at) == 2
    provider.down = False
    await asyncio.sleep(5)
    assert await held(keys)


@virtual_time
async def test_an_unknown_id_cannot_be_judged_while_the_provider_is_down() -> None:
    provider = Provider()
    keys = provider.keys()
    await held(keys)
    provider.down = True
    await at(100)

    for _ in range(3):
        with pytest.raises(SignInUnavailableError):
            await keys.find("two", RS256)
        assert await held(keys, "one")
    assert len(provider.fetched_at) == 2

    provider.down = False
    await asyncio.sleep(5)
    assert not await held(keys, "two")


@virtual_time
async def test_a_document_of_another_shape_counts_as_a_failure() -> None:
    provider = Provider()
    keys = provider.keys()
    await held(keys)
    provider.document = {"error": "busy"}
    await at(700)
    assert await held(keys)
    await at(4_000)
    with pytest.raises(SignInUnavailableError):
        await keys.find("one", RS256)


@virtual_time
async def test_the_age_of_keys_counts_from_the_question() -> None:
    provider = Provider(takes_s=300)
    keys = provider.keys()
    await held(keys)
    provider.down = True
    await at(3_599)
    assert await held(keys)
    await at(3_601)
    with pytest.raises(SignInUnavailableError):
        await keys.find("one", RS256)


@virtual_time
async def test_a_caller_who_leaves_takes_nobody_along() -> None:
    provider = Provider()
    keys = provider.keys()
    first = asyncio.create_task(held(keys))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(held(keys))
    await asyncio.sleep(0.1)
    first.cancel()

    assert await second
    assert first.cancelled()
    assert len(provider.fetched_at) == 1


@virtual_time
async def test_an_unforeseen_failure_keeps_the_door_shut(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fetch() -> object:
        message = "canary"
        raise KeyError(message)

    keys = KeySet(fetch=fetch, algorithms=[RS256], clock=clock)
    with caplog.at_level(logging.WARNING), pytest.raises(SignInUnavailableError):
        await keys.find("one", RS256)

    assert [record.message for record in caplog.records] == ["jwks.failed"]
    assert "canary" not in str([record.__dict__ for record in caplog.records])


@virtual_time
async def test_closing_gives_up_the_fetch_and_those_who_wait_are_told() -> None:
    provider = Provider(takes_s=1_000)
    keys = provider.keys()
    waiting = asyncio.create_task(keys.find("one", RS256))
    await asyncio.sleep(1)
    await keys.aclose()
    with pytest.raises(SignInUnavailableError):
        await waiting
    await keys.aclose()
    assert clock() < 2
