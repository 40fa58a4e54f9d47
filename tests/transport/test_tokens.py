import asyncio

import pytest

from gateway.domain.call import CallContext, calling, current_call
from gateway.domain.errors import (
    DeadlineExceededError,
    ProviderAuthError,
    ProviderContractError,
)
from gateway.transport.tokens import AccessToken, TokenStore
from tests.transport.virtual_time import clock, virtual_time


class TokenService:
    """Hands out t1, t2, ... and takes its time."""

    def __init__(self, *, lifetime_s: float = 1000.0, takes_s: float = 1.0) -> None:
        self.lifetime_s = lifetime_s
        self.takes_s = takes_s
        self.calls: list[str] = []
        self.failing: set[str] = set()
        self.under_way = 0
        self.most_under_way = 0

    def store(self, *, renewing: bool = True) -> TokenStore:
        return TokenStore(fetch=self.fetch, renew=self.renew if renewing else None, clock=clock)

    async def fetch(self) -> AccessToken:
        return await self._hand_out("fetch")

    async def renew(self, token: AccessToken) -> AccessToken:
        return await self._hand_out(f"renew {token.value}")

    async def _hand_out(self, call: str) -> AccessToken:
        self.calls.append(call)
        number = len(self.calls)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.under_way -= 1
        if call.split(maxsplit=1)[0] in self.failing:
            message = "no token"
            raise ProviderAuthError(message)
        return AccessToken(value=f"t{number}", lifetime_s=self.lifetime_s)


@virtual_time
async def test_a_hundred_callers_cost_one_fetch() -> None:
    service = TokenService()
    store = service.store()
    assert set(await asyncio.gather(*(store.get() for _ in range(100)))) == {"t1"}
    assert await store.get() == "t1"
    assert service.calls == ["fetch"]


@virtual_time
async def test_token_is_renewed_behind_callers_who_go_on_with_the_old_one() -> None:
    service = TokenService(takes_s=10)
    store = service.store()
    await store.get()
    await asyncio.sleep(899 - clock())
    assert await store.get() == "t1"
    assert service.calls == ["fetch"]
    await asyncio.sleep(901 - clock())
    for _ in range(5):
        assert await store.get() == "t1"
        await asyncio.sleep(1)
    assert service.calls == ["fetch", "renew t1"]
    await asyncio.sleep(10)
    assert await store.get() == "t2"


@virtual_time
async def test_long_lived_token_is_renewed_ten_minutes_ahead() -> None:
    service = TokenService(lifetime_s=86_400)
    store = service.store()
    await store.get()
    await asyncio.sleep(86_400 - 601 - clock())
    await store.get()
    await asyncio.sleep(2)
    assert service.calls == ["fetch"]
    await store.get()
    await asyncio.sleep(2)
    assert service.calls == ["fetch", "renew t1"]


@virtual_time
async def test_expired_token_is_fetched_and_not_renewed() -> None:
    service = TokenService()
    store = service.store()
    await store.get()
    await asyncio.sleep(1000)
    assert await store.get() == "t2"
    assert service.calls == ["fetch", "fetch"]


@virtual_time
async def test_life_counts_from_the_question_not_from_the_answer() -> None:
    service = TokenService(lifetime_s=100, takes_s=50)
    store = service.store(renewing=False)
    await store.get()
    await asyncio.sleep(100.001 - clock())
    assert await store.get() == "t2"


@virtual_time
async def test_failing_renewal_falls_back_to_fetch() -> None:
    service = TokenService()
    service.failing = {"renew"}
    store = service.store()
    await store.get()
    await asyncio.sleep(950)
    assert await store.get() == "t1"
    await asyncio.sleep(5)
    assert await store.get() == "t3"
    assert service.calls == ["fetch", "renew t1", "fetch"]


@virtual_time
async def test_failing_renewal_and_fetch_leave_the_valid_token_and_pause() -> None:
    service = TokenService()
    store = service.store()
    await store.get()
    service.failing = {"renew", "fetch"}
    await asyncio.sleep(950)
    for _ in range(60):
        assert await store.get() == "t1"
        await asyncio.sleep(0.1)
    assert service.calls == ["fetch", "renew t1", "fetch"]
    await asyncio.sleep(2)
    await store.get()
    await asyncio.sleep(3)
    assert service.calls[3:] == ["renew t1", "fetch"]


@virtual_time
async def test_failing_fetch_fails_all_who_waited_and_nobody_after() -> None:
    service = TokenService()
    service.failing = {"fetch"}
    store = service.store()
    results = await asyncio.gather(*(store.get() for _ in range(10)), return_exceptions=True)
    assert all(isinstance(result, ProviderAuthError) for result in results)
    assert service.calls == ["fetch"]
    service.failing = set()
    assert await store.get() == "t2"


@virtual_time
async def test_refused_token_is_replaced_once() -> None:
    service = TokenService()
    store = service.store()
    await store.get()

    async def refused() -> str:
        store.invalidate("t1")
        return await store.get()

    assert set(await asyncio.gather(*(refused() for _ in range(10)))) == {"t2"}
    store.invalidate("t1")
    assert await store.get() == "t2"
    assert service.calls == ["fetch", "fetch"]


@virtual_time
async def test_token_service_never_sees_two_calls_at_a_time() -> None:
    service = TokenService(takes_s=10)
    store = service.store()
    await store.get()
    await asyncio.sleep(901 - clock())
    await store.get()  # starts a renewal
    await asyncio.sleep(1)
    store.invalidate("t1")
    assert await store.get() == "t2"
    assert service.most_under_way == 1
    assert service.calls == ["fetch", "renew t1"]


@virtual_time
async def test_first_caller_who_gives_up_takes_nobody_along() -> None:
    service = TokenService()
    store = service.store()
    first = asyncio.create_task(store.get())
    await asyncio.sleep(0.1)
    second = asyncio.create_task(store.get())
    await asyncio.sleep(0.1)
    first.cancel()
    assert await second == "t1"
    assert first.cancelled()
    assert service.calls == ["fetch"]


@virtual_time
async def test_deadline_of_one_caller_is_not_the_deadline_of_the_call() -> None:
    service = TokenService()
    seen: list[float | None] = []

    async def fetch() -> AccessToken:
        seen.append(current_call().deadline)
        return await service.fetch()

    store = TokenStore(fetch=fetch, clock=clock)
    with calling(CallContext(deadline=0.5)), pytest.raises(DeadlineExceededError):
        await store.get()
    assert clock() == pytest.approx(0.5)
    assert await store.get() == "t1"
    assert seen == [None]


@virtual_time
async def test_timeout_of_the_service_is_not_taken_for_the_deadline() -> None:
    async def fetch() -> AccessToken:
        raise TimeoutError

    store = TokenStore(fetch=fetch, clock=clock)
    with calling(CallContext(deadline=5.0)), pytest.raises(TimeoutError):
        await store.get()


@pytest.mark.parametrize("lifetime_s", [0.0, -1.0, float("nan")])
@virtual_time
async def test_token_without_life_is_refused(lifetime_s: float) -> None:
    store = TokenService(lifetime_s=lifetime_s).store()
    with pytest.raises(ProviderContractError):
        await store.get()


@virtual_time
async def test_closing_gives_up_the_call_under_way() -> None:
    service = TokenService()
    store = service.store()
    waiting = asyncio.create_task(store.get())
    await asyncio.sleep(0.1)
    await store.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert service.under_way == 0
    assert len(asyncio.all_tasks()) == 1


def test_token_stays_out_of_repr() -> None:
    assert "secret" not in repr(AccessToken(value="secret", lifetime_s=1))
